"""``dossierwacht usb override``: say why a stick that was blocked is needed, and get it a while.

Whoever sits at the laptop may ask; the agent goes by the policy. Which sticks can be had the agent
is asked first, so that nobody has to know what the kernel calls theirs.
"""

import argparse
import json
import sys
from pathlib import Path

from agent import control
from agent.errors import AgentError

_ACCESS = {
    "read-only": "You can read the stick and write nothing to it",
    "read-write": "You can read the stick and write to it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht usb override``."""
    parser.add_argument(
        "device", nargs="?", metavar="DEVICE", help="such as 1-2; not needed if one is blocked"
    )
    parser.add_argument("--reason", help="why, in 10 to 500 characters; - reads it")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Ask for a stick; prints for how long it can be used, and a receipt number."""
    device = arguments.device or _only_one(arguments.socket)
    reason = _reason(arguments.reason)
    answer = control.ask(arguments.socket, "usb-override", device=device, reason=reason)
    if arguments.json:
        print(json.dumps(answer))
        return 0
    print(f"{_ACCESS[answer['access']]} for {answer['minutes']} minutes; it appears in a moment.")
    print(f"The privacy officer is told why; your number is {answer['receipt']}.")
    return 0


def _only_one(socket: Path) -> str:
    """The stick that is meant where none was named. Raises AgentError."""
    found = [str(name) for name in control.ask(socket, "status")["override"].get("devices", [])]
    if len(found) == 1:
        return found[0]
    if not found:
        raise AgentError("no stick is blocked now that the policy lets anybody use for a reason")
    return _asked(f"Which stick ({', '.join(found)})? ")


def _reason(given: str | None) -> str:
    """Why: given, read where no other user sees it, or asked for."""
    if given == "-":
        return sys.stdin.read()
    return given if given is not None else _asked("Why do you need it? ")


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise AgentError("give DEVICE and --reason; there is no terminal to ask on")
    return input(question).strip()

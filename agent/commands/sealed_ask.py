"""``dossierwacht sealed ask``: a person needs a file back that was put away."""

import argparse
import json
import sys
from pathlib import Path

from agent import control
from agent.commands.dispute import put_away
from agent.errors import AgentError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed ask``."""
    parser.add_argument(
        "number", nargs="?", metavar="NUMBER", help="what was put away; asked for if not given"
    )
    parser.add_argument("--reason", help="why; - reads it; asked for if it is not given")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Tell the privacy officer; prints a receipt number."""
    number = arguments.number or _number(arguments.socket)
    reason = _reason(arguments.reason)
    answer = control.ask(arguments.socket, "want-back", number=number, reason=reason)
    if arguments.json:
        print(json.dumps(answer))
        return 0
    print(f"The privacy officer is told; your number is {answer['receipt']}.")
    return 0


def _number(socket: Path) -> str:
    """One of the files that were put away lately, which are only known by their time."""
    lately = put_away(socket)
    if not lately:
        raise AgentError("nothing was put away lately; IT can look with 'sealed list'")
    if not sys.stdin.isatty():
        raise AgentError("give NUMBER; there is no terminal to ask on")
    for place, message in enumerate(lately, 1):
        print(f"{place}  put away at {message['at'][:16]} (UTC)", file=sys.stderr)
    chosen = input(f"Which (1 to {len(lately)})? ").strip()
    if chosen.isdigit() and 1 <= int(chosen) <= len(lately):
        return lately[int(chosen) - 1]["id"]
    raise AgentError(f"there is no '{chosen}'")


def _reason(given: str | None) -> str:
    if given == "-":
        return sys.stdin.read()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise AgentError("give --reason; there is no terminal to ask on")
    return input("Why do you need it? ").strip()

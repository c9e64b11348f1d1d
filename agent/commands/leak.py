"""``dossierwacht leak report``: the tray's form for the terminal, and reports of own slips."""

import argparse
import json
import sys
from typing import Any

from agent import control
from agent.errors import AgentError, ConfigError
from agent.own import LeakKind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht leak report``."""
    kinds = ", ".join(LeakKind)
    parser.add_argument("--kind", choices=tuple(LeakKind), metavar="K", help=f"one of {kinds}")
    parser.add_argument("--text", help="what happened; - reads it; asked for when not given")
    parser.add_argument("--noticed-at", default="", help="when you noticed: 2026-11-23T14:30")
    parser.add_argument("--ongoing", action="store_true", help="it is still going on")
    parser.add_argument(
        "--own-slip",
        action="store_true",
        help="I did not follow a rule myself: for the director only, not the privacy officer",
    )
    parser.add_argument(
        "--id", default="", help="of a slip: a second try with the same id is no second report"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Send a report; prints the receipt number."""
    answer = _slip(arguments) if arguments.own_slip else _leak(arguments)
    if arguments.json:
        print(json.dumps(answer))
    else:
        print(f"Thank you. Your report is on its way; its number is {answer['receipt']}.")
    return 0


def _leak(arguments: argparse.Namespace) -> dict[str, Any]:
    return control.ask(
        arguments.socket,
        "leak-report",
        kind=arguments.kind or _asked_kind(),
        text=_text(arguments.text),
        noticed_at=arguments.noticed_at,
        ongoing=arguments.ongoing,
    )


def _slip(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.kind or arguments.ongoing:
        raise ConfigError("--own-slip goes without --kind and --ongoing: say it in the text")
    return control.ask(
        arguments.socket,
        "slip-report",
        id=arguments.id,
        text=_text(arguments.text),
        noticed_at=arguments.noticed_at,
    )


def _text(given: str | None) -> str:
    """What happened: given, read where no other user sees it, or asked for."""
    if given == "-":
        return sys.stdin.read()
    return given if given is not None else _asked("What happened? ")


def _asked_kind() -> str:
    for number, kind in enumerate(LeakKind, 1):
        print(f"{number}  {kind}", file=sys.stderr)
    given = _asked("Which of these is nearest? ")
    kinds = list(LeakKind)
    if given.isdigit() and 1 <= int(given) <= len(kinds):
        return kinds[int(given) - 1]
    if given in kinds:
        return given
    raise AgentError(f"'{given}' is none of the {len(kinds)} kinds; nothing was sent")


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise AgentError("give --kind and --text; there is no terminal to ask on")
    return input(question).strip()

"""``dossierwacht leak report``: the form for the terminal."""

import argparse
import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from agent import person
from agent.control import ControlError
from agent.errors import AgentError, ConfigError
from agent.leak import LONGEST_TEXT, About, LeakKind, Persons, Role
from agent.leak_outbox import LEAKS, LeakOutbox, NobodyToRead, Receipt, Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht leak report``."""
    _one_of(parser, "--kind", LeakKind, "what leaked")
    parser.add_argument("--text", help="what happened; - reads it; asked for when not given")
    parser.add_argument("--noticed-at", default="", help="when you noticed: 2026-11-23T14:30")
    parser.add_argument("--ongoing", action="store_true", help="it is still going on")
    _one_of(parser, "--about", About, "whose data it is about")
    _one_of(parser, "--role", Role, "for whom you work")
    _one_of(parser, "--persons", Persons, "about how many people it is")
    parser.add_argument("--reach-me", default="", help="your name and telephone number")
    parser.add_argument(
        "--own-slip",
        action="store_true",
        help="I did not follow a rule myself: for the director only, not the privacy officer",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Keep a report and hand it over; prints the receipt number."""
    place = person.folder()
    known = person.known(arguments.socket, place)
    outbox = LeakOutbox(place / LEAKS)
    report = _slip(arguments) if arguments.own_slip else _report(arguments)
    try:
        receipt = outbox.keep(report, known.directors if arguments.own_slip else known.officers)
    except NobodyToRead as error:
        if arguments.own_slip:
            whom = known.director or "your director"
            raise AgentError(f"{error}: tell {whom} yourself; nothing was kept") from error
        whom = " ".join(known.contact.get(part, "") for part in ("name", "phone")).strip()
        raise AgentError(f"{error}: phone {whom or 'your manager'}; nothing was kept") from error
    refused = _deliver(outbox, arguments.socket)
    kept = outbox.receipt(receipt.number)
    if kept is None and refused is not None:
        raise refused
    _tell(kept or receipt, as_json=arguments.json)
    return 0


def _deliver(outbox: LeakOutbox, socket: Path) -> ControlError | None:
    """Hand over what waits; why one of it can never be taken, if that is so."""
    try:
        outbox.deliver(socket)
    except ControlError as error:
        return error
    return None


def _tell(receipt: Receipt, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"receipt": receipt.shown, "sent": receipt.sent}))
    elif receipt.sent:
        print(f"Thank you. Your report is on its way; its number is {receipt.shown}.")
    else:
        print(
            f"Thank you. Your report is kept, sealed; its number is {receipt.shown}. "
            "It is handed over as soon as Dossierwacht runs again."
        )


def _report(arguments: argparse.Namespace) -> Report:
    now = datetime.now(UTC)
    kind = arguments.kind or _asked_kind()
    text = _short(_text(arguments.text))
    given = {name: getattr(arguments, name) for name in ("about", "role", "persons")}
    return Report(
        at=now,
        chosen={
            "kind": kind,
            "ongoing": arguments.ongoing,
            "noticed_at": _moment(arguments.noticed_at) or now.isoformat(),
            **{name: word for name, word in given.items() if word},
        },
        written={"text": text, "reach": arguments.reach_me},
    )


def _slip(arguments: argparse.Namespace) -> Report:
    others = ("kind", "ongoing", "about", "role", "persons")
    if any(getattr(arguments, name) for name in others):
        raise ConfigError("--own-slip goes with --text and --noticed-at alone: say it in the text")
    text, now = _text(arguments.text).strip(), datetime.now(UTC)
    if not text:
        raise AgentError("say what happened: without that there is nothing to talk about")
    return Report(
        at=now,
        verb="slip-report",
        chosen={"noticed_at": _moment(arguments.noticed_at) or now.isoformat()},
        written={"text": _short(text), "reach": arguments.reach_me},
    )


def _short(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise AgentError(f"a report holds at most {LONGEST_TEXT} characters; nothing was sent")
    return text


def _moment(given: str) -> str:
    try:
        return datetime.fromisoformat(given).astimezone().isoformat() if given else ""
    except (ValueError, OverflowError):
        raise AgentError("give the moment as 2026-11-23T14:30; nothing was sent") from None


def _one_of(
    parser: argparse.ArgumentParser, option: str, words: type[StrEnum], meaning: str
) -> None:
    said = f"{meaning}: {', '.join(words)}"
    parser.add_argument(option, choices=tuple(words), metavar="WORD", help=said)


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

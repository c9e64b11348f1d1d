"""The commands about the breach register: list, export, import."""

import argparse
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from server_stub import wording
from server_stub.breaches import duties, profiles, register_export, register_import, replay
from server_stub.breaches.duties import Due
from server_stub.breaches.paper_facts import Teller
from server_stub.breaches.register import Breach
from server_stub.collector import utc_now
from server_stub.errors import AskedError, Refused
from server_stub.storage import (
    store_calls,
    store_duties,
    store_history,
    store_processors,
    store_register,
)
from server_stub.storage.store import Store
from server_stub.terminal.commands import TERMINAL, config_of, opened, show, user_asked, write


def list_breaches(arguments: argparse.Namespace) -> int:
    """``breach list``."""
    with opened(config_of(arguments)) as store:
        rows = _breaches(store)
    return show(rows, arguments.json, "the register is empty")


def export(arguments: argparse.Namespace) -> int:
    """``breach export``."""
    config = config_of(arguments)
    teller = Teller(wording=wording.load()[arguments.language], zone=config.zone)
    _, make = register_export.FORMATS[arguments.format]
    try:
        with opened(config) as store, store.read() as connection:
            content = make(connection, teller, utc_now())
    except Refused as error:
        raise AskedError(error.message) from error
    _hand_out(content, arguments.out)
    return 0


def take_over(arguments: argparse.Namespace) -> int:
    """``breach import``."""
    config, now = config_of(arguments), utc_now()
    lines = register_import.read(_content(arguments.file), config.zone, now)
    count = write(config, lambda c: register_import.take_over(c, lines, TERMINAL, now))
    left = len(lines) - count
    print(f"{count} entries taken over" + (f", {left} were there already" if left else ""))
    return 0


def user_team(arguments: argparse.Namespace) -> int:
    """``user team``: into the crisis team, or out of it."""
    inside = arguments.inside == "yes"

    def work(connection: Connection) -> None:
        store_calls.set_in_team(connection, user_asked(connection, arguments.name).name, inside)

    write(config_of(arguments), work)
    print(f"{arguments.name} is {'in' if inside else 'not in'} the crisis team")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """``breach verify``: 1 if a line of a history was changed or taken out, or the register shows
    something else than its history says."""
    with opened(config_of(arguments)) as store, store.read() as connection:
        whole = {
            "the history of the register": store_history.history_is_whole(connection),
            "the log of who looked at what": store_history.views_are_whole(connection),
            "the history of the processors": store_processors.history_is_whole(connection),
        }
        other = _differing(connection) if all(whole.values()) else []
    for name, good in whole.items():
        print(f"{name}: {'whole' if good else 'BROKEN: a line was changed or taken out'}")
    for which in other:
        print(f"{which}: BROKEN: it shows something else than its history says")
    return 0 if all(whole.values()) and not other else 1


def _differing(connection: Connection) -> list[str]:
    entries = [f"entry {number}" for number in replay.differing(connection)]
    return entries + [f"processor {name}" for name in store_processors.differing(connection)]


def _content(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(register_import.LARGEST_FILE + 1)
    except OSError as error:
        raise AskedError(f"cannot read {file}: {error.strerror}") from error


def _hand_out(content: bytes, out: str | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(out).write_bytes(content)
    except OSError as error:
        raise AskedError(f"cannot write {out}: {error.strerror}") from error


def _breaches(store: Store) -> list[dict[str, Any]]:
    now = utc_now()
    with store.read() as connection:
        times = profiles.profile_now(connection).times
        marks = store_duties.of_all(connection)
        return [
            _row(one, duties.dues(one, times, marks.get(one.id, ()), now))
            for one in store_register.all_breaches(connection)
        ]


def _row(breach: Breach, dues: list[Due]) -> dict[str, Any]:
    draft, authority = breach.draft, next(due for due in dues if due.duty is duties.Duty.AUTHORITY)
    upcoming = duties.next_due(dues)
    return {
        "number": breach.number,
        "kind": draft.kind,
        "device": draft.device or None,
        "seq": None if draft.by_hand else draft.seq,
        "persons_min": draft.persons_min,
        "persons_max": draft.persons_max,
        "categories": list(draft.categories),
        "sensitive": draft.sensitive,
        "encryption": draft.encryption,
        "measures": list(draft.measures),
        "detected_at": draft.detected_at,
        "aware_at": breach.aware_at,
        "deadline": authority.by,
        "provisional": authority.provisional,
        "elapsed_hours": authority.elapsed_hours,
        "next": upcoming.duty if upcoming else None,
        "next_by": upcoming.by if upcoming else None,
        "phase": breach.phase,
        "closed_at": breach.closed_at,
    }

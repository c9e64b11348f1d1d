"""A laptop that is offline for weeks: how much its journal holds, and that all of it drains.

The events are what the recorder makes of real observations, sealed to two people: a screen that is
left and come back to. Where there are more than the journal has room for, the oldest are dropped,
and those that arrive and those that the gaps tell of are all that there were.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import pyrage

from agent.journal import SIZE_LIMIT, Journal
from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import Observation, utc_now
from collectors.session_spells import SessionResumed, SessionUnattended
from collectors.session_state import IdleSource, SessionKind
from enforcement import age
from tests.delivery_laptop import Near, drain, gaps, outbox, stored, unbroken
from tests.seal_faults import Case

RECIPIENTS = tuple(str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a journal held before it was drained."""

    events: int
    bytes: int

    def days(self, a_day: int) -> int:
        """For how many days at so many events a day the journal has room."""
        return SIZE_LIMIT * self.events // self.bytes // a_day


def observations(number: int) -> Observation:
    """What a laptop sees on a day, over and over."""
    user, now = "ingrid", utc_now()
    if number % 2:
        return SessionResumed(
            subject="c2", observed_at=now, user=user, session=SessionKind.WAYLAND, away=420.0
        )
    return SessionUnattended(
        subject="c2",
        observed_at=now,
        user=user,
        session=SessionKind.WAYLAND,
        idle=300.0,
        limit_minutes=5,
        source=IdleSource.INPUT_DEVICES,
        locked=False,
        kept_open=False,
        started=number,
    )


def events(count: int) -> list[wire.Event]:
    """So many events as they are journalled."""
    recorder = Recorder(key=b"k" * 32, seal=lambda data: age.seal_to(data, RECIPIENTS), now=utc_now)
    return [recorder.event(observations(number)) for number in range(count)]


def offline(base: Path, days: int, a_day: int) -> tuple[Case, Held]:
    """Journal so many days of events, then drain them into a collector."""
    case = Case(name=f"delivery: {days} days offline with {a_day} sealed events a day, drained")
    (base / "laptop/journal").mkdir(parents=True)
    near = Near(base / "collector")
    who, journal = near.enrol(base / "laptop"), Journal(base / "laptop/journal")
    for _ in range(days):
        for event in events(a_day):
            journal.append(event)
    held, size = Held(events=journal.count(), bytes=journal._bytes), _on_disk(base / "laptop")
    began, end = time.monotonic(), journal.end()
    delivered = drain(outbox(journal, base / "laptop"), journal, near.carry)
    seconds = time.monotonic() - began
    journal.close()
    near.close()
    rows, told = stored(near.folder, who.device), gaps(near.folder, who.device)
    case.tries = days * a_day
    case.bad = abs(case.tries - (len(rows) - len(told)) - sum(told))
    case.bad += not (delivered and (rows[-1][0], rows[-1][2]) == end)
    case.bad += not (unbroken(rows) or (told and rows == sorted(set(rows))))
    case.note = (
        f"{held.bytes // held.events} bytes an event, {held.bytes / 2**20:.1f} MiB, {size:.1f} on "
        f"the disk; room for {held.days(a_day)} days; {sum(told)} dropped and told of; "
        f"drained in {seconds:.0f} s"
    )
    return case, held


def _on_disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in (folder / "journal").glob("journal.db*")) / 2**20

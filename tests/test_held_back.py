"""What waits and what does not, when it is told, and that a night switched off loses nothing."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.held_back import FILE, MOST_HELD, OCCASION, HeldBack, Turn, Why
from agent.messages import Messages
from agent.policy import Policy
from agent.presenting import GOOD_FOR, Presenting
from agent.quiet import Span
from agent.texts import say
from agent.tray.view import messages_in, notices
from agent.wire.event import DecisionPart, Event, OutcomePart
from collectors.session_state import DeskError

SANNE, TIM = 1000, 1001
KINDKANS = {"evidence": ["kindkans-export"]}


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute).astimezone()  # the laptop's own clock


def event(kind: str = "pupil-file-found", action: str = "", **more: Any) -> Event:
    decision, outcome = None, None
    if action:
        decision = DecisionPart(action=action, rule="a", enforced=True)
        outcome = OutcomePart(result="done", reason="none")
    given: dict[str, Any] = {"decision": decision, "outcome": outcome, "facts": KINDKANS, **more}
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Event(id=str(uuid.uuid4()), kind=kind, observed_at=now, recorded_at=now, **given)


class Day:
    """A clock that is set by hand, and who presents."""

    def __init__(self, folder: Path | None = None, *spans: Span) -> None:
        self.at = local(12)
        self.presenting: set[int] = set()
        self.held = HeldBack(
            spans=spans or (Span(begin=time(18), end=time(7, 30)),),
            presenting=lambda uid: uid in self.presenting,
            now=lambda: self.at.astimezone(UTC),
            file=folder / FILE if folder else None,
        )

    def turn(self, one: Event, uid: int = SANNE) -> Turn:
        return self.held.turns([one], uid)[one.id]


NOW = Turn()
SEALED = event(action="seal-file")


def test_outside_quiet_hours_everything_is_told_at_once() -> None:
    day = Day()
    assert day.turn(SEALED) == NOW
    assert day.turn(event()) == NOW


def test_what_can_wait_does_so_until_the_quiet_is_over() -> None:
    day = Day()
    day.at = local(22)
    assert day.turn(SEALED) == Turn(later=True, why=Why.QUIET)
    day.at = local(7, 29, day=24)
    assert day.turn(SEALED).later
    day.at = local(7, 30, day=24)
    assert day.turn(SEALED) == Turn(why=Why.QUIET)
    day.at = local(23, day=24)
    assert day.turn(SEALED) == Turn(why=Why.QUIET)  # told is told


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("usb-storage-attached", "block-usb"),
        ("usb-storage-attached", "allow-usb"),
        ("session-unattended", "lock-session"),
        ("lock-ordered", "lock-session"),
        ("order-followed", ""),
        ("laptop-lost", ""),
        ("stick-write-refused", ""),
    ],
)
def test_a_stick_a_lock_and_an_order_never_wait(kind: str, action: str) -> None:
    day = Day()
    day.at, day.presenting = local(22), {SANNE}
    assert day.turn(event(kind, action)) == NOW


def test_what_is_due_before_the_quiet_ends_does_not_wait() -> None:
    day = Day()
    day.at = local(22)
    for due, waits in (
        (local(6, day=24), False),
        (local(9, day=24), False),
        (local(17, 30, 24), 1),
    ):
        decision = DecisionPart(
            action="seal-file", rule="a", enforced=False, held="grace", due=due.astimezone(UTC)
        )
        assert day.turn(event(decision=decision)).later == bool(waits)


def test_only_whoever_presents_is_left_in_peace_and_not_for_ever() -> None:
    day = Day()
    day.presenting = {SANNE}
    assert day.turn(SEALED) == Turn(later=True, why=Why.PRESENTING)
    assert day.turn(SEALED, TIM) == NOW
    day.at += MOST_HELD
    assert day.turn(SEALED) == Turn(why=Why.PRESENTING)
    other = event(action="seal-file")
    assert day.turn(other).later
    day.presenting = set()
    assert day.turn(other) == Turn(why=Why.PRESENTING)


def test_the_same_is_said_once_on_one_occasion_and_what_was_done_each_time() -> None:
    day = Day()
    first, second = event(), event()
    assert day.held.turns([first, second], SANNE) == {first.id: NOW, second.id: Turn(again=True)}
    both = [event(action="seal-file"), event(action="seal-file")]
    assert all(turn == NOW for turn in day.held.turns(both, SANNE).values())
    day.at += OCCASION
    assert day.turn(event()) == NOW
    assert day.turn(event(facts={"place": "mail"})) == NOW


def test_a_night_switched_off_loses_no_message(tmp_path: Path) -> None:
    evening = Day(tmp_path)
    evening.at = local(22)
    evening.turn(SEALED)
    morning = Day(tmp_path)
    morning.at = local(9, day=24)
    assert morning.held.waiting() == [SEALED]
    assert morning.turn(SEALED) == Turn(why=Why.QUIET)
    assert Day(tmp_path).held.waiting() == []


def test_who_asks_first_in_the_morning_uses_up_nothing_of_others(tmp_path: Path) -> None:
    evening = Day(tmp_path)
    evening.at = local(22)
    evening.turn(SEALED)
    morning = Day(tmp_path)
    assert morning.held.waiting() == [SEALED]
    assert morning.held.turns([], 0) == {}  # root looks at the status
    assert Day(tmp_path).held.waiting() == [SEALED]


@pytest.mark.parametrize("damage", [b"", b"{", b"[{}]", b"\xff"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    assert Day(tmp_path).held.waiting() == []


def test_a_disk_without_room_keeps_nobody_from_being_told(tmp_path: Path) -> None:
    day = Day(tmp_path / "gone")
    day.at = local(22)
    assert day.turn(SEALED).later
    day.at = local(9, day=24)
    assert day.turn(SEALED) == Turn(why=Why.QUIET)


def test_what_is_forgotten_elsewhere_is_forgotten_here() -> None:
    day = Day()
    for _ in range(200):
        day.turn(event(action="seal-file"))
    assert len(day.held.people[SANNE].told) == 1


# --- as it reaches the person ---------------------------------------------------------------------


def shown(day: Day, *events: Event) -> Mapping[str, Any]:
    messages = Messages(policy=Policy(), overrides=None, held=day.held)
    return {"messages": messages.for_person(events, SANNE)}


def test_what_waited_is_told_as_one_message() -> None:
    day = Day()
    day.presenting = {SANNE}
    events = [event(action="seal-file"), event(action="seal-file"), event(facts={"place": "mail"})]
    before = shown(day, *events)
    assert messages_in(before) == {}
    assert len(before["messages"]) == 3
    day.presenting = set()
    (notice,) = notices(list(messages_in(shown(day, *events)).values()), "en")
    lines = notice.text.splitlines()
    assert lines[0] == say("en", "tray-held-presenting", count=3)
    assert len(lines) == 3
    assert say("en", "seal-file") in lines[1]
    assert say("en", "remind-share-link") in lines[2]


def test_one_that_waited_is_told_as_it_is_and_what_is_urgent_by_itself() -> None:
    day = Day()
    day.at = local(22)
    stick = event("usb-storage-attached", "block-usb")
    one = event(action="seal-file")
    (urgent,) = messages_in(shown(day, stick, one)).values()
    assert urgent["id"] == stick.id
    day.at = local(9, day=24)
    told = notices(list(messages_in(shown(day, stick, one)).values()), "en")
    assert [say("en", "block-usb") in told[0].text, say("en", "seal-file") in told[1].text] == [
        True,
        True,
    ]


def test_a_file_from_a_mail_comes_with_the_better_way_also_if_it_was_put_away() -> None:
    for place, wanted in (("mail", True), ("temp", True), ("downloads", False)):
        one = event(action="seal-file", facts={"place": place})
        (notice,) = notices(list(messages_in(shown(Day(), one)).values()), "nl")
        assert (say("nl", "remind-share-link") in notice.text) == wanted


# --- who presents ---------------------------------------------------------------------------------


class Screen:
    """A desk that knows who keeps the screen on, or does not answer."""

    def __init__(self) -> None:
        self.uids: frozenset[int] | None = frozenset()
        self.asked = self.closed = 0

    def kept_open(self) -> frozenset[int]:
        self.asked += 1
        if self.uids is None:
            raise DeskError("no logind")
        return self.uids

    def close(self) -> None:
        self.closed += 1


def test_it_is_asked_now_and_then_and_a_desk_that_does_not_answer_holds_nothing_back() -> None:
    screen, now = Screen(), [100.0]
    presenting = Presenting(desk=lambda: screen, monotonic=lambda: now[0])  # type: ignore[arg-type,return-value]
    screen.uids = frozenset({SANNE})
    assert (presenting(SANNE), presenting(TIM)) == (True, False)
    screen.uids = None
    assert presenting(SANNE)
    now[0] += GOOD_FOR
    assert not presenting(SANNE)
    assert (screen.asked, screen.closed) == (2, 2)


def test_nobody_is_asked_while_there_is_nothing_to_tell() -> None:
    def never(uid: int) -> bool:
        raise AssertionError(uid)

    held = HeldBack(spans=(), presenting=never, now=lambda: datetime.now(UTC))
    stick = event("usb-storage-attached", "block-usb")
    assert held.turns([], SANNE) == {}
    assert held.turns([stick], SANNE) == {stick.id: NOW}
    assert timedelta(0) < MOST_HELD


def test_what_waits_lies_in_the_file_as_events(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.at = local(22)
    stick = event("usb-storage-attached", "block-usb")
    day.held.turns([stick, SEALED], SANNE)
    kept = msgspec.json.decode((tmp_path / FILE).read_bytes(), type=list[Event])
    assert kept == [SEALED]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600

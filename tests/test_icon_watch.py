"""That nobody at the laptop can be told anything is told once a day, and when it is over."""

from collections.abc import Sequence
from dataclasses import replace

from agent.icon_watch import IconWatch
from collectors.base import CoverageLost, CoverageRestored, Gap, Observation, utc_now
from collectors.session_state import DeskError, Session, SessionKind
from tests import test_session

ANNA = 1001
OPEN = replace(test_session.OPEN, user="anna", uid=ANNA)


class Desk:
    """What logind would say."""

    def __init__(self) -> None:
        self.there: Sequence[Session] = (OPEN,)
        self.silent = False

    def sessions(self) -> Sequence[Session]:
        if self.silent:
            raise DeskError("logind cannot be asked")
        return self.there

    def kept_open(self) -> frozenset[int]:
        return frozenset()

    def touched_at(self, now: float) -> float | Gap:
        return now

    def close(self) -> None:
        pass


def watch(desk: Desk, icons: dict[int, str]) -> tuple[IconWatch, list[Observation]]:
    told: list[Observation] = []
    made = IconWatch(desk=lambda: desk, place_of=icons.get, record=told.append, now=utc_now)
    return made, told


def test_an_icon_that_stays_away_is_told_and_so_is_its_return() -> None:
    icons: dict[int, str] = {}
    one, told = watch(Desk(), icons)
    one.look()
    assert told == []  # a desktop that has just begun
    one.look()
    one.look()
    assert {type(seen) for seen in told} == {CoverageLost}
    assert told[0].facts() == {"what": "icon", "gap": Gap.MISSING, "count": 0}
    assert told[0].once() == told[1].once()  # once a day
    icons[ANNA] = "panel"
    one.look()
    one.look()
    assert [type(seen) for seen in told[2:]] == [CoverageRestored]


def test_an_icon_that_runs_without_a_place_is_there() -> None:
    one, told = watch(Desk(), {ANNA: "none"})
    for _ in range(3):
        one.look()
    assert told == []


def test_nobody_is_missed_who_is_not_at_a_desktop() -> None:
    desk = Desk()
    others = {"active": False}, {"remote": True}, {"own": False}, {"uid": 0}
    desk.there = [
        *(replace(OPEN, **change) for change in others),  # type: ignore[arg-type]
        replace(OPEN, kind=SessionKind.TTY),
    ]
    one, told = watch(desk, {})
    for _ in range(3):
        one.look()
    assert told == []


def test_somebody_else_who_logs_in_is_given_their_time() -> None:
    desk = Desk()
    one, told = watch(desk, {})
    one.look()
    desk.there = [replace(OPEN, id="4")]
    one.look()
    assert told == []


def test_while_nobody_tells_of_sessions_nothing_is_concluded() -> None:
    desk = Desk()
    icons: dict[int, str] = {}
    one, told = watch(desk, icons)
    one.look()
    one.look()
    desk.silent = True
    one.look()
    assert [type(seen) for seen in told] == [CoverageLost, CoverageLost]
    desk.silent, icons[ANNA] = False, "panel"
    one.look()
    assert type(told[-1]) is CoverageRestored

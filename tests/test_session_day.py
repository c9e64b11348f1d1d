"""The day's count: minutes in which a screen stood open with nobody there."""

from datetime import UTC, datetime, timedelta

import pytest

from collectors.session_day import LONGEST_STEP, Day, ScreensDay

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
ONE = ("3", 1)
OTHER = ("4", 2)


def counted(day: Day, *looks: tuple[float, object]) -> list[ScreensDay]:
    """What looks tell, each a second (after noon) and what is left open."""
    told = []
    for seconds, left_open in looks:
        at = NOON + timedelta(seconds=seconds)
        told += day.look([left_open] if left_open else [], 1000.0 + seconds, at)
    return told


TOMORROW = 86_400.0


def test_minutes_and_times_are_told_with_the_next_day() -> None:
    day = Day()
    looks = [(60.0 * minute, ONE if minute < 10 else None) for minute in range(20)]
    looks += [(3600.0, OTHER), (3660.0, OTHER), (3661.0, None)]
    assert counted(day, *looks) == []
    (told,) = counted(day, (TOMORROW, None))
    assert told.facts() == {"open-minutes": 11, "times": 2, "whole-day": False}
    (whole,) = counted(day, (2 * TOMORROW, None))
    assert whole.facts() == {"open-minutes": 0, "times": 0, "whole-day": True}


def test_a_screen_that_is_open_over_midnight_counts_for_both_days() -> None:
    day = Day()
    minutes = [(TOMORROW / 2 + 60.0 * minute, ONE) for minute in range(-5, 6)]
    (told,) = counted(day, *minutes)
    assert (told.minutes, told.times) == (5, 1)
    (after,) = counted(day, (TOMORROW * 1.5, None))
    assert (after.minutes, after.times, after.whole) == (7, 0, True)


@pytest.mark.parametrize("gap", [LONGEST_STEP, 3600.0])
def test_time_in_which_nobody_looked_is_not_guessed(gap: float) -> None:
    day = Day()
    (told,) = counted(day, (0.0, ONE), (gap, None), (TOMORROW, None))
    assert told.minutes == 2


def test_what_was_counted_is_told_when_the_agent_ends() -> None:
    day = Day()
    assert list(day.end(NOON)) == []
    counted(day, (TOMORROW, None), (2 * TOMORROW, ONE), (2 * TOMORROW + 60.0, None))
    (told,) = day.end(NOON)
    assert told.facts() == {"open-minutes": 1, "times": 1, "whole-day": False}
    assert list(day.end(NOON)) == []


def test_a_clock_that_jumps_back_breaks_nothing() -> None:
    day = Day()
    assert [told.times for told in counted(day, (0.0, ONE), (-2 * TOMORROW, None))] == [1]

"""Quiet hours: over midnight, over the change of the clocks, and as a policy writes them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from agent import policy_file
from agent.errors import ConfigError
from agent.quiet import Span, span, until

NIGHT = Span(begin=time(18), end=time(7, 30))
HOME = ZoneInfo("Europe/Amsterdam")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=HOME)


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (at(23, 17, 59), None),
        (at(23, 18), at(24, 7, 30)),
        (at(23, 23, 59), at(24, 7, 30)),
        (at(24, 0), at(24, 7, 30)),
        (at(24, 7, 29), at(24, 7, 30)),
        (at(24, 7, 30), None),
        (at(31, 20, month=12), datetime(2027, 1, 1, 7, 30, tzinfo=HOME)),
    ],
)
def test_a_night_goes_over_midnight(now: datetime, over: datetime | None) -> None:
    assert until([NIGHT], now) == over


def test_quiet_ends_by_the_clock_on_the_wall_when_the_clocks_change() -> None:
    spring, autumn = at(28, 20, month=3), at(24, 20, month=10)
    for evening, hours in ((spring, 10.5), (autumn, 12.5)):
        over = until([NIGHT], evening)
        assert over is not None
        assert (over.hour, over.minute) == (7, 30)
        assert (over.timestamp() - evening.timestamp()) / 3600 == hours
    twice = [datetime(2026, 10, 25, 2, 30, tzinfo=HOME, fold=fold) for fold in (0, 1)]
    assert all(until([Span(begin=time(2), end=time(3))], one) for one in twice)


def test_of_several_spans_the_last_to_end_counts() -> None:
    spans = [Span(begin=time(12), end=time(13)), Span(begin=time(12, 30), end=time(14))]
    assert until(spans, at(23, 12, 45)) == at(23, 14)
    assert until([], at(23, 12)) is None


@pytest.mark.parametrize(
    "given", ["18-7", "18:00", "24:00-07:00", "18:00-18:00", "18:60-19:00", "١٨:00-19:00", 18, ""]
)
def test_what_is_no_span_is_none(given: object) -> None:
    assert span(given) is None


def read(text: str) -> policy_file.Policy:
    return policy_file.read_text(f'name = "a"\nversion = 1\n{text}', "policy.toml")


def test_a_policy_names_quiet_hours() -> None:
    found = read('[messages]\nquiet = ["18:00-07:30"]\nwhile_presenting = "tell"')
    assert (found.quiet, found.waits_while_presenting) == ((NIGHT,), False)
    assert (read("").quiet, read("").waits_while_presenting) == ((), True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('quiet = ["evening"]', 'such as ["18:00-07:30"]'),
        ("quiet = [18]", 'such as ["18:00-07:30"]'),
        ('quiet = "18:00-07:30"', "a list"),
        ('while_presenting = "never"', "one of wait, tell"),
        (f"quiet = {['01:00-02:00'] * 9}", "at most 8"),
        ('silent = ["18:00-07:30"]', "unknown key 'silent'"),
    ],
)
def test_a_mistake_is_named(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=r"line \d+") as error:
        read(f"[messages]\n{text}")
    assert says in str(error.value)

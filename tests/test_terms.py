"""The terms of a rule: when it acts, and what a policy may write about that."""

import time as clock
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.policy import Sealing
from agent.policy_file import read
from agent.terms import Terms, next_close

TOLD = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
CLOSE = time(17, 30)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_amsterdam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only here: the tests after these have the machine's own time again."""
    with monkeypatch.context() as for_now:
        for_now.setenv("TZ", "Europe/Amsterdam")
        clock.tzset()
        yield
    clock.tzset()


def test_without_terms_a_rule_acts_at_once() -> None:
    assert not Terms().waits()
    assert Terms().due(TOLD, TOLD - 300 * DAY, CLOSE) == TOLD


@pytest.mark.parametrize(
    ("terms", "unused", "due"),
    [
        (Terms(grace_hours=24), timedelta(), TOLD + DAY),
        (Terms(unused_days=7), timedelta(), TOLD + 7 * DAY),
        (Terms(unused_days=7), 5 * DAY, TOLD + 2 * DAY),
        (Terms(unused_days=7), 300 * DAY, TOLD),
        (Terms(grace_hours=24, unused_days=7), 300 * DAY, TOLD + DAY),
        (Terms(at_close=True), timedelta(), datetime(2026, 11, 26, 16, 30, tzinfo=UTC)),
        (
            Terms(grace_hours=24, at_close=True),
            timedelta(),
            datetime(2026, 11, 27, 16, 30, tzinfo=UTC),
        ),
        (
            Terms(grace_hours=8, at_close=True),
            timedelta(),
            datetime(2026, 11, 27, 16, 30, tzinfo=UTC),
        ),
    ],
)
def test_it_acts_when_everything_it_waits_for_is_over(
    terms: Terms, unused: timedelta, due: datetime
) -> None:
    assert terms.due(TOLD, TOLD - unused, CLOSE) == due


def test_the_end_of_a_working_day_is_that_of_the_wall_clock_in_summer_as_well() -> None:
    before = datetime(2027, 3, 27, 17, 0, tzinfo=UTC)  # the clocks change in the night after it
    assert next_close(before, CLOSE) == datetime(2027, 3, 28, 15, 30, tzinfo=UTC)
    assert next_close(datetime(2027, 3, 28, 15, 30, tzinfo=UTC), CLOSE).hour == 15


def policy(tmp_path: Path, rule: str, top: str = "") -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(
        f'name = "p"\nversion = 1\n{top}\n[[rules]]\nname = "r"\nkind = "pupil-file-found"\n{rule}',
        "utf-8",
    )
    return path


def test_a_policy_writes_them_beside_its_rule(tmp_path: Path) -> None:
    text = (
        'action = "seal-file"\ngrace_hours = 24\nunused_days = 7\n'
        "at_close = true\nkeep_days = 30\nhand_over = true"
    )
    found = read(
        policy(tmp_path, text, "[sealing]\nclose = 16:00:00\nat_once_on_plain_disk = false")
    )
    (rule,) = found.rules
    assert rule.terms == Terms(
        grace_hours=24, unused_days=7, at_close=True, keep_days=30, hand_over=True
    )
    assert found.terms_of("r") == rule.terms
    assert found.terms_of("another") == Terms()
    assert found.sealing == Sealing(close=time(16), at_once_on_plain_disk=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('action = "seal-file"\ngrace_hours = 2000', "line 8: give 'grace_hours'"),
        ('action = "seal-file"\nunused_days = -1', "line 8: give 'unused_days'"),
        ('action = "seal-file"\nkeep_days = 1', "line 8: what was sealed is kept for 7 days"),
        ('action = "report"\ngrace_hours = 1', "line 8: 'grace_hours' means something only"),
        ('action = "seal-file"\nat_close = "yes"', "line 8: 'at_close' in [rules] should be true"),
        ('action = "seal-file"\ngrace_hour = 1', "line 8: unknown key 'grace_hour'"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(policy(tmp_path, text))
    assert says in str(refused.value)

"""The guard: no notice, no enforcement; first days, caps; nothing a policy says can change that."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent import config
from agent.errors import ConfigError
from agent.guard import Caps, Guard, Held
from agent.journal import Journal
from agent.notice import Notice
from agent.policy import Mode, Policy
from agent.policy_usb import UsbMode, UsbPolicy
from tests.test_wire import make_event

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=100)
TODAY = NOW.date()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def guard(journal: Journal, **changes: object) -> Guard:
    given = {
        "policy": Policy(version=2, mode=Mode.ENFORCE),
        "notice": Notice(policy_version=2, given_on=TODAY - timedelta(days=60), language="nl"),
        "installed_at": LONG_AGO,
        "journal": journal,
    }
    return Guard(**{**given, **changes})  # type: ignore[arg-type]


def begin(journal: Journal, times: int, size: int = 1, action: str = "seal-file") -> None:
    for _ in range(times):
        event = make_event(id=str(uuid.uuid4()))
        journal.begin(event, once=None, action=action, size=size)


def test_with_notice_and_time_nothing_is_held(journal: Journal) -> None:
    assert guard(journal).hold("seal-file", 10, NOW) is None


def test_without_a_notice_nothing_is_enforced(journal: Journal) -> None:
    assert guard(journal, notice=None).hold("seal-file", 1, NOW) is Held.NO_NOTICE


def test_a_notice_for_another_version_does_not_count(journal: Journal) -> None:
    for version in (1, 3):
        notice = Notice(policy_version=version, given_on=date(2020, 1, 1), language="nl")
        assert guard(journal, notice=notice).hold("seal-file", 1, NOW) is Held.NO_NOTICE


def test_the_lead_time_has_to_go_by(journal: Journal) -> None:
    policy = Policy(version=2, mode=Mode.ENFORCE, notice_lead_days=42)
    for days, held in ((41, Held.NO_NOTICE), (42, None)):
        notice = Notice(policy_version=2, given_on=TODAY - timedelta(days=days), language="da")
        assert guard(journal, policy=policy, notice=notice).hold("seal-file", 1, NOW) is held


def test_a_notice_dated_in_the_future_does_not_count(journal: Journal) -> None:
    notice = Notice(policy_version=2, given_on=TODAY + timedelta(days=1), language="nl")
    assert guard(journal, notice=notice).hold("seal-file", 1, NOW) is Held.NO_NOTICE


def test_a_new_laptop_only_reports_and_a_clock_set_back_does_too(journal: Journal) -> None:
    young = guard(journal, installed_at=NOW - timedelta(days=6, hours=23))
    assert young.hold("seal-file", 1, NOW) is Held.FIRST_DAYS
    assert guard(journal).hold("seal-file", 1, LONG_AGO - timedelta(days=1)) in tuple(Held)
    old = guard(journal, installed_at=NOW - timedelta(days=7))
    assert old.hold("seal-file", 1, NOW) is None


def test_the_fifty_first_file_in_an_hour_waits(journal: Journal) -> None:
    begin(journal, 49)
    assert guard(journal).hold("seal-file", 1, NOW) is None
    begin(journal, 1)
    assert guard(journal).hold("seal-file", 1, datetime.now(UTC)) is Held.HOUR_CAP
    later = datetime.now(UTC) + timedelta(hours=2)
    assert guard(journal).hold("seal-file", 1, later) is None


def test_the_cap_of_a_day_holds_beyond_the_hour(journal: Journal) -> None:
    begin(journal, 200)
    later = datetime.now(UTC) + timedelta(hours=2)
    assert guard(journal).hold("seal-file", 1, later) is Held.DAY_CAP


@pytest.mark.parametrize("action", ["lock-session", "block-usb", "allow-usb"])
def test_what_harms_no_file_is_never_capped(journal: Journal, action: str) -> None:
    begin(journal, 300, action=action)
    assert guard(journal).hold(action, 0, datetime.now(UTC)) is None


def test_a_stick_is_let_in_only_while_somebody_is_there(journal: Journal) -> None:
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, withhold_while_locked=True)
    away = guard(journal, policy=Policy(version=2, mode=Mode.ENFORCE, usb=usb), locked=lambda: True)
    assert away.hold("allow-usb", 0, NOW) is Held.SESSION_LOCKED
    assert away.hold("block-usb", 0, NOW) is None


def test_the_bytes_of_a_day_are_capped(journal: Journal) -> None:
    begin(journal, 1, size=2 * 1024**3 - 5)
    assert guard(journal).hold("seal-file", 5, NOW) is None
    assert guard(journal).hold("seal-file", 6, NOW) is Held.BYTE_CAP


def test_the_promised_caps_are_these() -> None:
    assert Caps() == Caps(
        files_per_hour=50,
        files_per_day=200,
        bytes_per_day=2 * 1024**3,
        first_days=timedelta(days=7),
    )


@pytest.mark.parametrize("given_on", ["2026-10-01T00:00:00", "'2026-10-01'", "20261001"])
def test_a_notice_that_gives_no_plain_date_is_refused(tmp_path: Path, given_on: str) -> None:
    path = tmp_path / "notice.toml"
    path.write_text(f"policy_version = 1\nlanguage = 'nl'\ngiven_on = {given_on}\n")
    with pytest.raises(ConfigError, match="given_on"):
        config.read_notice(path)


def test_a_journal_without_any_room_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("journal_megabytes = 0\n")
    with pytest.raises(ConfigError, match="journal_megabytes"):
        config.load(tmp_path, tmp_path)

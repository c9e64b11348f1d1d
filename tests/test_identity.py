"""Who the laptop is: secrets made once, kept closed, and never taken from a damaged file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import identity
from agent.errors import EnrolmentError


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    first = identity.device_key(tmp_path).private_bytes_raw()
    assert identity.device_key(tmp_path).private_bytes_raw() == first
    assert identity.digest_key(tmp_path) == identity.digest_key(tmp_path) != first
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_said_plainly_and_never_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "digest.key").write_bytes(content)
    with pytest.raises(EnrolmentError, match="damaged"):
        identity.digest_key(tmp_path)
    assert (tmp_path / "digest.key").read_bytes() == content


def test_the_day_of_installation_is_noted_once(tmp_path: Path) -> None:
    first = identity.installed_at(tmp_path)
    assert identity.installed_at(tmp_path) == first
    assert abs(datetime.now(UTC) - first) < timedelta(minutes=1)


@pytest.mark.parametrize("content", ["", "yesterday", "9999-99-99"])
def test_a_damaged_day_of_installation_begins_the_first_days_again(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "installed").write_text(content)
    assert abs(datetime.now(UTC) - identity.installed_at(tmp_path)) < timedelta(minutes=1)


def test_a_day_without_a_time_zone_can_still_be_compared(tmp_path: Path) -> None:
    (tmp_path / "installed").write_text("2026-01-02T03:04:05")
    assert identity.installed_at(tmp_path) < datetime.now(UTC)


def test_a_damaged_identity_is_said_plainly(tmp_path: Path) -> None:
    assert identity.enrolled(tmp_path) is None
    (tmp_path / "identity.json").write_text('{"device": "x"}')
    with pytest.raises(EnrolmentError, match="enrol again"):
        identity.enrolled(tmp_path)

"""What was given outlives the agent, a damaged file gives nothing, and a day ends the count."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.override_requests import MOST_OF_ONE
from agent.overrides import Given, Overrides
from tests.test_override_requests import NOW, USB, Desk


def test_an_override_and_its_count_outlive_the_agent(tmp_path: Path) -> None:
    file = tmp_path / "usb" / "overrides"
    for _ in range(MOST_OF_ONE):
        desk = Desk(file=file)
        desk.withhold()
        desk.ask()
    again = Desk(file=file)
    assert again.overrides.all() == desk.overrides.all()
    assert USB.in_force(again.overrides.all(), NOW)
    again.withhold()
    assert again.refusal() == "too-many"
    assert file.stat().st_mode & 0o777 == 0o600, "it names who had which stick"


@pytest.mark.parametrize("damage", [b"", b"{}", b'[{"uid": "x"}]', b"\xff\xfe"])
def test_a_damaged_file_gives_nothing_and_stops_nothing(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "overrides"
    file.write_bytes(damage)
    assert Overrides(file=file).all() == ()


def test_what_cannot_be_kept_holds_until_the_agent_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no-folder").write_text("a file")
    desk = Desk(file=tmp_path / "no-folder" / "overrides")
    desk.withhold()
    assert desk.ask()
    assert len(desk.overrides.all()) == 1
    assert "will not outlive" in caplog.text


def test_what_is_older_than_a_day_is_forgotten() -> None:
    desk = Desk()
    desk.withhold()
    desk.ask()
    old = desk.overrides.given()[0]
    later = replace(old.override, at=NOW + timedelta(days=1, minutes=1))
    desk.overrides.add("1-2", Given(uid=1, override=later))
    assert desk.overrides.all() == (later,)

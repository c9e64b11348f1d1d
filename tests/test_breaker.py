"""The breaker: rules that match a large share of all files seal nothing, until somebody looked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import breaker as breaker_module
from agent.breaker import WITHIN, Breaker, close, is_tripped
from agent.cli import main
from agent.guard import Caps
from agent.journal import Journal
from agent.own_files import BreakerTripped
from tests.test_daemon import Scripted, Seen, build, events

FEWEST = Caps().matches
NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def seen(number: int) -> Seen:
    return Seen(observed_at=NOW, subject=f"/home/x/{number}.csv")


def breaker(state: Path, files: int, version: int = 3, now: datetime = NOW) -> Breaker:
    return Breaker(state=state, version=version, files=lambda: files, now=lambda: now)


def counted(given: Breaker, times: int) -> list[BreakerTripped]:
    told = [given.count(seen(number)) for number in range(times)]
    return [one for one in told if one is not None]


def test_a_large_share_of_all_files_trips_it_once(tmp_path: Path) -> None:
    given = breaker(tmp_path, files=300)
    (told,) = counted(given, 250)
    assert told.facts() == {"matched": FEWEST, "files": 300}
    assert given.tripped()


@pytest.mark.parametrize(("files", "matching"), [(300, FEWEST - 1), (10_000, 1999), (0, 99)])
def test_what_is_not_unusual_trips_nothing(tmp_path: Path, files: int, matching: int) -> None:
    given = breaker(tmp_path, files)
    assert counted(given, matching) == []
    assert not given.tripped()


def test_the_same_files_again_are_no_more_files(tmp_path: Path) -> None:
    given = breaker(tmp_path, files=100)
    for _ in range(5):
        assert counted(given, FEWEST - 1) == []


def test_what_matched_longer_ago_does_not_count(tmp_path: Path) -> None:
    now = [NOW]
    given = Breaker(state=tmp_path, version=1, files=lambda: 100, now=lambda: now[0])
    for number in range(300):
        now[0] += WITHIN / (FEWEST - 10)
        assert given.count(seen(number)) is None


def test_it_stays_tripped_over_a_restart_until_a_higher_version_or_somebody(tmp_path: Path) -> None:
    counted(breaker(tmp_path, files=300), 250)
    assert breaker(tmp_path, files=300).tripped()
    assert breaker(tmp_path, files=300, version=2).tripped()
    assert not breaker(tmp_path, files=300, version=4).tripped()
    assert close(tmp_path)
    assert not breaker(tmp_path, files=300).tripped()
    assert not close(tmp_path)


def test_what_somebody_has_looked_at_does_not_trip_it_again(tmp_path: Path) -> None:
    counted(breaker(tmp_path, files=300), FEWEST)
    close(tmp_path)
    given = breaker(tmp_path, files=300)
    assert counted(given, 2 * FEWEST - 1) == []
    (told,) = counted(given, 2 * FEWEST)
    assert told.matched == 2 * FEWEST
    assert given.tripped()
    later = breaker(tmp_path, files=300, version=4)
    (told,) = counted(later, FEWEST)
    assert told.matched == FEWEST


def test_a_damaged_mark_can_be_closed(tmp_path: Path) -> None:
    (tmp_path / breaker_module.FILE).write_bytes(b"{")
    assert close(tmp_path)
    assert not is_tripped(tmp_path, 1)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"version": "x"}', b"[1]"])
def test_a_damaged_mark_counts_as_tripped(tmp_path: Path, content: bytes) -> None:
    (tmp_path / breaker_module.FILE).write_bytes(content)
    assert is_tripped(tmp_path, 99)


def test_a_full_disk_does_not_keep_it_from_tripping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("agent.journal_file.write_durably", full)
    given = breaker(tmp_path, files=300)
    assert len(counted(given, 250)) == 1
    assert given.tripped()


def test_a_rule_that_matches_everything_takes_no_more_than_a_cap_and_is_told(
    journal: Journal, tmp_path: Path
) -> None:
    action = Scripted()
    daemon = build(journal, action)
    daemon.breaker = breaker(tmp_path / "state", files=10_000, version=1)
    (tmp_path / "state").mkdir()
    for number in range(2100):
        daemon.record(seen(number))
    assert len(action.asked) == daemon.guard.caps.files_per_hour
    told = [event for event in events(journal) if event.kind == BreakerTripped.kind]
    pending = journal.count()
    assert pending == 2101
    assert not told or told[0].facts["files"] == 10_000
    held = daemon._decide(seen(3000)).held
    assert held == "breaker"


def test_the_command_says_how_it_stands_and_closes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.toml").write_text('name = "p"\nversion = 3\n')
    places = ["--state", str(tmp_path), "--config", str(tmp_path)]
    assert main(["breaker", *places]) == 0
    counted(breaker(tmp_path, files=300), 250)
    assert main(["breaker", *places]) == 1
    assert "none is sealed" in capsys.readouterr().out
    assert main(["breaker", "--close", *places]) == 0
    assert main(["breaker", *places]) == 0
    assert main(["breaker", "--close", *places]) == 0
    assert "was not tripped" in capsys.readouterr().out


def test_a_clock_that_jumps_loses_no_more_than_what_was_counted(tmp_path: Path) -> None:
    now = [NOW]
    given = Breaker(state=tmp_path, version=1, files=lambda: 100, now=lambda: now[0])
    for number in range(FEWEST - 1):
        given.count(seen(number))
    now[0] -= timedelta(days=400)
    assert given.count(seen(1000)) is None
    assert len(given.decided) == 1

"""What an officer gave back is known across restarts, by no name, and not without end."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.identity import keyed_digest
from agent.left_alone import FILE, MOST, LeftAlone

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PATH = "/home/sanne/Groep 3B.csv"


def known(state: Path) -> LeftAlone:
    return LeftAlone(state=state, digest=lambda text: keyed_digest(b"k" * 32, text))


def test_it_is_left_alone_until_its_time_is_over_also_after_a_restart(tmp_path: Path) -> None:
    assert known(tmp_path).until(PATH, NOW) is None
    known(tmp_path).leave(PATH, NOW + DAY, NOW)
    assert known(tmp_path).until(PATH, NOW) == NOW + DAY
    assert known(tmp_path).until(PATH + "x", NOW) is None
    assert known(tmp_path).until(PATH, NOW + DAY) is None


def test_the_list_holds_no_name(tmp_path: Path) -> None:
    known(tmp_path).leave(PATH, NOW + DAY, NOW)
    assert b"sanne" not in (tmp_path / FILE).read_bytes()
    assert b"3B" not in (tmp_path / FILE).read_bytes()


def test_what_is_over_is_forgotten_and_the_list_has_an_end(tmp_path: Path) -> None:
    one = known(tmp_path)
    one.leave("/old", NOW + DAY, NOW)
    one.leave("/new", NOW + 3 * DAY, NOW + 2 * DAY)
    assert len(json.loads((tmp_path / FILE).read_bytes())) == 1
    one.known = {str(number): NOW + 5 * DAY for number in range(MOST)}
    one.leave("/last", NOW + 9 * DAY, NOW)
    assert len(json.loads((tmp_path / FILE).read_bytes())) == MOST
    assert one.until("/last", NOW) == NOW + 9 * DAY


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a": 3}', b'{"a": "x"}', b"\xff"])
def test_a_damaged_list_counts_as_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    assert known(tmp_path).until(PATH, NOW) is None
    known(tmp_path).leave(PATH, NOW + DAY, NOW)
    assert known(tmp_path).until(PATH, NOW) == NOW + DAY

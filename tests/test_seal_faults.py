"""Sealing under faults, in short: what ``./dev lab faults`` does thousands of times, done once."""

import os
import tempfile
from pathlib import Path

import pytest

from agent.guard import Caps
from tests import seal_faults
from tests.wide_rule import wide_rule


def test_no_flipped_bit_and_no_missing_end_opens(tmp_path: Path) -> None:
    case = seal_faults.damaged(tmp_path, 40)
    assert (case.tries, case.bad) == (80, 0)


@pytest.mark.root
def test_at_every_room_left_on_the_disk_the_file_stays_whole_and_is_sealed_later(
    tmp_path: Path,
) -> None:
    if os.geteuid():
        pytest.skip("only root mounts a small disk")
    case = seal_faults.full_disk(tmp_path)
    if not case.tries:
        pytest.skip(case.note)
    assert case.bad == 0


@pytest.mark.slow
def test_the_attacker_of_the_long_tests_never_gets_further_than_the_short_one(
    tmp_path: Path,
) -> None:
    assert [case.bad for case in seal_faults.attacked(tmp_path, 200)] == [0, 0, 0]


@pytest.mark.slow
def test_a_rule_that_matches_everything_is_stopped_and_loses_and_names_nothing() -> None:
    with tempfile.TemporaryDirectory() as top:
        found = wide_rule(Path(top), 250)
    assert (found.lost, found.named) == (0, 0)
    assert 0 < found.sealed <= Caps().files_per_hour
    assert found.tripped_after is not None

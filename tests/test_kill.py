"""Kill -9 in the middle of the work: nothing lost, nothing twice, nothing left half done."""

import tempfile
from pathlib import Path

import pytest

from tests.kill_loop import kill_loop


@pytest.mark.slow
def test_an_agent_killed_at_random_moments_loses_and_doubles_nothing() -> None:
    with tempfile.TemporaryDirectory() as top:
        counted = kill_loop(Path(top), kills=12)
    assert counted.kills == 12
    assert counted.sealed > 0
    assert counted.faults() == {}, counted

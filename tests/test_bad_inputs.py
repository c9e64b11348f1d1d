"""Documents made to cost time or memory, each in a real worker: pupils found, or a reason why not.

``./dev lab bad_inputs`` writes down the seconds and the memory that each takes.
"""

import pytest

from tests.bad_inputs import CASES, measure

MEMORY_MB = 512


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_it_costs_neither_the_worker_nor_the_truth(name, tmp_path):
    """The list of pupils stands at the far end of each, so that ``clean`` would be wrong."""
    measured = measure(CASES[name], tmp_path / "document")
    assert measured.sound, measured
    assert max(measured.rss_mb, measured.address_space_mb) <= MEMORY_MB

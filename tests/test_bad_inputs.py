"""Documents made to cost time or memory, each in a real worker: pupils found, or a reason why not.

``./dev lab bad_inputs`` writes down the seconds and the memory that each takes. Here it runs in a
process of its own, as slim as an agent: whether a worker broke for want of memory is told by how
much it held, and what its parent held counts with it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs import CASES

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    out = tmp_path_factory.mktemp("bad") / "bad_inputs.json"
    command = [sys.executable, "-m", "tests.vm.bad_inputs", "", str(out)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False
    )
    assert out.exists(), done.stderr
    return {case["name"]: case for case in json.loads(out.read_text("utf-8"))["cases"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_it_costs_neither_the_worker_nor_the_truth(name, cases):
    """The list of pupils stands at the far end of each, so that ``clean`` would be wrong."""
    assert cases[name]["passed"], cases[name]

"""A screen in the virtual machine of ``./dev lab session``: what fits the tests of a change.

Where the machine cannot be made the test is named as one that did not run; once there is a machine,
every case has to come out as it should.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_lab_usb import NEEDED, NOT_RUN
from tests.vm.laptop import image
from tests.vm.screens.cases import QUICK

ROOT = Path(__file__).parent.parent
LONGEST = 2400
"""Seconds; the first run makes the machine."""


@pytest.mark.slow
@pytest.mark.root
def test_a_screen_left_open_is_locked_proven_and_opened_by_the_right_password() -> None:
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    try:
        image.image(print)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the laptop of the lab could not be made: {error}")
    out = ROOT / "build/lab/session.json"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, ROOT / "tests/vm/session.py", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    print(done.stdout, done.stderr)
    if done.returncode == NOT_RUN:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    cases = json.loads(out.read_text("utf-8"))["cases"]
    assert [case["faults"] for case in cases if case["faults"]] == []
    assert len(cases) == len(QUICK)
    assert done.returncode == 0

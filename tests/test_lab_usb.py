"""A few sticks in the virtual machine of ``./dev lab usb``: what fits the tests of a change.

Where the machine cannot be made (no root, no QEMU, no Debian to make it from) the test is named as
one that did not run; once there is a machine, every case has to come out as it should.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vm.laptop import image

ROOT = Path(__file__).parent.parent
NEEDED = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mtype", "ssh", "ssh-keygen", "dpkg-deb")
NOT_RUN = 3
LONGEST = 2400
"""Seconds; the first run makes the machine."""


@pytest.mark.slow
@pytest.mark.root
def test_plain_sticks_are_withheld_and_encrypted_ones_work_on_a_real_kernel() -> None:
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    try:
        image.image(print)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the laptop of the lab could not be made: {error}")
    out = ROOT / "build/lab/usb.json"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, ROOT / "tests/vm/usb.py", "--quick"],
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
    assert len(cases) == 8
    assert done.returncode == 0

"""The few cases of a lab that the tests run, in the virtual machine.

Where the machine cannot be made (no root, no QEMU, no Debian to make it from) the test is named as
one that did not run; once there is a machine, every case has to come out as it should.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vm.laptop import image

ROOT = Path(__file__).parent.parent
NEEDED = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mtype", "ssh", "ssh-keygen", "dpkg-deb")
NOT_RUN = 3
LONGEST = 2400
"""Seconds; the first run makes the machine."""


def quick(name: str) -> list[dict[str, Any]]:
    """The cases of ``./dev lab NAME --quick``, none of which may have a fault."""
    if missing := [one for one in NEEDED if shutil.which(one) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    try:
        image.image(print)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the laptop of the lab could not be made: {error}")
    out = ROOT / f"build/lab/{name}.json"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", ROOT / f"tests/vm/{name}.py", "--quick"],
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
    cases: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))["cases"]
    assert [case["faults"] for case in cases if case["faults"]] == []
    assert done.returncode == 0
    return cases

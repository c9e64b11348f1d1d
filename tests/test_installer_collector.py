"""What the collector's package brings besides the program: unit, settings, manual, completion."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.collector_on_loopback import ROOT

HERE = ROOT / "installer" / "collector"
UNIT = HERE / "dossierwacht-collector.service"
SCRIPTS = sorted((ROOT / "installer/debian/collector").glob("p*"))
HIGHEST = 15
"""Tenths of exposure, as systemd counts it."""


def test_the_units_exposure_is_low() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    words = ["systemd-analyze", "security", "--offline=yes", f"--threshold={HIGHEST}", str(UNIT)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_every_setting_that_the_unit_uses_stands_in_the_file_of_settings() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", UNIT.read_text("utf-8")))
    given = set(re.findall(r"^#?([A-Z_]+)=", (HERE / "collector.env").read_text("utf-8"), re.M))
    assert used == {"LISTEN", "PUBLIC_URL", "CERTIFICATE"}
    assert given == used | {"DATABASE_URL", "DOSSIERWACHT_COLLECTOR_TIMEZONE"}


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.name for one in SCRIPTS])
def test_a_script_of_the_package_is_one_that_every_shell_reads(script: Path) -> None:
    done = subprocess.run(["/bin/sh", "-n", script], timeout=60, check=False)
    assert done.returncode == 0
    assert script.read_text("utf-8").startswith("#!/bin/sh\nset -e\n")

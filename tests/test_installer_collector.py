"""What the collector's package brings besides the program: unit, settings, manual, completion."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector_on_loopback import ROOT
from tests.test_docs import server_commands

HERE = ROOT / "installer" / "collector"
UNIT = HERE / "dossierwacht-collector.service"
SCRIPTS = sorted((ROOT / "installer/debian/collector").glob("p*"))
HIGHEST = 15
"""Tenths of exposure, as systemd counts it."""


def described(what: str) -> str:
    done = subprocess.run(
        [sys.executable, HERE / "describe", what],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def offered(line: str, tmp_path: Path) -> set[str]:
    """What bash offers for the last word of a line."""
    file = tmp_path / "completion"
    file.write_text(described("completion"))
    script = (
        f"source {file}; IFS=' ' read -ra COMP_WORDS <<<\"$1|\";"
        'COMP_WORDS=("${COMP_WORDS[@]%|}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));'
        '_dossierwacht_collector; echo "${COMPREPLY[@]}"'
    )
    words = ["bash", "-c", script, "bash", line]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_the_manual_names_every_command() -> None:
    page = described("man").replace("\\-", "-")
    for prog in server_commands():
        assert f"\n.SS {prog.removeprefix('dossierwacht-collector ')}\n" in page
    if shutil.which("man"):
        words = ["man", "--warnings", "-l", "-"]
        done = subprocess.run(
            words, input=page.encode(), capture_output=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("line", "among"),
    [
        ("dossierwacht-collector ", {"serve", "backup", "make-package", "--state"}),
        ("dossierwacht-collector keys ", {"new", "enter", "show"}),
        ("dossierwacht-collector keys e", {"enter"}),
        ("dossierwacht-collector user add --r", {"--role"}),
        ("dossierwacht-collector keys enter ", {"officer", "reserve"}),
        ("dossierwacht-collector --state /x user add ", {"--role", "--generate"}),
    ],
)
def test_bash_offers_what_may_come_next(line: str, among: set[str], tmp_path: Path) -> None:
    found = offered(line, tmp_path)
    assert among <= found
    assert "serve" not in found or line.endswith("collector ")


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

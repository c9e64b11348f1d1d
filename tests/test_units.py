"""The units as systemd reads them: what each may at most, and that all of it is understood."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALLER = Path(__file__).resolve().parent.parent / "installer"
MOST = {
    "systemd/dossierwacht-agent.service": 30,
    "systemd/dossierwacht-starter.service": 25,
    "systemd/dossierwacht-firewall@.service": 15,
    "systemd/dossierwacht-sender.service": 15,
    "systemd/dossierwacht-enrol.service": 18,
    "collector/dossierwacht-collector.service": 16,
}
"""Tenths of systemd's figure, which falls with each right that is taken away."""
UNITS = [*(INSTALLER / "systemd").iterdir(), *(INSTALLER / "collector").glob("*.service")]
AGENT = INSTALLER / "systemd" / "dossierwacht-agent.service"


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    """The answer of ``systemd-analyze``."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(
        [program, *words], capture_output=True, text=True, timeout=120, check=False
    )


def as_named(unit: Path, folder: Path) -> Path:
    """A unit that systemd takes for a running one: a template gets a name of its own."""
    copy = folder / unit.name.replace("@.", "@1.")
    shutil.copy(unit, copy)
    return copy


def test_every_service_has_its_figure() -> None:
    services = {str(unit.relative_to(INSTALLER)) for unit in UNITS if unit.suffix == ".service"}
    assert services == MOST.keys()


@pytest.mark.parametrize("name", MOST)
def test_no_service_is_more_exposed_than_it_has_to_be(name: str, tmp_path: Path) -> None:
    unit = as_named(INSTALLER / name, tmp_path)
    words = ("security", "--no-pager", "--offline=yes", f"--threshold={MOST[name]}", str(unit))
    told = analyze(*words)
    assert told.returncode == 0, told.stdout[-400:] + told.stderr
    # What this systemd does not know is ignored by it, and protects nobody.
    assert "gnoring" not in told.stderr


def test_the_figure_is_measured_and_not_always_good(tmp_path: Path) -> None:
    open_unit = re.sub(r"(?m)^(CapabilityBoundingSet|SystemCallFilter)=.*\n", "", AGENT.read_text())
    (tmp_path / AGENT.name).write_text(open_unit)
    words = ("security", "--no-pager", "--offline=yes", "--threshold=30")
    assert analyze(*words, str(tmp_path / AGENT.name)).returncode == 1


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    """Programs that are not installed here are the only thing it may miss."""
    copies = [shutil.copy(unit, tmp_path / unit.name) for unit in UNITS]
    said = analyze("verify", *map(str, copies)).stderr.splitlines()
    missed = re.compile(r"is not executable: No such file or directory|[Mm]an .*failed")
    assert [line for line in said if "dossierwacht" in line and not missed.search(line)] == []


def test_the_agent_keeps_what_its_work_needs() -> None:
    """Each of these was found out the hard way: see docs/hardening.md."""
    unit = AGENT.read_text("utf-8")
    lines = [line for line in unit.splitlines() if line and not line.startswith("#")]
    words = " ".join(lines)
    for broken in ("PrivateTmp", "PrivateNetwork", "PrivateDevices", "ProtectHome", "PrivateUsers"):
        assert f"{broken}=" not in words
    assert "RestrictSUIDSGID=" not in words
    assert "ProtectSystem=strict" not in words
    assert "ProcSubset=" not in words
    for line in lines:
        if line.startswith("ReadWritePaths="):
            assert not re.search(r"/(home|media|run|mnt|srv)\b", line), "a mount of its own"
            # What is not there yet would keep the agent from starting.
            assert "/sys/bus/usb" not in line
    assert {"Type=notify", "WatchdogSec=10min", "NoNewPrivileges=yes"} <= set(lines)

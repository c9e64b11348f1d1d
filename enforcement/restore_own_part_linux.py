"""Linux: systemd runs what puts a part back, beside the agent, and is told to read its files again.

The agent's own unit may not write to the system's folders, and should not. So root asks systemd for
a unit that exists for this one thing: it depends on no file of ours that could be gone, it has no
network and no homes, and it ends after a minute.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from enforcement.base import EnforcementError, Reason

SECONDS = 90.0
_SYSTEMD_RUN = "/usr/bin/systemd-run"
_SYSTEMCTL = "/usr/bin/systemctl"
_UDEVADM = "/usr/bin/udevadm"
_BOUNDS = (
    "RuntimeMaxSec=60",
    "ProtectHome=yes",
    "PrivateNetwork=yes",
    "NoNewPrivileges=yes",
    "ProtectKernelModules=yes",
    "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER",
)


def beside(words: Sequence[str]) -> str:
    """What ``enforcement.put_back`` answered to these words. Raises EnforcementError."""
    if not os.path.isdir("/run/systemd/system") or not os.access(_SYSTEMD_RUN, os.X_OK):
        raise EnforcementError(Reason.UNSUPPORTED, "systemd does not run here")
    command = [_SYSTEMD_RUN, "--quiet", "--wait", "--pipe", "--collect", "--service-type=exec"]
    for bound in _BOUNDS:
        command += ["--property", bound]
    return _run([*command, "--", sys.executable, "-I", "-m", "enforcement.put_back", *words])


def enable(unit: str) -> None:
    """Have a unit start with the laptop. Raises EnforcementError."""
    _run([_SYSTEMCTL, "enable", "--quiet", unit])


def start(unit: str) -> None:
    """Start a unit, if it does not run, without waiting for it. Raises EnforcementError."""
    _run([_SYSTEMCTL, "start", "--no-block", unit])


def read_again() -> None:
    """Have systemd and udev read their files anew; polkit sees for itself. EnforcementError."""
    _run([_SYSTEMCTL, "daemon-reload"])
    if os.access(_UDEVADM, os.X_OK):
        _run([_UDEVADM, "control", "--reload"])


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EnforcementError(Reason.NOT_CONFIRMED, type(error).__name__) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EnforcementError(Reason.REFUSED, said[-1] if said else str(done.returncode))
    return done.stdout.decode("utf-8", "replace").strip()

"""Linux: whether updates come in, and whether one that closes a hole waits. Debian and its kin.

Nothing is fetched: apt is asked what it would do by the lists it has. That takes seconds, so it is
asked again only when the lists or what is installed have changed.
"""

import contextlib
import re
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from collectors.checks.reading import below
from collectors.checks.told import Told, Why

INSTALLED = "/var/lib/dpkg/status"
LISTS = (
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/partial",
    "/var/lib/apt/periodic/update-success-stamp",
)
_SECONDS = 120.0
_WOULD_INSTALL = re.compile(r"^Inst \S+ .*\((.*)\)", re.MULTILINE)

Ask = Callable[[], str | None]


def updates(root: Path, ask: Ask, now: datetime, most: timedelta) -> Told:
    """``ask`` gives what ``apt-get`` would do, or None; ``most`` is how old the lists may be."""
    looked = max((_changed(root, path) for path in LISTS), default=0.0)
    if not below(root, INSTALLED).exists() or not looked:
        return Told(Why.NOT_TOLD)
    would_do = ask()
    waiting = security(would_do or "")
    if waiting:
        return Told(Why.SECURITY_UPDATES_WAIT, waiting)
    if below(root, "/run/reboot-required").exists():
        return Told(Why.RESTART_WAITS)
    if now.timestamp() - looked > most.total_seconds():
        return Told(Why.NOT_LOOKED_FOR, int(now.timestamp() - looked) // 86400)
    return Told(Why.NOT_TOLD if would_do is None else Why.UP_TO_DATE)


def security(would_do: str) -> int:
    """How many of the packages that would be installed come from a place for security."""
    return sum("security" in origin.lower() for origin in _WOULD_INSTALL.findall(would_do))


class Apt:
    """Asks apt, and remembers the answer as long as nothing has changed."""

    def __init__(self, root: Path, ask: Ask) -> None:
        self.root = root
        self.ask = ask
        self.asked_of: tuple[float, ...] | None = None
        self.answer: str | None = None

    def __call__(self) -> str | None:
        stamps = tuple(_changed(self.root, path) for path in (INSTALLED, *LISTS))
        if stamps != self.asked_of:
            self.asked_of, self.answer = stamps, self.ask()
        return self.answer


def ask_apt() -> str | None:
    """What an upgrade would do, without doing or writing anything; None if apt does not say."""
    try:
        answer = subprocess.run(
            [
                "/usr/bin/apt-get", "--simulate", "-o", "Debug::NoLocking=1",
                "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "dist-upgrade",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            cwd="/",
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace")


def _changed(root: Path, path: str) -> float:
    """When something was changed, in seconds since 1970; 0 if it is not there."""
    with contextlib.suppress(OSError):
        return below(root, path).stat().st_mtime
    return 0.0

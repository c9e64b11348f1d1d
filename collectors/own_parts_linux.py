"""Linux: what the package put in place, against the copies that it keeps of it.

The copies lie beside the program, under ``shipped/``, each at its own path, with their digests in
``SHA256SUMS``: ``cd / && sha256sum -c`` reads that list as well. Besides the file itself there are
the places where systemd, udev and polkit look before it.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.own_part import How, Part, Wrong

HOME = Path("/usr/lib/dossierwacht")
"""The package's own environment; an agent that runs from anywhere else was not installed."""
SUMS = "SHA256SUMS"
ABSENT = "absent"
_MOST = 1024 * 1024
"""Bytes; the largest part is an icon of a few thousand."""
_LINE = re.compile(r"([0-9a-f]{64})  (/[^\0]{1,200})")
_PARTS = (
    ("/systemd/system/", Part.UNIT),
    ("/udev/rules.d/", Part.UDEV_RULE),
    ("/polkit-1/rules.d/", Part.POLKIT_RULE),
    ("/xdg/autostart/", Part.AUTOSTART),
    ("/bin/", Part.PROGRAM),
    ("/lib/dossierwacht/", Part.PROGRAM),
    ("/applications/", Part.DESKTOP_ENTRY),
    ("/icons/", Part.DESKTOP_ENTRY),
)
_SYSTEMD = (
    "etc/systemd/system.control",
    "run/systemd/system.control",
    "run/systemd/transient",
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
)
_BEFORE = {
    Part.UNIT: _SYSTEMD,
    Part.UDEV_RULE: ("etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d"),
    Part.POLKIT_RULE: ("etc/polkit-1/rules.d", "run/polkit-1/rules.d"),
}
"""Where another file of the same name counts before ours."""
_HARMLESS = frozenset(
    {
        "Description",
        "Documentation",
        "After",
        "Wants",
        "Environment",
        "EnvironmentFile",
        "PassEnvironment",
        "LogLevelMax",
        "SyslogIdentifier",
    }
)
"""What a file beside a unit may say without changing whether and how the agent works."""
STARTED = frozenset(
    {"dossierwacht-agent.service", "dossierwacht-agent.path", "dossierwacht-sender.service"}
)
"""Units that start with the laptop."""
_WANTED_BY = re.compile(r"^WantedBy=(\S+)$", re.MULTILINE)
_KEY = re.compile(r"^\s*([A-Za-z]+)\s*=", re.MULTILINE)
_LOCKS = ("var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock")
_FLOCK = struct.Struct("hhqqi4x")


class ManifestLost(Exception):
    """The list of what was shipped is gone or makes no sense: nothing can be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """The installed package below ``root``, with its copies in ``shipped``."""

    shipped: Path
    root: Path = Path("/")

    def wrong(self) -> list[Wrong]:
        """Everything that is not as it was shipped, in order. Raises ManifestLost."""
        listed = self._listed()
        return [one for path, wanted in sorted(listed.items()) for one in self._of(path, wanted)]

    def busy(self) -> bool:
        """Whether packages are being installed, upgraded or removed right now."""
        return any(_locked(self.root / name) for name in _LOCKS)

    def _listed(self) -> Mapping[str, str]:
        try:
            lines = (self.shipped / SUMS).read_text("utf-8")[:_MOST].splitlines()
        except (OSError, ValueError) as error:
            raise ManifestLost(str(error)) from error
        found = [_LINE.fullmatch(line) for line in lines]
        if not found or None in found:
            raise ManifestLost("a line is no digest and path")
        return {one[2]: one[1] for one in found if one is not None}

    def _of(self, path: str, wanted: str) -> Iterator[Wrong]:
        for how, at in self._wrongs(path, wanted):
            found = token(self.root / at.lstrip("/"))
            yield Wrong(part=part_of(path), how=how, path=path, at=at, found=found, wanted=wanted)

    def _wrongs(self, path: str, wanted: str) -> Iterator[tuple[How, str]]:
        found = token(self.root / path.lstrip("/"))
        if found == ABSENT:
            yield How.MISSING, path
        elif found != f"file-{wanted}" or self._open_to_others(path):
            yield How.CHANGED, path
        yield from self._before(path)
        if part_of(path) is Part.UNIT:
            yield from self._beside(os.path.basename(path))
            yield from self._not_started(path)

    def _open_to_others(self, path: str) -> bool:
        """Whether somebody else than root could write to it."""
        found = os.lstat(self.root / path.lstrip("/"))
        return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) or found.st_uid != os.geteuid()

    def _before(self, path: str) -> Iterator[tuple[How, str]]:
        """Files of the same name that count before ours."""
        for folder in _BEFORE.get(part_of(path), ()):
            other = self.root / folder / os.path.basename(path)
            if os.path.lexists(other) and not _is_ours(other, self.root / path.lstrip("/")):
                yield How.MASKED if _says_nothing(other) else How.OVERRIDDEN, self._told(other)

    def _beside(self, name: str) -> Iterator[tuple[How, str]]:
        """Files in a unit's folders that change what it does."""
        wide = f"{name.split('-')[0]}-.{name.rpartition('.')[2]}"
        for folder in _SYSTEMD:
            for beside in (name, wide):
                for file in sorted((self.root / folder / f"{beside}.d").glob("*.conf")):
                    if set(_KEY.findall(_text(file))) - _HARMLESS:
                        yield How.OVERRIDDEN, self._told(file)

    def _not_started(self, path: str) -> Iterator[tuple[How, str]]:
        name = os.path.basename(path)
        if name not in STARTED or not (self.root / "run/systemd/system").is_dir():
            return
        for target in _WANTED_BY.findall(_text(self.shipped / path.lstrip("/"))):
            links = [
                self.root / folder / f"{target}.wants" / name
                for folder in ("etc/systemd/system", "run/systemd/system", "lib/systemd/system")
            ]
            if not any(map(os.path.lexists, links)):
                yield How.DISABLED, self._told(links[0])

    def _told(self, path: Path) -> str:
        return f"/{path.relative_to(self.root)}"


def this_installation() -> Installed | None:
    """The package this process runs from; None if it runs from its source."""
    return Installed(shipped=HOME / "shipped") if Path(sys.prefix) == HOME else None


def part_of(path: str) -> Part:
    """What kind of part lies at a path."""
    return next((part for place, part in _PARTS if place in path), Part.OTHER)


def token(path: Path) -> str:
    """What lies there: ``absent``, ``file-`` or ``link-`` and a digest, or ``other``."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return f"link-{_digest(os.fsencode(os.readlink(path)))}"
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST:
            return "other"
        return f"file-{_digest(path.read_bytes())}"
    except FileNotFoundError:
        return ABSENT
    except OSError:
        return "other"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _text(path: Path) -> str:
    """A small file's text; nothing if there is none."""
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(_MOST).decode("utf-8", "replace")
    return ""


def _is_ours(other: Path, ours: Path) -> bool:
    """Whether a link in the system's own folder leads to our file, as ``enable`` makes them."""
    return other.is_symlink() and os.path.realpath(other) == os.path.realpath(ours)


def _says_nothing(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.path.realpath(path) == os.devnull or path.stat().st_size == 0
    return True  # a link that leads nowhere


def _locked(path: Path) -> bool:
    """Whether another process holds dpkg's lock; asking takes no lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        told: tuple[int, ...] = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        return told[0] != fcntl.F_UNLCK
    finally:
        os.close(descriptor)

"""The gate: which USB media the desktop may have, in files that udev and polkit look at.

    /etc/dossierwacht/usb-closed       the gate is closed: nothing on USB is anybody's until judged
    /run/dossierwacht/usb/17.unlock    the medium with sequence number 17 may be unlocked
    /run/dossierwacht/usb/18.mount     the medium with sequence number 18 may be mounted as it is

The kernel gives each medium a new sequence number when it comes (``diskseq``), so what was said of
one stick never holds for the next, nor for the next card in the same reader. The numbers begin anew
at each start of the machine, and so does ``/run``. ``unlock`` is all an encrypted stick gets: one
that shows a plain file system after it was judged cannot be mounted.

The rules in ``installer/udev`` and ``installer/polkit`` read these files and need no agent: while
it is down, what was not judged stays shut.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

CLOSED = Path("/etc/dossierwacht/usb-closed")
VERDICTS = Path("/run/dossierwacht/usb")
_NOTE = b"USB storage is withheld until the agent has judged it. Written by the agent.\n"


class Pass(StrEnum):
    """What the desktop may do with a medium."""

    UNLOCK = "unlock"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class Gate:
    """The two places; a test has others."""

    closed: Path = CLOSED
    verdicts: Path = VERDICTS

    def is_closed(self) -> bool:
        """Whether the rules of udev and polkit are in force."""
        return self.closed.exists()

    def set_closed(self, closed: bool) -> bool:
        """Close or open the gate; whether that was a change. Raises OSError."""
        if closed is self.is_closed():
            return False
        if closed:
            _write(self.closed, _NOTE)
        else:
            self.closed.unlink()
        _sync(self.closed.parent)
        return True

    def let_in(self, sequences: Iterable[int], how: Pass) -> None:
        """Give media a pass. Raises OSError."""
        _folder(self.verdicts)
        for number in sequences:
            other = Pass.MOUNT if how is Pass.UNLOCK else Pass.UNLOCK
            (self.verdicts / f"{number}.{other}").unlink(missing_ok=True)
            _write(self.verdicts / f"{number}.{how}", b"")

    def shut_out(self, sequences: Iterable[int]) -> None:
        """Take the passes of media away. Raises OSError."""
        for number in sequences:
            for how in Pass:
                (self.verdicts / f"{number}.{how}").unlink(missing_ok=True)

    def pass_of(self, sequence: int) -> Pass | None:
        """The pass a medium has."""
        held = (how for how in Pass if (self.verdicts / f"{sequence}.{how}").exists())
        return next(held, None)

    def passes(self) -> frozenset[int]:
        """The media that have a pass, or had one and are gone."""
        names = (file.name.partition(".") for file in self.verdicts.glob("*.*"))
        return frozenset(int(n) for n, _, how in names if how in tuple(Pass) and n.isdigit())

    def blocked(self) -> tuple[tuple[str, str], ...]:
        """The name and the place of each device that was switched off by the agent."""
        with suppress(OSError):
            return tuple((name, _text(self._off / name)) for name in sorted(os.listdir(self._off)))
        return ()

    def note_blocked(self, name: str, place: str) -> None:
        """Remember that a device was switched off by the agent and by nobody else. OSError.

        ``place`` tells it from the next one in the same port.
        """
        _folder(self.verdicts)
        _folder(self._off)
        _write(self._off / name, place.encode("ascii"))

    def forget_blocked(self, name: str) -> None:
        """The device is on again, or gone. OSError."""
        (self._off / name).unlink(missing_ok=True)

    def hold(self, name: str, process: int) -> bool:
        """Keep a device from being blocked while a process of root's lives. OSError.

        False if another process that lives holds it already.
        """
        _folder(self.verdicts)
        _folder(self._held)
        mine = f"{process} {_started(process)}"
        with _alone(self._held):
            if self.is_held(name) and _text(self._held / name) != mine:
                return False
            _write(self._held / name, mine.encode("ascii"))
        return True

    def let_go(self, name: str) -> None:
        """Let a device be blocked again. OSError."""
        (self._held / name).unlink(missing_ok=True)

    def is_held(self, name: str) -> bool:
        """Whether a process that still lives has asked for a device to be left alone."""
        process, _, started = _text(self._held / name).partition(" ")
        return bool(started) and process.isdigit() and _started(int(process)) == started

    def new_terms(self, terms: str) -> bool:
        """Keep the word for what verdicts rest on; whether it is another than before. OSError."""
        file = self.verdicts / "terms"
        if _text(file) == terms:
            return False
        _folder(self.verdicts)
        _write(file, terms.encode("ascii"))
        return True

    @property
    def _held(self) -> Path:
        return self.verdicts / "held"

    @property
    def _off(self) -> Path:
        return self.verdicts / "off"


def _folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: looking and writing are one step."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _started(process: int) -> str:
    """When a process began, in the kernel's ticks: a number that is given again is another one."""
    words = _text(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return words[19] if len(words) > 19 else ""


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: Path, text: bytes) -> None:
    """Everybody may read it: udev and polkit do, and polkit is nobody special."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(path, flags, 0o644)
    try:
        os.fchmod(file, 0o644)
        os.write(file, text)
        os.fsync(file)
    finally:
        os.close(file)


def _sync(folder: Path) -> None:
    """The name must survive a power cut: a gate that opens by itself would be worse than none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

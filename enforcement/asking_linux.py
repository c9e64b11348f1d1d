"""Linux: who waits for an answer of fanotify, what for, and what it has in its hands.

What a thread is about to do is read from the registers with which it entered the kernel, where it
waits until it is answered: those cannot be changed meanwhile. What cannot be told counts as
writing.
"""

import os
import platform
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CALLS = {"x86_64": {2: 1, 257: 2}, "aarch64": {56: 2}}.get(platform.machine(), {})
"""The calls that open a file, and which of their arguments holds the flags."""
_MOST_HANDS = 256
"""Open files of a program that are looked at, the last first: a copy's source is among them."""
_TRIES = 20
_PAUSE = 0.002
"""Seconds until a thread that was put on the queue has come to rest."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A thread waits to open a file for writing. ``file`` is a descriptor of that file until the
    answer, ``volume`` the number of the volume it lies on, ``process`` the process of the thread.
    """

    file: int
    volume: int
    process: int


@dataclass(frozen=True, slots=True)
class InHand:
    """A plain file that a process has open for reading; ``path`` is what the kernel calls it, no
    more than a hint. Whoever takes it closes ``descriptor``."""

    descriptor: int
    path: str
    status: os.stat_result


def opening(file: int, thread: int) -> Opening | None:
    """What is asked; None if it is no matter: root's own, only reading, or gone meanwhile."""
    try:
        told = _status(thread)
        uid, process = int(told["Uid"].split()[3]), int(told["Tgid"])
        volume = os.fstat(file).st_dev
    except (OSError, KeyError, ValueError, IndexError):
        return None
    if uid == 0 or _only_reads(thread):
        return None
    return Opening(file, volume, process)


def in_hand(asked: Opening) -> Iterator[InHand]:
    """The plain files of persons that a process has open for reading, on other volumes."""
    folder = _PROC / str(asked.process) / "fd"
    for number in _numbers(folder)[:_MOST_HANDS]:
        try:
            status = (folder / number).stat()
            if _is_a_persons(status, asked.volume) and _reads(asked.process, number):
                yield _taken(folder / number, status)
        except OSError:  # closed meanwhile, or not ours to open
            continue


def _taken(link: Path, status: os.stat_result) -> InHand:
    path = os.readlink(link)
    descriptor = os.open(link, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    return InHand(descriptor, path, status)


def _is_a_persons(status: os.stat_result, stick: int) -> bool:
    """Of root's files only those on another volume than the system's, as a share, may be."""
    if not stat.S_ISREG(status.st_mode) or not status.st_size or status.st_dev == stick:
        return False
    return status.st_uid != 0 or status.st_dev != os.stat("/").st_dev


def _reads(process: int, number: str) -> bool:
    told = _fields(_PROC / str(process) / "fdinfo" / number)
    return int(told.get("flags", "0"), 8) & os.O_ACCMODE != os.O_WRONLY


def _numbers(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), key=int, reverse=True)
    except (OSError, ValueError):
        return []


def _only_reads(thread: int) -> bool:
    """Whether the call in which a thread waits opens a file for nothing but reading."""
    for _ in range(_TRIES):
        words = _call(thread)
        if words != ["running"]:
            break
        time.sleep(_PAUSE)
    try:
        flags = int(words[1 + _CALLS[int(words[0])]], 16)
    except (KeyError, ValueError, IndexError):
        return False
    return flags & os.O_ACCMODE == os.O_RDONLY and not flags & os.O_TRUNC


def _call(thread: int) -> list[str]:
    try:
        return (_PROC / str(thread) / "syscall").read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def _status(thread: int) -> dict[str, str]:
    return _fields(_PROC / str(thread) / "status")


def _fields(file: Path) -> dict[str, str]:
    """Name and value of each line; only the kernel's own line feeds end one."""
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

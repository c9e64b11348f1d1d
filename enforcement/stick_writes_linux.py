"""Linux: fanotify's permission events, by ctypes, and which volumes they are asked for."""

import ctypes
import os
import select
import struct
from collections.abc import Iterator
from contextlib import suppress

from enforcement import durable, syscalls
from enforcement.asking_linux import InHand, Opening, in_hand, opening
from enforcement.leftover_linux import take_away

__all__ = ["InHand", "Opening", "StickWrites"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fanotify_mark.argtypes = (
    ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p,
)  # fmt: skip
_CLOEXEC, _NONBLOCK, _CLASS_CONTENT, _REPORT_TID = 0x1, 0x2, 0x4, 0x100
_MARK_ADD, _MARK_FILESYSTEM = 0x1, 0x100
_OPEN_PERM = 0x10000
_ALLOW, _DENY = 1, 2
_EVENT = struct.Struct("=IBBHQii")
_ANSWER = struct.Struct("=iI")
_BUFFER = 64 * 1024
_MOUNTS = "/proc/self/mountinfo"


class StickWrites:
    """Volumes whose writers wait. Raises OSError where the kernel or our rights do not allow it."""

    def __init__(self) -> None:
        flags = _CLOEXEC | _NONBLOCK | _CLASS_CONTENT | _REPORT_TID
        queue = _libc.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC)
        if queue < 0:
            raise OSError(ctypes.get_errno(), "fanotify cannot be had")
        self._queue = int(queue)
        self._mounts = open(_MOUNTS, "rb")  # noqa: SIM115
        self._poll = select.poll()
        self._poll.register(self._queue, select.POLLIN)
        self._poll.register(self._mounts, select.POLLPRI)

    def hold(self, path: str) -> int:
        """Hold the volume at a folder until it is unmounted, and give its number. OSError."""
        with durable.held(syscalls.open_plain(path, os.O_RDONLY | os.O_DIRECTORY)) as folder:
            flags = _MARK_ADD | _MARK_FILESYSTEM
            if _libc.fanotify_mark(self._queue, flags, _OPEN_PERM, folder, None) != 0:
                raise OSError(ctypes.get_errno(), "a volume cannot be held", path)
            return os.fstat(folder).st_dev

    def wait(self, seconds: float) -> tuple[list[Opening], bool]:
        """Who waits to write, and whether something was mounted or unmounted meanwhile.

        Everybody else who asked was let through. Waits at most ``seconds``.
        """
        ready = dict(self._poll.poll(seconds * 1000))
        asked = list(self._asked()) if self._queue in ready else []
        return asked, self._mounts.fileno() in ready

    def in_hand(self, asked: Opening) -> Iterator[InHand]:
        """What the one who waits has open for reading and what no stick holds."""
        return in_hand(asked)

    def answer(self, asked: Opening, *, allowed: bool) -> None:
        """Let it go on, or refuse it: then a new file that it leaves empty is taken away."""
        if not allowed:
            take_away(asked.file)
        self._say(asked.file, _ALLOW if allowed else _DENY)

    def close(self) -> None:
        """Let everything go."""
        self._mounts.close()
        os.close(self._queue)

    def _asked(self) -> Iterator[Opening]:
        with suppress(BlockingIOError):
            for file, thread in _events(os.read(self._queue, _BUFFER)):
                found = opening(file, thread)
                if found is None:
                    self._say(file, _ALLOW)
                else:
                    yield found

    def _say(self, file: int, word: int) -> None:
        """An answer to somebody who died meanwhile is refused by the kernel, and is no matter."""
        with suppress(FileNotFoundError):
            os.write(self._queue, _ANSWER.pack(file, word))
        os.close(file)


def _events(packet: bytes) -> Iterator[tuple[int, int]]:
    """The descriptor and the thread of each question in what was read from the queue."""
    at = 0
    while at < len(packet):
        length, _, _, _, _, file, thread = _EVENT.unpack_from(packet, at)
        if file >= 0:
            yield file, thread
        at += length

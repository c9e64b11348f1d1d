"""fanotify on Linux (5.9 or newer, as root), by ctypes: one mark watches a whole file system.

The kernel names the folder of each event by a handle, which has to be turned into a path by
``open_by_handle_at``. That is done once for each folder and remembered, also for the many folders
that do not lie beneath a root; when any folder is renamed, all of it is forgotten. A path from here
is a hint and no more: it is opened by nobody but the walk, which trusts no path.

No folder is kept open, since that would keep a drive from being unmounted.
"""

import ctypes
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from collectors.folders.changes import Changes
from collectors.folders.opening_linux import open_root

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fanotify_mark.argtypes = (
    ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p,
)  # fmt: skip

_CLOEXEC, _NONBLOCK, _REPORT_DIR_FID, _REPORT_NAME = 0x1, 0x2, 0x400, 0x800
_MARK_ADD, _MARK_FILESYSTEM = 0x1, 0x100
_CLOSE_WRITE, _MOVED_TO, _CREATE, _OVERFLOW, _ONDIR = 0x8, 0x80, 0x100, 0x4000, 0x40000000
_WANTED = _CLOSE_WRITE | _MOVED_TO | _CREATE | _ONDIR
_EVENT = struct.Struct("=IBBHQii")
_INFO = struct.Struct("=BxHQIi")
_DFID_NAME = 2
_EMPTY_PATH = 0x1000
_LARGEST_HANDLE = 128
_BUFFER = 256 * 1024
_REMEMBERED = 20_000
"""Folders whose paths are remembered; an entry takes some 300 bytes."""
_MOUNTS = "/proc/self/mountinfo"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to ``name`` in the folder that ``handle`` stands for."""

    mask: int
    fsid: int = 0
    handle: bytes = b""
    name: bytes = b""


@dataclass(slots=True)
class _Folders:
    """Roots by the file system they lie on, and what is remembered of the folders in it."""

    roots: dict[str, int] = field(default_factory=dict)
    paths: dict[tuple[int, bytes], tuple[bytes, ...]] = field(default_factory=dict)


class Fanotify:
    """Tells ``Changes`` of files beneath folders, and of mounts anywhere.

    Raises OSError where the kernel does not allow it.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._queue = _begin()
        self._lock = threading.Lock()
        self._folders = _Folders()
        self._end, self._ended = os.pipe()
        self._open = True
        self._thread = threading.Thread(target=self._follow, name="folders-fanotify", daemon=True)
        self._thread.start()

    def add(self, folder: str) -> bool:
        """Watch the file system of a folder for what happens beneath the folder; false if its
        kind of file system cannot be watched as a whole. Raises OSError if it is not there."""
        descriptor = open_root(folder)
        try:
            if not _has_handles(descriptor) or not _mark(self._queue, descriptor):
                return False
            fsid = os.fstatvfs(descriptor).f_fsid
        finally:
            os.close(descriptor)
        with self._lock:
            self._folders = _Folders({**self._folders.roots, folder: fsid})
        return True

    def drop(self, folder: str) -> None:
        """No more events from beneath this folder."""
        with self._lock:
            left = {path: fsid for path, fsid in self._folders.roots.items() if path != folder}
            self._folders = _Folders(left)

    def works(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        os.write(self._ended, b".")
        self._thread.join(10)
        for descriptor in (self._queue, self._end, self._ended):
            os.close(descriptor)

    def _follow(self) -> None:
        """However this ends, it wakes whoever waits for changes that will not come any more."""
        try:
            self._block()
        finally:
            self._changes.lose()

    def _block(self) -> None:
        """Block until something happens; the table of mounts asks for attention out of band."""
        with open(_MOUNTS, "rb") as mounts:
            poll = select.poll()
            poll.register(self._queue, select.POLLIN)
            poll.register(self._end, select.POLLIN)
            poll.register(mounts, select.POLLPRI)
            while True:
                ready = dict(poll.poll())
                if self._end in ready:
                    return
                if mounts.fileno() in ready:
                    self._changes.stir()
                if self._queue in ready:
                    with suppress(BlockingIOError):
                        self._tell(os.read(self._queue, _BUFFER))

    def _tell(self, packet: bytes) -> None:
        with self._lock:
            folders = self._folders
        for event in events(packet):
            if event.mask & _OVERFLOW:
                self._changes.lose()
            if event.mask & _MOVED_TO and event.mask & _ONDIR:
                folders.paths.clear()
            if event.mask & (_CLOSE_WRITE | _MOVED_TO) or not event.mask & _ONDIR:
                complete = bool(event.mask & (_CLOSE_WRITE | _MOVED_TO))
                for folder in _paths(folders, event):
                    self._changes.note(os.fsdecode(folder + b"/" + event.name), complete)


def events(packet: bytes) -> Iterator[Event]:
    """The events in what was read from the queue."""
    at = 0
    while at < len(packet):
        length, _, _, header, mask, _, _ = _EVENT.unpack_from(packet, at)
        place = at + header
        if mask & _OVERFLOW or length == header:
            yield Event(mask & _OVERFLOW)
        elif packet[place] == _DFID_NAME:
            _, size, fsid, handle, _ = _INFO.unpack_from(packet, place)
            begin = place + _INFO.size - 8
            name = packet[begin + 8 + handle : place + size].split(b"\0", 1)[0]
            yield Event(mask, fsid, packet[begin : begin + 8 + handle], name)
        at += length


def _paths(folders: _Folders, event: Event) -> tuple[bytes, ...]:
    """The folder of an event as it is called beneath each root; empty if it lies elsewhere."""
    key = (event.fsid, event.handle)
    known = folders.paths.get(key)
    if known is None:
        if len(folders.paths) >= _REMEMBERED:
            folders.paths.clear()
        known = tuple({path for root in folders.roots if (path := _beneath(root, event, folders))})
        folders.paths[key] = known
    return known


def _beneath(root: str, event: Event, folders: _Folders) -> bytes | None:
    if event.fsid != folders.roots[root]:
        return None
    path, own = _path(root, event.handle), os.fsencode(root)
    within = path is not None and (path == own or path.startswith(own.rstrip(b"/") + b"/"))
    return path if within else None


def _path(root: str, handle: bytes) -> bytes | None:
    """The path of a folder by its handle, as seen from the mount that a root lies on."""
    try:
        mount = open_root(root)
    except OSError:
        return None
    try:
        folder = _libc.open_by_handle_at(mount, handle, os.O_PATH | os.O_CLOEXEC)
    finally:
        os.close(mount)
    if folder < 0:
        return None
    try:
        return os.readlink(b"/proc/self/fd/%d" % folder)
    finally:
        os.close(folder)


def _begin() -> int:
    flags = _CLOEXEC | _NONBLOCK | _REPORT_DIR_FID | _REPORT_NAME
    queue = _libc.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC)
    if queue < 0:
        raise OSError(ctypes.get_errno(), "fanotify cannot be had")
    return int(queue)


def _mark(queue: int, descriptor: int) -> bool:
    flags = _MARK_ADD | _MARK_FILESYSTEM
    return bool(_libc.fanotify_mark(queue, flags, _WANTED, descriptor, None) == 0)


def _has_handles(descriptor: int) -> bool:
    """Whether folders here have handles, and we the right to turn one into a folder."""
    buffer = ctypes.create_string_buffer(
        struct.pack("=Ii", _LARGEST_HANDLE, 0), 8 + _LARGEST_HANDLE
    )
    mount = ctypes.c_int()
    if _libc.name_to_handle_at(descriptor, b"", buffer, ctypes.byref(mount), _EMPTY_PATH) != 0:
        return False
    folder = _libc.open_by_handle_at(descriptor, buffer, os.O_PATH | os.O_CLOEXEC)
    if folder < 0:
        return False
    os.close(folder)
    return True

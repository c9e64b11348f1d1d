"""Watches folders in the best way that can be had, each: the whole file system by fanotify, which
costs nothing to set up and takes no notice of how many folders there are, or else with watchdog.

When events are lost either way, a sweep makes up for it.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.folders import fanotify
from collectors.folders.changes import Changes

if TYPE_CHECKING:
    from collectors.folders.by_watchdog import ByWatchdog

_MOST_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


class Way(StrEnum):
    """How folders are watched."""

    NONE = "none"
    FANOTIFY = "fanotify"
    WATCHDOG = "watchdog"
    BOTH = "both"


class Watch:
    """Watches any number of folders for ``Changes``. ``whole`` false: never by fanotify."""

    def __init__(self, changes: Changes, whole: bool = True) -> None:
        self._changes = changes
        self._fanotify = _by_fanotify(changes) if whole else None
        self._watchdog: ByWatchdog | None = None
        self._ways: set[Way] = set()

    def add(self, folder: str) -> None:
        """Watch a folder and all below it. Raises OSError if it cannot be watched in any way."""
        if self._fanotify is not None and self._fanotify.add(folder):
            self._ways.add(Way.FANOTIFY)
            return
        self._fall_back().add(folder)
        self._ways.add(Way.WATCHDOG)

    def drop(self, folder: str) -> None:
        """A folder is no more; its watch went with it."""
        if self._fanotify is not None:
            self._fanotify.drop(folder)

    def way(self) -> Way:
        """How the folders that were added are watched."""
        return Way.BOTH if len(self._ways) > 1 else next(iter(self._ways), Way.NONE)

    def most_folders(self) -> int | None:
        """How many folders one user may watch; what is beyond it watchdog leaves out, unsaid."""
        if self._watchdog is None:
            return None
        try:
            return int(_MOST_WATCHES.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def tells_of_mounts(self) -> bool:
        """Whether ``Changes`` is stirred when something is mounted, so that nobody need look."""
        return self._fanotify is not None

    def works(self) -> bool:
        """Whether every part of it still lives."""
        parts = [part for part in (self._fanotify, self._watchdog) if part is not None]
        return all(part.works() for part in parts)

    def close(self) -> None:
        for part in (self._fanotify, self._watchdog):
            if part is not None:
                part.close()

    def _fall_back(self) -> "ByWatchdog":
        if self._watchdog is None:
            from collectors.folders.by_watchdog import ByWatchdog

            self._watchdog = ByWatchdog(self._changes)
        return self._watchdog


def _by_fanotify(changes: Changes) -> "fanotify.Fanotify | None":
    try:
        return fanotify.Fanotify(changes)
    except OSError:
        return None

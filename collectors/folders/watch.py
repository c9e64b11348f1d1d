"""Watches folders with ``watchdog`` and gathers what changed until it has been quiet for a moment.

watchdog is told which events count. With its defaults it also reports every opening of a file, its
own included, and above some eight thousand folders it then overflows its queue, walks again and
never ends. When events are lost all the same, or too many wait, a sweep makes up for it.
"""

import logging
import os
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

QUIET = 1.0
"""Seconds without a change after which a file is judged."""

LONGEST = 60.0
"""Seconds after which a file is judged although it goes on changing."""

MOST_WAITING = 20_000
"""Changed files that may wait; beyond it a sweep is cheaper."""

_EVENTS = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
_WATCHDOG = "watchdog.observers"
_MOST_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


class Changes:
    """Paths that changed, each until it has been quiet. Safe between threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[float, float]] = {}
        self._lost = False

    def note(self, path: str) -> None:
        """A file or folder changed."""
        now = self._monotonic()
        with self._lock:
            first, _ = self._waiting.get(path, (now, now))
            self._waiting[path] = (first, now)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._lost = True

    def lose(self) -> None:
        """Events were lost: only a sweep can tell what changed."""
        with self._lock:
            self._lost = True

    def take(self) -> list[str]:
        """The paths that are due, oldest first."""
        now = self._monotonic()
        with self._lock:
            due = [
                path
                for path, (first, last) in self._waiting.items()
                if now - last >= QUIET or now - first >= LONGEST
            ]
            for path in due:
                del self._waiting[path]
        return due

    def lost(self) -> bool:
        """Whether events were lost since this was last asked."""
        with self._lock:
            lost, self._lost = self._lost, False
        return lost


class Watch:
    """Watches any number of folders for ``Changes``."""

    def __init__(self, changes: Changes) -> None:
        # watchdog warns of a folder it came to watch twice, which is harmless, and names the path.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._changes = changes
        self._observer = Observer()
        self._log = _Overflow(changes)
        logging.getLogger(_WATCHDOG).addHandler(self._log)
        self._observer.start()
        self._threads: set[threading.Thread] = set()

    def add(self, folder: str) -> None:
        """Watch a folder and all below it. Raises OSError at a limit of the kernel."""
        self._observer.schedule(
            _Listener(self._changes), folder, recursive=True, event_filter=_EVENTS
        )
        self._threads.update(
            thread
            for thread in threading.enumerate()
            if type(thread).__module__.startswith(_WATCHDOG)
        )

    def works(self) -> bool:
        """Whether all threads of watchdog still live; one that died says nothing of it."""
        return all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        logging.getLogger(_WATCHDOG).removeHandler(self._log)
        self._observer.stop()
        with suppress(RuntimeError):
            self._observer.join(10)


def most_watches() -> int | None:
    """How many folders one user may watch; what is beyond it watchdog leaves out, unsaid."""
    try:
        return int(_MOST_WATCHES.read_text("ascii"))
    except (OSError, ValueError):
        return None


class _Listener(FileSystemEventHandler):
    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def dispatch(self, event: FileSystemEvent) -> None:
        moved = isinstance(event, FileMovedEvent | DirMovedEvent) and event.dest_path
        self._changes.note(os.fsdecode(event.dest_path if moved else event.src_path))


class _Overflow(logging.Handler):
    """watchdog tells of lost events in its log only."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(logging.WARNING)
        self._changes = changes

    def emit(self, record: logging.LogRecord) -> None:
        self._changes.lose()

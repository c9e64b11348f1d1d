"""Watches folders with ``watchdog``, where the kernel's own way to watch a file system is not to be
had: without root, on other systems, on file systems that cannot be watched as a whole.

watchdog is told which events count. With its defaults it also reports every opening of a file, its
own included, and above some eight thousand folders it then overflows its queue, walks again and
never ends. It is loaded only where it is needed.
"""

import logging
import os
import threading
import warnings
from contextlib import suppress

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

from collectors.folders.changes import Changes

_EVENTS = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
_WATCHDOG = "watchdog.observers"


class ByWatchdog:
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


class _Listener(FileSystemEventHandler):
    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def dispatch(self, event: FileSystemEvent) -> None:
        moved = isinstance(event, FileMovedEvent | DirMovedEvent) and event.dest_path
        path = os.fsdecode(event.dest_path if moved else event.src_path)
        self._changes.note(path, complete=bool(moved) or isinstance(event, FileClosedEvent))


class _Overflow(logging.Handler):
    """watchdog tells of lost events in its log only."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(logging.WARNING)
        self._changes = changes

    def emit(self, record: logging.LogRecord) -> None:
        self._changes.lose()

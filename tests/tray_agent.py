"""An agent for the tray to ask: the real control socket and the real watchers, a status at will."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.control_server import Caller, ControlServer, Refused
from agent.watchers import Watchers

FINE: dict[str, Any] = {
    "state": "fine",
    "mode": "enforce",
    "language": "nl",
    "pending": 3,
    "contact": {"name": "Mevr. De Wit", "phone": "012-3456789", "mail": ""},
    "messages": [],
    "lock_in_seconds": None,
}


class StatusAgent:
    """Can be stopped and started again; its ``status`` may be changed while it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = dict(FINE)
        self.asked = 0
        self.walked = threading.Event()
        self.keys: list[str] = []
        self.watchers = Watchers(status=self._status)
        self.server: ControlServer | None = None
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        self.stopping = threading.Event()
        self.watchers = Watchers(status=self._status)
        answers = {
            "watch": self._watch,
            "status": self._status,
            "walk-away": self._walk,
            "mine-key": self._key,
        }
        self.server = ControlServer(self.path, answers, lambda _: set(answers))
        self.server.start()
        self.thread = threading.Thread(target=self.watchers.keep, args=(self.stopping,))
        self.thread.start()

    def stop(self) -> None:
        if self.server is not None and self.thread is not None:
            self.stopping.set()
            self.server.close()
            self.thread.join(10)
            self.server = None

    def place(self) -> str | None:
        """What the tray says of its icon."""
        return self.watchers.place_of(os.getuid())

    def _watch(self, caller: Caller, given: Mapping[str, Any]) -> Any:
        self.asked += 1
        return self.watchers.watch(caller, given)

    def _walk(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.walked.set()
        raise Refused("no", "not today")

    def _key(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.keys.append(str(given["key"]))
        return {}

    def _status(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.status

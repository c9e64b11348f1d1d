"""Who waits at the control socket to be told of a change: the tray, which so need not ask again.

A caller that waits takes neither a thread nor a place among those who ask
(``agent.control_server``). One look a second serves all of them, and only while somebody waits.
Whoever comes when every place is taken gets one, and the one who waited longest is answered early:
it can ask again, so nobody is ever kept out, however many somebody else has waiting.
"""

import contextlib
import hashlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agent.control_server import Caller, Later

TURN = 1.0
"""Seconds between two looks; so often a screen that is about to lock is told of as well."""
LONGEST_WAIT = 300.0
"""Seconds after which a caller is answered though nothing changed."""
MOST = 64
MOST_OF_ONE = 4
"""Callers of one user who may wait at once."""
REMEMBERED = 60.0
"""Seconds for which an answered tray counts as there; it asks again at once."""
PLACES = ("panel", "none")
"""What a tray can say of its icon."""
SHOWN = (
    "state",
    "mode",
    "language",
    "pending",
    "contact",
    "override",
    "messages",
    "lock_in_seconds",
    "lost",
    "notice_unread",
)
"""What a change is told of; a laptop's other facts change without anybody having to look."""

Status = Callable[[Caller, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(kw_only=True)
class _Waiting:
    """One caller that waits."""

    caller: Caller
    connection: socket.socket
    revision: str
    until: float

    def gone(self) -> bool:
        """Whether it hung up, or says more than a waiting caller has to say."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(0))

    def answer(self, answer: Mapping[str, Any]) -> None:
        """Answer and hang up; one that does not take it loses it."""
        with self.connection, contextlib.suppress(OSError):
            self.connection.setblocking(False)
            self.connection.send(json.dumps(answer).encode("utf-8") + b"\n")


@dataclass(kw_only=True)
class Watchers:
    """Answers the question ``watch``."""

    status: Status
    seen: dict[int, tuple[str, float]] = field(default_factory=dict)
    _waiting: list[_Waiting] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def watch(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any] | Later:
        """The status when it is another than that of ``revision``, or after ``wait`` seconds.

        ``place`` says whether the asking tray found room for its icon.
        """
        self._note(caller.uid, given.get("place"))
        answer = self._answer(caller)
        if given.get("revision") != answer["revision"]:
            return answer
        wait = given.get("wait", LONGEST_WAIT)
        seconds = float(wait) if isinstance(wait, int | float) and wait > 0 else 0.0
        until = time.monotonic() + min(seconds, LONGEST_WAIT)
        return Later(partial(self._take, caller, answer["revision"], until))

    def place_of(self, uid: int) -> str | None:
        """What a user's tray last said of its place; None if none runs."""
        with self._lock:
            waits = any(one.caller.uid == uid for one in self._waiting)
            place, at = self.seen.get(uid, (None, 0.0))
            return place if waits or time.monotonic() - at < REMEMBERED else None

    def keep(self, stop: threading.Event) -> None:
        """Look until told to stop, then let everybody go."""
        while not stop.wait(TURN):
            self.look()
        with self._lock:
            self._closed = True
            for one in self._waiting:
                one.connection.close()
            self._waiting.clear()

    def look(self) -> None:
        """Answer whom there is something to tell, and forget who went away."""
        with self._lock:
            waiting = list(self._waiting)
        if not waiting:
            return
        # Each is told their own, and it is looked up once for all trays of one user.
        answers = {one.caller.uid: self._answer(one.caller) for one in waiting}
        now = time.monotonic()
        for one in waiting:
            answer = answers[one.caller.uid]
            if one.gone():
                self._forget(one)
            elif one.revision != answer["revision"] or now >= one.until:
                self._let_go(one, answer)

    def _answer(self, caller: Caller) -> dict[str, Any]:
        status = self.status(caller, {})
        shown = json.dumps({word: status.get(word) for word in SHOWN}, sort_keys=True)
        return {**status, "revision": hashlib.sha256(shown.encode()).hexdigest()[:16]}

    def _note(self, uid: int, place: object) -> None:
        """Remember what a tray says of its place, and forget trays of long ago."""
        now = time.monotonic()
        with self._lock:
            waits = {one.caller.uid for one in self._waiting}
            for old, (_, at) in list(self.seen.items()):
                if old not in waits and now - at >= REMEMBERED:
                    del self.seen[old]
            if isinstance(place, str) and place in PLACES:
                self.seen[uid] = (place, now)

    def _take(self, caller: Caller, revision: str, until: float, connection: socket.socket) -> None:
        """Let a caller wait, in the place of the one who waited longest if there is no other."""
        one = _Waiting(caller=caller, connection=connection, revision=revision, until=until)
        with self._lock:
            if self._closed:
                connection.close()
                return
            early = self._in_the_way(caller.uid)
            self._waiting.append(one)
        if early is not None:
            self._let_go(early, self._answer(early.caller))

    def _in_the_way(self, uid: int) -> _Waiting | None:
        own = [one for one in self._waiting if one.caller.uid == uid]
        if len(own) >= MOST_OF_ONE:
            return own[0]
        return self._waiting[0] if len(self._waiting) >= MOST else None

    def _let_go(self, one: _Waiting, answer: Mapping[str, Any]) -> None:
        with self._lock:
            if one not in self._waiting:
                return
            self._waiting.remove(one)
            place, _ = self.seen.get(one.caller.uid, (None, 0.0))
            if place is not None:
                self.seen[one.caller.uid] = (place, time.monotonic())
        one.answer(answer)

    def _forget(self, one: _Waiting) -> None:
        with self._lock:
            if one in self._waiting:
                self._waiting.remove(one)
            if all(other.caller.uid != one.caller.uid for other in self._waiting):
                self.seen.pop(one.caller.uid, None)
        one.connection.close()

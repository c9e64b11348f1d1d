"""Our side of the worker: hand it a descriptor, get a checked verdict, replace it when it fails.

A worker is started when the first file is to be judged, ends by itself when idle, and is replaced
after a thousand documents, so that nothing a document left behind lives long. A document that takes
too long or too much memory costs the worker its life and gets the verdict ``unreadable``, reason
``limit``; one that breaks the worker gets ``worker-fault``. Neither is tried again until the file
changes.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial

from collectors.recognise.budget import Limits
from collectors.recognise.explanation import Explanation
from collectors.recognise.message import (
    LARGEST,
    LARGEST_EXPLAINED,
    Layers,
    Misfit,
    Why,
    read_answer,
    read_explained,
    read_hello,
    request,
)
from collectors.recognise.rules.own import OwnRules
from collectors.recognise.spawn import Child, spawn
from collectors.recognise.verdict import Reason, Verdict, unreadable

USER = "dossierwacht-worker"
"""The account a worker changes to when the agent runs as root; ``nobody`` if there is none."""

WALL = 40.0
"""Seconds that one document may take."""

START = 30.0
"""Seconds that a worker may take to start."""

DOCUMENTS = 1000
IDLE = 60.0
LARGEST_FILE = Limits().file

Spawn = Callable[[str, float], Child]
Explained = tuple[Verdict, Explanation | None]
Read = Callable[[bytes], Explained]


def _plain(packet: bytes) -> Explained:
    return read_answer(packet), None


class WorkerError(Exception):
    """No worker can be started; recognition is not possible at all."""


class Recogniser:
    """One worker at a time. Safe to share between threads; files are judged one after another."""

    def __init__(
        self,
        *,
        user: str = USER,
        wall: float = WALL,
        idle: float = IDLE,
        documents: int = DOCUMENTS,
        start: Spawn = spawn,
        read: Read = _plain,
    ) -> None:
        self._user = user
        self._wall = wall
        self._idle = idle
        self._documents = documents
        self._start = start
        self._read = read
        self._child: Child | None = None
        self._served = 0
        self._lock = threading.Lock()
        self.layers: Layers | None = None
        """What holds the worker, as the last one said; None before the first file."""

    def judge(self, descriptor: int, today: date, largest: int = LARGEST_FILE) -> Verdict:
        """The verdict on an open file, read from its beginning. The descriptor stays open.

        A file of more than ``largest`` bytes is not read, unless its kind holds no text anyway.

        Raises WorkerError if no worker can be started.
        """
        return self._judge(descriptor, request(today, largest), self._read)[0]

    def explain(
        self, descriptor: int, today: date, show: bool = False, largest: int = LARGEST_FILE
    ) -> Explained:
        """The verdict on an open file and why, without an explanation if the worker failed.

        With ``show`` the explanation holds excerpts of the file: for a person who asked for them,
        never for the agent. Raises WorkerError if no worker can be started.
        """
        wanted = request(today, largest, Why.EXCERPTS if show else Why.WORDS)
        return self._judge(descriptor, wanted, lambda packet: read_explained(packet, show))

    def abandon(self) -> None:
        """Kill the worker while another thread waits for it, which then has its answer."""
        child = self._child
        if child is not None:
            child.process.kill()

    def close(self) -> None:
        """End the worker. A later ``judge`` starts another."""
        with self._lock:
            self._drop()

    def _judge(self, descriptor: int, wanted: bytes, read: Read) -> Explained:
        with self._lock:
            for _ in range(2):
                said = self._ask(descriptor, wanted, read)
                if said is not None:
                    return said
            return unreadable(Reason.WORKER_FAULT), None

    def _ask(self, descriptor: int, wanted: bytes, read: Read) -> Explained | None:
        """A verdict, or None if the worker had ended for want of work before it was asked."""
        child = self._ready()
        try:
            socket.send_fds(child.socket, [wanted], [descriptor])
            packet = child.socket.recv(LARGEST_EXPLAINED + 1)
        except TimeoutError:
            self._drop(kill=True)
            return unreadable(Reason.LIMIT), None
        except OSError:
            return self._buried()
        if not packet:
            return self._buried()
        self._served += 1
        return self._checked(packet, read)

    def _checked(self, packet: bytes, read: Read) -> Explained:
        try:
            return read(packet)
        except Misfit:
            self._drop(kill=True)
            return unreadable(Reason.WORKER_FAULT), None

    def _buried(self) -> Explained | None:
        """What to make of a worker that is gone: it ended quietly, took too much, or broke."""
        child, self._child = self._child, None
        if child is None:
            return None
        if child.died_of_time() or child.died_of_memory():
            return unreadable(Reason.LIMIT), None
        return None if child.end() == 0 else (unreadable(Reason.WORKER_FAULT), None)

    def _ready(self) -> Child:
        child = self._child
        if child is not None and (self._served >= self._documents or child.gone()):
            self._drop()
        if self._child is None:
            self._child = self._begin()
            self._served = 0
        return self._child

    def _begin(self) -> Child:
        try:
            child = self._start(self._user, self._idle)
        except OSError as error:
            raise WorkerError(f"no recognition worker can be started: {error}") from error
        try:
            child.socket.settimeout(START)
            self.layers = read_hello(child.socket.recv(LARGEST + 1))
            child.socket.settimeout(self._wall)
        except (OSError, Misfit) as error:
            code = child.end(kill=True)
            raise WorkerError(f"a recognition worker did not start (exit code {code})") from error
        return child

    def _drop(self, kill: bool = False) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(OSError):
                child.end(kill)


def recogniser_for(own: OwnRules) -> Recogniser:
    """One whose workers go by the organisation's own rules too."""
    return Recogniser(start=partial(spawn, own=own.packet()))

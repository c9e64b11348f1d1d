"""Writes of many requests in one transaction: a disk confirms a hundred as fast as one.

Each caller still waits until its own work is on the disk. Whoever finds nobody writing takes what
has gathered, runs each work in a savepoint of its own, and commits once for all; meanwhile the
next ones gather. A work that is refused leaves nothing behind and takes no other with it. If the
COMMIT fails it fails for all, and none is answered for.

With SQLite and with PostgreSQL there is one writer at a time (``engine``), so nobody is held up by
sharing a transaction who would not have waited for his own.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from server_stub.errors import StoreError
from server_stub.storage.store import Store, said_plainly

MOST = 64
"""Works in one transaction; a command on the terminal waits for one of these."""
T = TypeVar("T")
End = Callable[[], Any]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A work and its caller, who sleeps until it is done or has to write himself."""

    work: Callable[[Connection], Any]
    end: End | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


class Together:
    """Writes to a store that share their commits."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._somebody_writes = False

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction, perhaps with others; returns after COMMIT. Raises what
        ``work`` raises, and StoreError."""
        mine = _Waiting(work)
        mine.turn.acquire()
        with self._lock:
            self._queue.append(mine)
            waits, self._somebody_writes = self._somebody_writes, True
        if waits:
            mine.turn.acquire()
        if mine.end is None:
            self._write_first()
        assert mine.end is not None  # whoever is woken without it wrote, his own work first
        done: T = mine.end()
        return done

    def _write_first(self) -> None:
        """Do the works that came first, and wake who is next to write, and who waited for these."""
        with self._lock:
            some = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
        try:
            ends = self._store.write(lambda connection: [_tried(connection, w.work) for w in some])
        except BaseException as error:
            ends = [_raiser(error)] * len(some)
        with self._lock:
            self._somebody_writes = bool(self._queue)
            if self._queue:
                self._queue[0].turn.release()
        for waiting, end in zip(some, ends, strict=True):
            waiting.end = end
            waiting.turn.release()


def _tried(connection: Connection, work: Callable[[Connection], Any]) -> End:
    """Run one work; what it came to, to be told once all is committed."""
    connection.exec_driver_sql("SAVEPOINT one")
    try:
        with said_plainly():
            value = work(connection)
    except Exception as error:
        _take_back(connection)
        return _raiser(error)
    connection.exec_driver_sql("RELEASE one")
    return lambda: value


def _take_back(connection: Connection) -> None:
    """Undo one work. Raises StoreError where the database is gone: then it is so for all."""
    try:
        connection.exec_driver_sql("ROLLBACK TO one")
        connection.exec_driver_sql("RELEASE one")
    except (DBAPIError, InvalidRequestError) as lost:
        raise StoreError("the database went away in the middle of a transaction") from lost


def _raiser(error: BaseException) -> End:
    def end() -> None:
        raise error

    return end

"""Remembers which files were judged, so that an unchanged one is not read again.

A row holds no path: the key is a keyed digest (HMAC-SHA256, 128 bits) of it, and the key lies in
the same folder, readable by the agent alone. Beside it stand the time stamps, size and inode that
tell a change, the detector's version and one word. It is a cache: a damaged one is thrown away and
costs a sweep.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from collectors.recognise.verdict import DETECTOR

KEY_FILE = "files.key"
INDEX_FILE = "files.index"
_KEY_LENGTH = 32
_EVERY = 256
"""Rows between two commits."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    path BLOB PRIMARY KEY, mtime_ns INTEGER, ctime_ns INTEGER, size INTEGER, inode INTEGER,
    detector INTEGER, word TEXT, sweep INTEGER
) WITHOUT ROWID
"""


class Index:
    """Not to be shared between threads."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._key = key
        self._open = 0
        self._sweep = 0
        self._database = _database(file)

    def word(self, path: str, status: os.stat_result) -> str | None:
        """The word kept for a file that has not changed since, or None."""
        row = self._database.execute(
            "SELECT word, sweep FROM seen WHERE path=? AND mtime_ns=? AND ctime_ns=? AND size=?"
            " AND inode=? AND detector=?",
            (self._digest(path), *_stamps(status), DETECTOR),
        ).fetchone()
        if row is None:
            return None
        if row[1] != self._sweep:
            self._write("UPDATE seen SET sweep=? WHERE path=?", (self._sweep, self._digest(path)))
        return str(row[0])

    def keep(self, path: str, status: os.stat_result, word: str) -> None:
        """Keep a word for a file as it was when it was judged."""
        self._write(
            "INSERT OR REPLACE INTO seen VALUES (?,?,?,?,?,?,?,?)",
            (self._digest(path), *_stamps(status), DETECTOR, word, self._sweep),
        )

    @contextmanager
    def sweep(self, whole: Callable[[], bool]) -> Iterator[None]:
        """A look at every file there is. At its end rows of files that are no more are dropped,
        if ``whole`` says that it was not cut short."""
        (last,) = self._database.execute("SELECT coalesce(max(sweep), 0) FROM seen").fetchone()
        self._sweep = int(last) + 1
        yield
        if whole():
            self._write("DELETE FROM seen WHERE sweep<>?", (self._sweep,))
        self.commit()

    def commit(self) -> None:
        """Write down what was kept."""
        self._database.commit()
        self._open = 0

    def close(self) -> None:
        self.commit()
        self._database.close()

    def _digest(self, path: str) -> bytes:
        return hmac.digest(self._key, os.fsencode(path), "sha256")[:16]

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        self._database.execute(statement, values)
        self._open += 1
        if self._open >= _EVERY:
            self.commit()


def open_index(folder: Path) -> Index:
    """The index in the agent's state folder, with its key; both are made if need be."""
    return Index(folder / INDEX_FILE, _key(folder / KEY_FILE))


def open_index_file(file: Path) -> Index:
    """An index in a file of its own, with its key beside it."""
    return Index(file, _key(file.with_name(f"{file.name}.key")))


def discard_index(folder: Path) -> None:
    """Throw a damaged index away."""
    _remove(folder / INDEX_FILE)


def _key(file: Path) -> bytes:
    with suppress(FileNotFoundError):
        key = file.read_bytes()
        if len(key) == _KEY_LENGTH:
            return key
        file.unlink()
    key = secrets.token_bytes(_KEY_LENGTH)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as target:
        target.write(key)
    return key


def _database(file: Path) -> sqlite3.Connection:
    try:
        return _connect(file)
    except sqlite3.DatabaseError:
        _remove(file)
        return _connect(file)


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def _connect(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    database = sqlite3.connect(file)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(_SCHEMA)
        database.execute("SELECT word, sweep, ctime_ns FROM seen LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _stamps(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

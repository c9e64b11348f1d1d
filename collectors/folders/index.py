"""Remembers which files were judged and how, so that an unchanged one is not read again.

A row holds no path and no name: it stands under a keyed digest (HMAC-SHA256, 63 bits) of its folder
and the file's inode; the key lies beside it, readable by the agent alone. With it stand the time
stamps and size that tell a change, and the verdict in closed words. Rows of one folder lie together
and are read in one go as a sweep comes past, which is what makes a sweep over unchanged files cost
little more than listing them; such a sweep writes nothing. It is a cache: a damaged one, or one of
another version of the detector or of the organisation's own rules, is thrown away and costs a
sweep.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from collectors.recognise.verdict import DETECTOR

KEY_FILE = "files.key"
INDEX_FILE = "files.index"
_KEY_LENGTH = 32
_EVERY = 256
"""Rows between two commits."""
_LAYOUT = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    folder INTEGER, inode INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, size INTEGER, word TEXT,
    PRIMARY KEY (folder, inode)
) WITHOUT ROWID
"""
_ROWS = "SELECT inode, mtime_ns, ctime_ns, size, word FROM seen WHERE folder=?"
_DROP = "DELETE FROM seen WHERE folder=? AND inode=?"

Row = tuple[int, int, int, int, str]
_Version = tuple[int, int]
"""Of the layout and the detector, and of the organisation's own rules."""


class Index:
    """Not to be shared between threads."""

    def __init__(self, file: Path, key: bytes, detector: int = DETECTOR, own: int = 0) -> None:
        self._key = key
        self._open = 0
        self._database = _database(file, (_LAYOUT * 1_000_000 + detector, own))
        self._glance = Glance(self)

    def word(self, path: str, status: os.stat_result) -> str | None:
        """The word kept for a file that has not changed since, or None."""
        return self._glance.word(path, status)

    def keep(self, path: str, status: os.stat_result, word: str) -> None:
        """Keep a word for a file as it was when it was judged."""
        folder = self.folder(path[: path.rfind("/")])
        row = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, word)
        self._write("INSERT OR REPLACE INTO seen VALUES (?,?,?,?,?,?)", (folder, *row))
        self._glance.forget(folder)

    @contextmanager
    def sweep(self, whole: Callable[[], bool]) -> Iterator["Glance"]:
        """A look at every file there is, folder after folder, by the glance that is given. Rows of
        files that are no more are dropped, if ``whole`` says that it was not cut short."""
        glance = Sweep(self)
        try:
            yield glance
            if whole():
                glance.end()
                self._drop_folders(glance.folders)
        finally:
            self.commit()

    def rows(self, folder: int) -> list[Row]:
        """What is kept of the files in a folder."""
        return self._database.execute(_ROWS, (folder,)).fetchall()

    def drop(self, folder: int, inodes: Iterable[int]) -> None:
        for inode in inodes:
            self._write(_DROP, (folder, inode))

    def folder(self, path: str) -> int:
        """What a folder is called in here."""
        digest = hmac.digest(self._key, os.fsencode(path), "sha256")
        return int.from_bytes(digest[:8], "big") >> 1

    def count(self) -> int:
        """How many files are remembered."""
        (number,) = self._database.execute("SELECT count(*) FROM seen").fetchone()
        return int(number)

    def commit(self) -> None:
        """Write down what was kept."""
        self._database.commit()
        self._open = 0

    def close(self) -> None:
        self.commit()
        self._database.close()

    def _drop_folders(self, met: Collection[int]) -> None:
        there = self._database.execute("SELECT DISTINCT folder FROM seen").fetchall()
        for (folder,) in there:
            if folder not in met:
                self._write("DELETE FROM seen WHERE folder=?", (folder,))

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        self._database.execute(statement, values)
        self._open += 1
        if self._open >= _EVERY:
            self.commit()


class Glance:
    """Asks for one file after another; of files in one folder only the first costs a query."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._path: str | None = None
        self._folder = 0
        self._rows: dict[int, Row] = {}
        self._take: Callable[[int], Row | None] = self._rows.get

    def word(self, path: str, status: os.stat_result) -> str | None:
        """The word kept for a file that has not changed since, or None."""
        folder = path[: path.rfind("/")]
        if folder != self._path:
            self._turn(folder)
        row = self._take(status.st_ino)
        if row is None or row[1] != status.st_mtime_ns or row[2] != status.st_ctime_ns:
            return None
        return row[4] if row[3] == status.st_size else None

    def forget(self, folder: int) -> None:
        """What is kept of a folder has changed."""
        if folder == self._folder:
            self._path = None

    def _turn(self, folder: str) -> None:
        self._path = folder
        self._folder = self._index.folder(folder)
        self._rows = {row[0]: row for row in self._index.rows(self._folder)}
        self._take = self._rows.get


class Sweep(Glance):
    """A glance at whole folders: when it leaves one, rows that nobody asked for are dropped."""

    def __init__(self, index: Index) -> None:
        super().__init__(index)
        self.folders: set[int] = set()

    def end(self) -> None:
        """Leave the last folder."""
        if self._rows:
            self._index.drop(self._folder, self._rows)
        self._rows = {}

    def _turn(self, folder: str) -> None:
        self.end()
        super()._turn(folder)
        rows = self._rows
        self._take = lambda inode: rows.pop(inode, None)
        self.folders.add(self._folder)


def open_index(folder: Path, own: int = 0) -> Index:
    """The index in the agent's state folder, with its key; both are made if need be.

    ``own`` tells one version of the organisation's own rules from the next.
    """
    return Index(folder / INDEX_FILE, _key(folder / KEY_FILE), own=own)


def open_index_file(file: Path, own: int = 0) -> Index:
    """An index in a file of its own, with its key beside it."""
    return Index(file, _key(file.with_name(f"{file.name}.key")), own=own)


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


def _database(file: Path, version: _Version) -> sqlite3.Connection:
    try:
        return _connect(file, version)
    except sqlite3.DatabaseError:
        _remove(file)
        return _connect(file, version)


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def _connect(file: Path, version: _Version) -> sqlite3.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    database = sqlite3.connect(file)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        if _version_of(database) != version:
            database.execute("DROP TABLE IF EXISTS seen")
            database.execute(f"PRAGMA user_version={version[0]}")
            database.execute(f"PRAGMA application_id={version[1]}")
        database.execute(_SCHEMA)
        database.execute("SELECT word, ctime_ns FROM seen LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _version_of(database: sqlite3.Connection) -> _Version:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (own,) = database.execute("PRAGMA application_id").fetchone()
    return version, own

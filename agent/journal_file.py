"""The journal's files on disk: lock, schema, soundness, ballast, and setting a damaged one aside.

Kept apart from ``agent.journal`` so that the life of an event can be read there on its own. The
lock is what makes one process the only owner. The ballast is a file of zeros that is given up
when the disk is full, since even acknowledging needs room in WAL mode. The last receipt lies
beside the database: if that is lost, the numbers go on behind what the collector already has.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from agent.errors import JournalError, JournalFull
from agent.journal_record import SCHEMA
from agent.journal_sound import behind, sound
from agent.wire import event as wire
from agent.wire.messages import Receipt

BALLAST = 1024 * 1024
"""Bytes set aside on the disk for a last word."""
TOLD_FOR = timedelta(days=400)
"""How long old news is remembered as such."""
KNOWN_FOR = timedelta(days=30)
"""How long it is remembered since when a thing is known that is seen no more."""
ACTED_FOR = timedelta(days=2)
"""How long begun actions are counted."""
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
    }
)
"""Errors that say nothing about the file itself."""
_BAD_READ = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})
_NONSENSE = (TypeError, ValueError, OverflowError, RecursionError)
"""What values that nobody wrote can raise."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    body BLOB NOT NULL, previous TEXT NOT NULL, head TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts(
    id TEXT PRIMARY KEY, once TEXT, begun REAL NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS told(once TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known(
    key TEXT PRIMARY KEY, since REAL NOT NULL, seen REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acted(at REAL NOT NULL, action TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tail(
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, head TEXT NOT NULL);
"""


def own(folder: Path) -> int:
    """Lock the journal for this process; the descriptor holds it. Raises JournalError."""
    descriptor = os.open(folder / "journal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalError(
            f"another process owns the journal in {folder}; ask the running agent instead"
        ) from None
    return descriptor


def open_sound(folder: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the journal; the flag says that a damaged one was set aside and this one is new.

    Raises JournalFull, and then the journal is as it was, if the disk is full or gives no answer.
    """
    path = folder / "journal.db"
    try:
        return _open_or_renew(path)
    except JournalFull:
        if not give_up_ballast(folder):
            raise
        return _open_or_renew(path)


def keep_ballast(folder: Path) -> None:
    """Set the ballast aside again if it was given up and there is room for it."""
    path = folder / "ballast"
    with contextlib.suppress(OSError):
        if path.exists() and path.stat().st_size == BALLAST:
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, BALLAST)
        except OSError:
            path.unlink()
        finally:
            os.close(descriptor)


def give_up_ballast(folder: Path) -> bool:
    """Free the ballast; False if it was given up before, or a disk that fails keeps it."""
    try:
        (folder / "ballast").unlink()
    except OSError:
        return False
    return True


def forget(database: sqlite3.Connection, now: datetime) -> None:
    """Drop what was remembered for long enough, as part of a transaction."""
    database.execute("DELETE FROM told WHERE at<?", ((now - TOLD_FOR).timestamp(),))
    database.execute("DELETE FROM acted WHERE at<?", ((now - ACTED_FOR).timestamp(),))
    database.execute("DELETE FROM known WHERE seen<?", ((now - KNOWN_FOR).timestamp(),))


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """What the disk or SQLite says, in our words: no room for now, or no use of it at all."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise JournalFull(f"the journal cannot be read or written now: {error}") from error
    except sqlite3.Error as error:
        raise JournalError(f"the journal is damaged or closed: {error}") from error


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that after a crash either the old or the new content stands."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's own entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_or_renew(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the journal, or set it aside and begin a new one if it is damaged.

    Raises JournalFull as well where a disk that dies lets nothing be set aside.
    """
    with explained():
        with contextlib.suppress(sqlite3.DatabaseError):
            database = _connect(path)
            if _is_sound(database, path):
                return database, False
            database.close()
        _set_aside(path)
        return _connect(path), True


def _connect(path: Path) -> sqlite3.Connection:
    """Raises JournalFull if the disk is in the way, DatabaseError if the file is no good."""
    with _unless_it_passes(path):
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            os.chmod(path, 0o600)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("PRAGMA secure_delete=ON")
            database.executescript(_SCHEMA + SCHEMA)
            if database.execute("SELECT 1 FROM tail").fetchone() is None:
                start = _behind_receipt(path)
                database.execute("INSERT INTO tail VALUES(1,?,?)", start)
        except sqlite3.Error:
            database.close()
            raise
    sync_folder(path.parent)
    return database


@contextlib.contextmanager
def _unless_it_passes(path: Path) -> Iterator[None]:
    """A full disk or a locked file is no damage: setting the journal aside would lose what it has.

    Raises JournalFull for these; an error that says the file itself is bad goes on as it is.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF in _PASSING and code not in _BAD_READ:
            raise JournalFull(f"cannot open {path}: {error}; nothing was changed") from error
        raise


def last_receipt(folder: Path) -> Receipt | None:
    """The collector's last receipt; None if there is none that can be read."""
    try:
        return msgspec.json.decode((folder / "receipt.json").read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _behind_receipt(path: Path) -> tuple[int, str]:
    """Where a new chain begins: at the start, or well behind what the collector has receipted."""
    try:
        content = path.with_name("receipt.json").read_bytes()
        return behind(msgspec.json.decode(content, type=Receipt))
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return 0, wire.CHAIN_START


def _is_sound(database: sqlite3.Connection, path: Path) -> bool:
    try:
        with _unless_it_passes(path):
            return sound(database, last_receipt(path.parent))
    except JournalFull:
        database.close()
        raise
    except (sqlite3.DatabaseError, msgspec.DecodeError, *_NONSENSE):
        return False


def _set_aside(path: Path) -> None:
    """Park a damaged journal under another name: it is evidence, and may be repaired."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{path}.bad-{stamp}{suffix}")
    sync_folder(path.parent)

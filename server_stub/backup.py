"""A back-up in one stream: every key of the state folder, and the database as it was at one moment.

It is a tar that goes to standard output, so that it can be encrypted before it meets a disk, and so
that whoever runs the command decides where it lies and who may read it. The collector is served
meanwhile. The keys come first: a database that is newer than its keys cannot be.
"""

import os
import secrets
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import make_url

from server_stub import dump_linux
from server_stub.config import Config
from server_stub.errors import AskedError, ConfigError

SQLITE, POSTGRESQL = "collector.db", "collector.dump"
_DRAFT = ".backup-"


def write(config: Config, out: BinaryIO) -> list[str]:
    """Write the back-up of a prepared collector; the names in it. Raises AskedError."""
    with (
        _database(config) as (name, database),
        tarfile.open(mode="w|", fileobj=out, format=tarfile.PAX_FORMAT) as made,
    ):
        parts = {one.name: one for one in key_files(config.state)} | {name: database}
        for called, path in parts.items():
            made.add(path, called, recursive=False, filter=_nobodys)
    return list(parts)


def key_files(state: Path) -> list[Path]:
    """Every file of a state folder but the database, and what was begun and not ended."""
    found = (one for one in sorted(state.iterdir()) if one.is_file() and not one.is_symlink())
    return [one for one in found if not one.name.startswith((".", SQLITE))]


@contextmanager
def _database(config: Config) -> Iterator[tuple[str, Path]]:
    """The name and the place of a copy of the database, which is gone afterwards."""
    url = make_url(config.database)
    copy = config.state / f"{_DRAFT}{secrets.token_hex(8)}"
    try:
        # Nobody else may read it even for a moment, whatever the umask is.
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if url.get_backend_name() == "sqlite":
            _copy(Path(url.database or ""), copy)
            yield SQLITE, copy
        else:
            dump_linux.dump(url, copy)
            yield POSTGRESQL, copy
    except OSError as error:
        raise ConfigError(f"cannot make the copy {copy}: {error.strerror}") from error
    finally:
        copy.unlink(missing_ok=True)


def _copy(source: Path, to: Path) -> None:
    """One moment of a database that is written to meanwhile; looked through afterwards."""
    try:
        with closing(sqlite3.connect(source, timeout=60)) as live:
            live.execute("VACUUM INTO ?", (str(to),))
        check(to)
    except sqlite3.Error as error:
        raise AskedError(f"{source} cannot be copied: {error}") from error


def check(path: Path) -> None:
    """Raises AskedError unless a file is a whole SQLite database."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as one:
            said = one.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise AskedError(f"{path.name} is no database: {error}") from error
    if said != ("ok",):
        raise AskedError(f"{path.name} is damaged: {said[0] if said else 'nothing in it'}")


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """On the machine where it is restored the account can have another number."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member

"""A back-up put back: read to its end and looked through first, and only then put into its place.

What was in the state folder before is moved aside and never deleted, so that a restore which was a
mistake can be taken back. It is refused while a collector has the database open.
"""

import secrets
import shutil
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import make_url

from server_stub import backup, dump_linux, keys, state, tls
from server_stub.backup import POSTGRESQL, SQLITE
from server_stub.config import Config
from server_stub.errors import AskedError, ConfigError

NEEDED = (tls.CA, keys.REPLY_KEY)
"""Without these no laptop would speak to the collector that comes of it."""
MOST_FILES = 200


def read(config: Config, given: BinaryIO, now: datetime) -> Path | None:
    """Put a back-up in the place of what is there; the folder with what was there before.

    Raises AskedError, ConfigError; then everything is as it was.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.check_owner(config)
    _check_unused(config)
    draft = config.state / f".restore-{secrets.token_hex(8)}"
    try:
        draft.mkdir(mode=0o700)
        _take(given, draft)
        _bring_database(config, draft)
        return _swap(config.state, draft, now)
    except OSError as error:
        raise ConfigError(f"cannot restore into {config.state}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _take(given: BinaryIO, draft: Path) -> None:
    """Every file of the back-up into a folder. Raises AskedError if it is not whole."""
    try:
        with tarfile.open(mode="r|", fileobj=given) as made:
            for number, member in enumerate(made):
                name = member.name.removeprefix("./")
                plain = member.isfile() and "/" not in name and not name.startswith(".")
                content = made.extractfile(member) if plain else None
                if content is None or number >= MOST_FILES:
                    raise AskedError(f"{member.name!r} stands in no back-up of a collector")
                with (draft / name).open("xb") as file:
                    shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise AskedError(f"this is no whole back-up: {error}; nothing was changed") from error
    if missing := [name for name in NEEDED if not (draft / name).is_file()]:
        raise AskedError(f"this is no whole back-up: {missing[0]} is missing; nothing was changed")


def _bring_database(config: Config, draft: Path) -> None:
    """See that the database is whole, and bring it into PostgreSQL where that is used."""
    url, sqlite, dump = make_url(config.database), draft / SQLITE, draft / POSTGRESQL
    is_sqlite = url.get_backend_name() == "sqlite"
    if not (sqlite if is_sqlite else dump).is_file():
        raise AskedError(
            f"this back-up holds no {SQLITE if is_sqlite else POSTGRESQL}, and the collector is "
            f"set to {url.get_backend_name()}: name the database with --database or DATABASE_URL; "
            "nothing was changed"
        )
    if is_sqlite and Path(url.database or "") != config.state / SQLITE:
        raise ConfigError("restore knows SQLite in the state folder only: leave --database out")
    if is_sqlite:
        backup.check(sqlite)
    else:
        dump_linux.restore(url, dump)
        dump.unlink()


def _swap(folder: Path, draft: Path, now: datetime) -> Path | None:
    """The new files into the place of the old ones, which go into a folder of their own."""
    old = [one for one in folder.iterdir() if one.is_file()]
    before = folder / f"before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}" if old else None
    if before is not None:
        before.mkdir(mode=0o700)
        for one in old:
            one.rename(before / one.name)
    for one in sorted(draft.iterdir()):
        one.chmod(0o600)
        one.rename(folder / one.name)
    keys.sync_folder(folder)
    return before


def _check_unused(config: Config) -> None:
    """Refuse while a collector has the database in the state folder open. Raises AskedError."""
    path = config.state / SQLITE
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0)) as one:
            one.execute("PRAGMA locking_mode = EXCLUSIVE")
            one.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise AskedError(
            "the collector runs: stop it first, with `systemctl stop dossierwacht-collector`"
        ) from error
    except sqlite3.DatabaseError:
        return  # it is damaged, which is why something else is put back

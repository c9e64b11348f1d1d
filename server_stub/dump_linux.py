"""PostgreSQL's own programs for a back-up, as Debian's packages put them.

The password that an address may hold goes by the environment: the words of a program can be seen by
everybody on the machine.
"""

import os
import subprocess
from pathlib import Path

from sqlalchemy import URL

from server_stub.errors import AskedError

PG_DUMP, PG_RESTORE = "/usr/bin/pg_dump", "/usr/bin/pg_restore"
LONGEST = 12 * 3600
"""Seconds; a back-up that hangs must not hold the next one up."""


def dump(database: URL, into: Path) -> None:
    """One moment of a database, in PostgreSQL's own form. Raises AskedError."""
    _run([PG_DUMP, "--format=custom", "--file", str(into), "--dbname", _plain(database)], database)


def restore(database: URL, made: Path) -> None:
    """Bring a dump into an empty database, all of it or nothing. Raises AskedError."""
    options = ("--exit-on-error", "--single-transaction", "--no-owner")
    _run([PG_RESTORE, *options, "--dbname", _plain(database), str(made)], database)


def _run(words: list[str], database: URL) -> None:
    secret = {"PGPASSWORD": str(database.password)} if database.password else {}
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | secret
    try:
        done = subprocess.run(
            words,
            env={name: os.environ[name] for name in ("HOME", "USER") if name in os.environ}
            | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"no end within {LONGEST} seconds"
        raise AskedError(f"{words[0]}: {reason}; is postgresql-client installed?") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = next((one for one in said if "error:" in one), said[-1] if said else "")
        raise AskedError(f"{words[0]} ended with {done.returncode}: {why}; nothing was changed")


def _plain(database: URL) -> str:
    """The address as PostgreSQL writes it, without a password."""
    name = f"{database.database or ''}"
    parts = {"dbname": name, "user": database.username, "host": database.host}
    given = {key: str(value) for key, value in (parts | {"port": database.port}).items() if value}
    given |= {key: value for key, value in database.query.items() if isinstance(value, str)}
    return " ".join(f"{key}={_quoted(value)}" for key, value in given.items())


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

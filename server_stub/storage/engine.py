"""The two kinds of database, SQLite and PostgreSQL, and what both are held to.

Every function in ``store_*.py`` relies on these promises, and on nothing else of its database:

* One writer at a time in the whole database, from its first statement to its COMMIT, and it sees
  all that was committed before. So what is read and then written needs no further thought: two
  writers cannot both take a chain's last row for the last, nor a register's next number, nor a
  token's last use, nor a nonce as fresh, nor a record as not yet stored. And ``events.id`` rises
  in the order of commits, so whoever pulls after a cursor misses nothing.
* A reader sees one moment of the database, holds no writer up and writes nothing.
* COMMIT returns when the transaction is on the disk.

SQLite gives the first by BEGIN IMMEDIATE. With PostgreSQL each writer first takes one advisory
lock, which ends with its transaction, however that ends; so any number of collectors may serve one
database. They share the work on requests (TLS, signatures, JSON, passwords) and queue to write. The
isolation must be READ COMMITTED: a snapshot that was made before the lock was had would be too old.
Nobody waits for anything with the lock in hand, so there are neither deadlocks nor transactions to
try again. A collector whose machine dies in a transaction loses it, and the lock, by a timeout.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from server_stub.errors import ConfigError

BUSY_SECONDS = 20
"""How long a writer waits for its turn."""
STUCK_SECONDS = 60
"""How long PostgreSQL lets a transaction stand still."""
WRITER = 0x64_6F_73_73
"""The number of the writers' advisory lock; every version has to use the same."""

_POSTGRESQL = "postgresql"
# A database machine that vanished must be noticed before laptops give up waiting.
_PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "20000", "keepalives_idle": "30"}
_SESSION = (
    f"SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', false), "
    f"set_config('idle_in_transaction_session_timeout', '{STUCK_SECONDS}s', false), "
    # "off" would answer laptops before their events are on the disk.
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
)


def make_engine(url: str) -> Engine:
    """An engine that keeps the promises above. Raises ConfigError."""
    try:
        parsed = make_url(url)
        if parsed.drivername == _POSTGRESQL:
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, hide_parameters=True, **_options(parsed))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"cannot use the database URL: {error}; write sqlite:////path/to/collector.db "
            "or postgresql+psycopg://user@host/name (with its driver installed)"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    if engine.dialect.name == _POSTGRESQL:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def to_read(connection: Connection) -> Connection:
    """The connection, so that what begins on it sees one moment and writes nothing."""
    if connection.dialect.name != _POSTGRESQL:
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def to_write(connection: Connection) -> Connection:
    """The connection, so that what begins on it is the only writer."""
    return connection.execution_options(writes=True)


def _options(url: URL) -> Mapping[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    if url.get_backend_name() != _POSTGRESQL:
        return {}
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    # A connection is tried before it is used: the database may have been restarted.
    return {
        "connect_args": patience,
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
    }


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Durable and readable while written to; BEGIN is ours, not the driver's."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: taking it later can fail after reading."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Durable, and no wait without an end, whatever the server's own settings are."""
    connection.execute(_SESSION).close()
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    if _writes(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes", False))

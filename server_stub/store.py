"""The database: one engine, many readers, one writer at a time.

``write`` runs its work inside one transaction and returns only after COMMIT, so whoever answers a
request after ``write`` answers for what is on the disk. In one process a lock makes the writers
queue; SQLite's BEGIN IMMEDIATE does the same between this process and a command on the terminal.
The SQL itself stands in ``store_*.py``, as functions that take a connection.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoneFree

from server_stub.errors import ConfigError, StoreError

BUSY_SECONDS = 20
T = TypeVar("T")


class Store:
    """An open database. Close it to let the files go."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database. Raises StoreError."""
        with said_plainly(), self.engine.connect() as connection, connection.begin():
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction of its own; returns after COMMIT. Raises StoreError."""
        with self._writing, said_plainly(), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                return work(connection)

    def migrate(self) -> None:
        """Bring the database to the shape this version needs. Raises StoreError, ConfigError."""
        with self._writing, said_plainly(), self.engine.connect() as connection:
            _refuse_newer(connection)
            settings = migrations()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")

    def is_current(self) -> bool:
        """Whether the database has the shape this version needs."""
        with said_plainly(), self.engine.connect() as connection:
            heads = set(ScriptDirectory.from_config(migrations()).get_heads())
            return set(MigrationContext.configure(connection).get_current_heads()) == heads

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def migrations() -> AlembicConfig:
    """Alembic's configuration: the migrations in this package, and nothing from a file."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.set_main_option("path_separator", "os")
    return settings


def open_store(url: str) -> Store:
    """A store whose database has the right shape. Raises ConfigError, StoreError."""
    store = Store(url)
    if not store.is_current():
        store.close()
        raise ConfigError(
            "the database has another shape than this version needs: "
            "run `dossierwacht-collector migrate`"
        )
    return store


def _refuse_newer(connection: Connection) -> None:
    known = {
        script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions()
    }
    found = set(MigrationContext.configure(connection).get_current_heads())
    connection.rollback()
    if not found <= known:
        raise ConfigError(
            "the database was made by a newer version of dossierwacht-collector: install that one"
        )


@contextmanager
def said_plainly() -> Iterator[None]:
    """A database's own errors as ours; their text can hold values, so only the driver's stays."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"the database could not do it ({type(error.orig).__name__}: {error.orig}): "
            "check that its disk has room, that it runs and that this account may write to it"
        ) from error
    except NoneFree as error:
        raise StoreError("every connection to the database is in use: try later") from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {"hide_parameters": True}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"cannot use the database URL: {error}; write sqlite:////path/to/collector.db "
            "or postgresql+psycopg://user@host/name (with its driver installed)"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Durable and readable while written to; BEGIN is ours, not the driver's."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: taking it later can fail after reading."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

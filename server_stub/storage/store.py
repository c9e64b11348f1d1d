"""The database: one engine, many readers, one writer at a time.

``write`` runs its work inside one transaction and returns only after COMMIT, so whoever answers a
request after ``write`` answers for what is on the disk. In one process a lock makes the writers
queue, so that they hold no connections meanwhile; between processes the database does
(``server_stub.storage.engine`` says how, and what is relied upon). The SQL itself stands in
``store_*.py``, as functions that take a connection.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from server_stub.errors import ConfigError, StoreError
from server_stub.storage.engine import make_engine, to_read, to_write

T = TypeVar("T")


class Store:
    """An open database. Close it to let the files go.

    ``guesses`` is held while a password or a code is looked at that is counted here."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.guesses = threading.Lock()
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database. Raises StoreError."""
        with said_plainly(), self.engine.connect() as connection:
            connection = to_read(connection)
            with connection.begin():
                yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction of its own; returns after COMMIT. Raises StoreError."""
        with self._writing, said_plainly(), self.engine.connect() as connection:
            connection = to_write(connection)
            with connection.begin():
                return work(connection)

    def migrate(self) -> None:
        """Bring the database to the shape this version needs. Raises StoreError, ConfigError."""
        with self._writing, said_plainly(), self.engine.connect() as connection:
            connection = to_write(connection)  # two collectors may start at once
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
    """A database's own errors as ours, without what they hold of the rows."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"the database could not do it ({type(error.orig).__name__}: {_said_by(error)}): "
            "check that its disk has room, that it runs and that this account may write to it"
        ) from None  # the text of the cause may quote a row
    except NoneFree as error:
        raise StoreError("every connection to the database is in use: try later") from error


def _said_by(error: DBAPIError) -> str:
    """The database's own sentence; PostgreSQL quotes the row in the lines below it."""
    diagnosis = getattr(error.orig, "diag", None)
    sentence = getattr(diagnosis, "message_primary", None) or str(error.orig)
    return " ".join(sentence.split())

"""How Alembic runs the migrations: on the connection it is handed, or as SQL text to read."""

from alembic import context
from sqlalchemy import Connection

from server_stub.storage import (
    tables_fleet,
    tables_letters,
    tables_logins,
    tables_mail,
    tables_processors,
    tables_pull,
    tables_register,
    tables_sealed,
    tables_slips,
)
from server_stub.storage.tables import metadata

# Imported, each module adds its tables to the one list of them all.
ADDED = (
    tables_fleet,
    tables_letters,
    tables_logins,
    tables_mail,
    tables_processors,
    tables_pull,
    tables_register,
    tables_sealed,
    tables_slips,
)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        target_metadata=metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    _run(context.config.attributes["connection"])

"""The shape of the database: migrations from every older version, on SQLite and PostgreSQL."""

import io
import re
import subprocess
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.schema import CreateTable

from server_stub.errors import ConfigError, StoreError
from server_stub.logins import auth
from server_stub.storage import store_events, store_people, store_register, store_tokens, tables
from server_stub.storage.store import Store, migrations, open_store
from tests.collector_on_loopback import PROGRAM, ROOT
from tests.databases import Databases, Server, needs_postgresql

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_migrations_end_at_the_tables_as_the_code_knows_them(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_no_part})
        assert compare_metadata(context, tables.metadata) == []


def _is_no_part(name: str | None, _kind: str, _parents: object) -> bool:
    """PostgreSQL lists the parts of a table as tables."""
    return not (name or "").startswith("events_part_")


def test_migrating_again_changes_nothing(store: Store) -> None:
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    store.migrate()
    with store.read() as connection:
        assert len(store_tokens.tokens(connection)) == 1


def test_an_entry_of_an_older_version_is_kept_with_its_kinds_of_data_open(
    databases: Databases,
) -> None:
    made = at_revision(databases, "0001")
    old = (
        "INSERT INTO breaches (number, device, seq, kind, detected_at, encryption, measures, "
        "created_at, created_by) VALUES ('2026-0001', 'd', 7, 'pupil-file-found', "
        "'2026-11-23 12:00:00', 'unknown', 'seal-file done', '2026-11-23 12:00:00', 'olaf')"
    )
    made.write(lambda c: c.execute(text(old)))
    made.migrate()
    with made.read() as connection:
        (entry,) = store_register.all_breaches(connection)
    made.close()
    assert (entry.draft.categories, entry.draft.sensitive) == ((), None)
    assert entry.draft.measures == ("seal-file", "done")


def test_people_of_an_older_version_are_kept_and_have_no_mail_address(
    databases: Databases,
) -> None:
    made = at_revision(databases, "0006")
    old = (
        "INSERT INTO users (name, role, password, created_at) "
        "VALUES ('olaf', 'officer', 'x', '2026-11-23 12:00:00')"
    )
    made.write(lambda c: c.execute(text(old)))
    made.migrate()
    with made.read() as connection:
        (user,) = store_people.all_users(connection)
    made.close()
    assert (user.name, user.mail, user.language) == ("olaf", None, "")


def test_going_back_before_second_factors_lets_nobody_in_who_waits_for_one(store: Store) -> None:
    """Nor a reader, whom an older version does not know."""
    for name, role in (("olaf", "officer"), ("renske", "reader")):
        store.write(lambda c, n=name, r=role: store_people.add_user(c, n, r, "x", NOON))
    with store.read() as connection:
        user = store_people.user_by(connection, "olaf")
    assert user is not None
    auth.open_login(store, replace(user, factor="sealed"), "192.0.2.7", NOON)
    migrate_to(store, "0013", command.downgrade)
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar() == 0
        names = connection.execute(text("SELECT name FROM users")).scalars().all()
    assert names == ["olaf"]
    store.migrate()


def at_revision(databases: Databases, revision: str) -> Store:
    """A database as an older version of the collector left it."""
    made = Store(databases.make())
    migrate_to(made, revision)
    return made


def migrate_to(made: Store, revision: str, way: Callable[..., None] = command.upgrade) -> None:
    settings = migrations()
    with made.engine.connect() as connection:
        settings.attributes["connection"] = connection
        way(settings, revision)


def test_events_of_an_older_version_are_kept_and_numbered_on(databases: Databases) -> None:
    made = at_revision(databases, "0006")
    made.write(lambda c: add_devices(c, 40))
    made.write(lambda c: store_events.add_events(c, [event(n, 1) for n in range(40)]))
    before = stored(made)
    made.migrate()
    assert stored(made) == before
    made.write(lambda c: store_events.add_events(c, [event(7, 2)]))
    assert [one[0] for one in stored(made)] == list(range(1, 42))
    with pytest.raises(StoreError, match=r"(?i)unique"):
        made.write(lambda c: store_events.add_events(c, [event(7, 2) | {"event_id": "other"}]))
    migrate_to(made, "0006", command.downgrade)
    assert len(stored(made)) == 41
    made.migrate()
    assert len(stored(made)) == 41
    made.close()


@needs_postgresql
def test_postgresql_keeps_events_in_parts_by_laptop(postgresql: Server) -> None:
    url = postgresql.make()
    store = Store(url)
    store.migrate()
    store.write(lambda c: add_devices(c, 64))
    store.write(
        lambda c: store_events.add_events(c, [event(n, s) for n in range(64) for s in (1, 2)])
    )
    rows = (
        "SELECT tableoid::regclass::text, count(DISTINCT device), count(*) FROM events GROUP BY 1"
    )
    with store.read() as connection:
        parts = list(connection.execute(text(rows)))
        asked = text("EXPLAIN SELECT * FROM events WHERE device = 'd0' AND seq = 1")
        plan = "\n".join(connection.scalars(asked))
    assert len(parts) > 8
    assert all(count == 2 * laptops for _, laptops, count in parts)
    assert len(set(re.findall(r"events_part_\d\d", plan))) == 1, "one laptop lies in one part"
    store.close()
    postgresql.drop(url)


def add_devices(connection: Connection, number: int) -> None:
    """Laptops, written as an older version did, which counted nothing by the day."""
    token = store_tokens.add_token(connection, "0" * 64, number, NOON, NOON)
    same = {
        "public_key": "k",
        "owner": "issued",
        "agent_version": "0.1.0",
        "token": token,
        "enrolled_at": NOON,
        "last_contact_at": NOON,
        "last_seq": 0,
        "head": "0" * 64,
        "events": 0,
    }
    for one in range(number):
        connection.execute(insert(tables.devices).values(name=f"d{one}", **same))


def event(device: int, seq: int) -> dict[str, Any]:
    made = {"device": f"d{device}", "seq": seq, "event_id": f"{device}-{seq}", "kind": "k"}
    times = dict.fromkeys(("observed_at", "recorded_at", "received_at"), NOON)
    return made | times | {"body": "{}", "head": "0" * 64}


def stored(made: Store) -> list[tuple[int, str, int]]:
    with made.read() as connection:
        return [
            (one.id, one.device, one.seq) for one in store_events.events_after(connection, 0, 1000)
        ]


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(ConfigError, match="newer version"):
        store.migrate()


def test_a_database_without_tables_is_not_served(databases: Databases) -> None:
    with pytest.raises(ConfigError, match="migrate"):
        open_store(databases.make())


def test_the_migrations_can_be_written_for_postgresql() -> None:
    settings = migrations()
    settings.attributes["dialect"] = "postgresql"
    settings.output_buffer = io.StringIO()
    with redirect_stdout(settings.output_buffer):
        command.upgrade(settings, "head", sql=True)
    sql = settings.output_buffer.getvalue()
    for table in tables.metadata.tables:
        assert f"CREATE TABLE {table} " in sql
    assert "TIMESTAMP WITH TIME ZONE" in sql
    assert "PRAGMA" not in sql


def test_every_table_is_plain_sql_for_postgresql() -> None:
    for table in tables.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=postgresql_dialect()))


def test_collectors_that_start_at_once_make_one_database(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.make()
    words = [*PROGRAM, "migrate", "--database", url, "--state", str(tmp_path / "state")]
    started = [
        subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    said = [one.communicate(timeout=60)[1] for one in started]
    assert [one.returncode for one in started] == [0, 0, 0], said
    open_store(url).close()

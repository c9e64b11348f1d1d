"""The database: its shape, its durability, and that another engine than SQLite stays possible."""

import io
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from server_stub import auth, store_devices, store_people, store_register, store_tokens, tables
from server_stub.errors import ConfigError, StoreError
from server_stub.store import Store, migrations, open_store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    made.migrate()
    yield made
    made.close()


def test_the_migrations_end_at_the_tables_as_the_code_knows_them(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, tables.metadata) == []


def test_migrating_again_changes_nothing(store: Store) -> None:
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    store.migrate()
    with store.read() as connection:
        assert len(store_tokens.tokens(connection)) == 1


def test_an_entry_of_an_older_version_is_kept_with_its_kinds_of_data_open(tmp_path: Path) -> None:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    settings = migrations()
    with made.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
    old = (
        "INSERT INTO breaches (number, device, seq, kind, detected_at, encryption, measures, "
        "created_at, created_by) VALUES ('2026-0001', 'd', 7, 'pupil-file-found', :now, 'unknown', "
        "'seal-file done', :now, 'olaf')"
    )
    made.write(lambda c: c.execute(text(old), {"now": "2026-11-23 12:00:00"}))
    made.migrate()
    with made.read() as connection:
        (entry,) = store_register.all_breaches(connection)
    made.close()
    assert (entry.draft.categories, entry.draft.sensitive) == ((), None)
    assert entry.draft.measures == ("seal-file", "done")


def test_people_of_an_older_version_are_kept_and_have_no_mail_address(tmp_path: Path) -> None:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    settings = migrations()
    with made.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0006")
    old = "INSERT INTO users (name, role, password, created_at) VALUES ('olaf', 'officer', 'x', :n)"
    made.write(lambda c: c.execute(text(old), {"n": "2026-11-23 12:00:00"}))
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
    settings = migrations()
    with store.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0009")
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar() == 0
        names = connection.execute(text("SELECT name FROM users")).scalars().all()
    assert names == ["olaf"]
    store.migrate()


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(ConfigError, match="newer version"):
        store.migrate()


def test_a_database_without_tables_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="migrate"):
        open_store(f"sqlite:///{tmp_path / 'empty.db'}")


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
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_a_commit_is_on_the_disk_before_write_returns(store: Store, tmp_path: Path) -> None:
    with store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    other = sqlite3.connect(tmp_path / "collector.db")
    assert other.execute("SELECT count(*) FROM enrolment_tokens").fetchone() == (1,)
    other.close()


def test_a_work_that_fails_leaves_nothing_behind(store: Store) -> None:
    def work(connection: object) -> None:
        store_tokens.add_token(connection, "0" * 64, 1, NOON, NOON)  # type: ignore[arg-type]
        raise KeyError("invented")

    with pytest.raises(KeyError):
        store.write(work)
    with store.read() as connection:
        assert store_tokens.tokens(connection) == []


def test_writers_from_many_threads_lose_nothing(store: Store) -> None:
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1000, NOON, NOON + timedelta(1)))

    def use() -> None:
        for _ in range(25):
            assert store.write(lambda c: store_tokens.use_token(c, 1, NOON))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert store_tokens.tokens(connection)[0].used == 200


def test_a_nonce_is_fresh_once_and_forgotten_in_time(store: Store) -> None:
    def fresh(now: datetime) -> bool:
        forget = now - timedelta(minutes=15)
        return store.write(lambda c: store_devices.fresh_nonce(c, "d", "n", now, forget))

    assert [fresh(NOON), fresh(NOON), fresh(NOON + timedelta(minutes=16))] == [True, False, True]


def test_times_keep_their_moment_whatever_zone_they_came_in(store: Store) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, east, NOON))
    with store.read() as connection:
        found = store_tokens.tokens(connection)[0]
    assert found.created_at == NOON
    assert found.created_at.tzinfo is UTC


def test_what_the_database_refuses_is_said_plainly_and_without_values(store: Store) -> None:
    store.write(lambda c: store_tokens.add_token(c, "a" * 64, 1, NOON, NOON))
    with pytest.raises(StoreError) as caught:
        store.write(lambda c: store_tokens.add_token(c, "a" * 64, 1, NOON, NOON))
    assert "a" * 64 not in str(caught.value)
    assert "a" * 64 not in str(caught.value.__cause__)


@pytest.mark.parametrize("url", ["nonsense", "oracle://x/y", "mysql+nothing://x/y"])
def test_an_unusable_database_url_is_said_plainly(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot use the database URL"):
        Store(url)


def test_when_no_connection_is_free_that_is_said_plainly(tmp_path: Path) -> None:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    taken = []
    made.engine.pool._timeout = 0.05  # type: ignore[attr-defined]  (thirty seconds otherwise)
    with pytest.raises(StoreError, match="in use"), ExitStack() as held:
        for _ in range(100):
            taken.append(held.enter_context(made.read()))
    assert taken
    made.close()

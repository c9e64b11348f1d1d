"""The database, SQLite or PostgreSQL: its shape, its durability, and its one writer at a time."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, create_engine, text

from server_stub.breaches.register import Draft
from server_stub.errors import ConfigError, StoreError
from server_stub.storage import store_devices, store_history, store_register, store_tokens
from server_stub.storage.store import Store
from tests import databases as made
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_commit_is_on_the_disk_before_write_returns(databases: Databases) -> None:
    with contextlib.ExitStack() as held:  # the server of the other tests waits for no disk
        usual = databases.is_sqlite
        url = databases.make() if usual else held.enter_context(made.server()).make()
        weaken(url)
        commit_and_look(url, is_sqlite=usual)


def commit_and_look(url: str, *, is_sqlite: bool) -> None:
    store = Store(url)
    store.migrate()
    with store.read() as connection:
        if is_sqlite:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert connection.execute(text("SHOW fsync")).scalar() == "on"
            assert connection.execute(text("SHOW lock_timeout")).scalar() == "20s"
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    other = create_engine(url)
    with other.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM enrolment_tokens"))
        assert rows.scalar() == 1
    other.dispose()
    store.close()


def weaken(url: str) -> None:
    """Have a PostgreSQL database answer before what it was told is on the disk."""
    engine = create_engine(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            name = engine.url.database
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()


def test_a_reader_sees_one_moment_and_holds_no_writer_up(store: Store) -> None:
    with store.read() as connection:
        assert store_tokens.tokens(connection) == []
        store.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
        assert store_tokens.tokens(connection) == []
    with store.read() as connection:
        assert len(store_tokens.tokens(connection)) == 1


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


def test_two_collectors_on_one_database_make_one_history(databases: Databases) -> None:
    first = databases.store()
    second = Store(first.engine.url.render_as_string(hide_password=False))
    draft = Draft(
        device="d",
        seq=0,
        kind="pupil-file-found",
        detected_at=NOON,
        persons_min=None,
        persons_max=None,
        categories=(),
        sensitive=None,
        encryption="unknown",
        measures=(),
    )

    def enter(store: Store, seq: int) -> str:
        def work(connection: Connection) -> str:
            store_history.log_view(connection, "olaf", "opened-breach", str(seq), NOON)
            one = replace(draft, seq=seq)
            return store_register.open_breach(connection, one, "olaf", NOON).number

        return store.write(work)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(enter, [first, second] * 50, [n // 2 for n in range(100)]))
    assert numbers[::2] == numbers[1::2], "one event has one entry, whoever opens it"
    assert sorted(set(numbers)) == [f"2026-{n:04d}" for n in range(1, 51)]
    with second.read() as connection:
        assert store_history.history_is_whole(connection)
        assert store_history.views_are_whole(connection)
        assert len(store_history.history(connection)) == 50
        assert len(store_history.views(connection)) == 100
    first.close()
    second.close()


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


def test_a_plain_postgresql_url_is_for_the_driver_that_is_installed() -> None:
    made = Store("postgresql://somebody@/name?host=/nowhere")
    assert made.engine.driver == "psycopg"
    with pytest.raises(StoreError, match="could not do it"), made.read():
        pass
    made.close()


def test_when_no_connection_is_free_that_is_said_plainly(databases: Databases) -> None:
    made = Store(databases.make())
    taken = []
    made.engine.pool._timeout = 0.05  # type: ignore[attr-defined]  (thirty seconds otherwise)
    with pytest.raises(StoreError, match="in use"), ExitStack() as held:
        for _ in range(100):
            taken.append(held.enter_context(made.read()))
    assert taken
    made.close()

"""Writes that share a transaction: each is answered after COMMIT, and none spoils another's."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from agent.wire.event import CHAIN_START
from server_stub.errors import Refused, StoreError
from server_stub.storage import store_devices, store_events, store_tokens
from server_stub.storage.store import Store
from server_stub.storage.store_together import Together
from server_stub.storage.tables import events

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECONDS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    made.migrate()
    yield made
    made.close()


def note(number: int) -> str:
    return f"{number:064d}"


def add(connection: Connection, number: int) -> int:
    store_tokens.add_token(connection, note(number), 1, NOON, NOON)
    return number


def kept(store: Store) -> set[str]:
    with store.read() as connection:
        return set(connection.scalars(text("SELECT digest FROM enrolment_tokens")))


class Gathered:
    """Many callers that wait while one writes, so that the next transaction holds all of them."""

    def __init__(self, store: Store, together: Together) -> None:
        self.store, self.together = store, together
        self.ends: dict[int, object] = {}
        self.first, self.go_on = threading.Event(), threading.Event()
        self.transactions: list[int] = []
        self.threads = [threading.Thread(target=self._call, args=(0, self._slow))]
        self.threads[0].start()
        assert self.first.wait(SECONDS)

    def _slow(self, connection: Connection) -> int:
        self.first.set()
        assert self.go_on.wait(SECONDS)
        return add(connection, 0)

    def _call(self, number: int, work: object) -> None:
        try:
            self.ends[number] = self.together.write(work)  # type: ignore[arg-type]
        except Exception as error:
            self.ends[number] = error

    def call(self, number: int, work: object) -> None:
        thread = threading.Thread(target=self._call, args=(number, work))
        self.threads.append(thread)
        thread.start()
        while len(self.together._queue) < len(self.threads) - 1:
            assert thread.is_alive()

    def finish(self) -> None:
        self.go_on.set()
        for thread in self.threads:
            thread.join(SECONDS)
            assert not thread.is_alive()


def test_what_gathers_while_one_writes_is_committed_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits, write = [], store.write
    monkeypatch.setattr(store, "write", lambda work: (commits.append(1), write(work))[1])
    gathered = Gathered(store, Together(store))
    for number in range(1, 9):
        gathered.call(number, lambda c, n=number: add(c, n))
    gathered.finish()
    assert gathered.ends == {number: number for number in range(9)}
    assert kept(store) == {note(number) for number in range(9)}
    assert len(commits) == 2


def test_no_transaction_holds_more_than_it_may(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits, write = [], store.write
    monkeypatch.setattr(store, "write", lambda work: (commits.append(1), write(work))[1])
    gathered = Gathered(store, Together(store, most=3))
    for number in range(1, 9):
        gathered.call(number, lambda c, n=number: add(c, n))
    gathered.finish()
    assert kept(store) == {note(number) for number in range(9)}
    assert len(commits) == 4


def test_a_work_that_is_refused_leaves_nothing_and_takes_no_other_with_it(store: Store) -> None:
    def refused(connection: Connection) -> None:
        add(connection, 2)
        raise Refused(403, "parked", "not you")

    gathered = Gathered(store, Together(store))
    gathered.call(1, lambda c: add(c, 1))
    gathered.call(2, refused)
    gathered.call(3, lambda c: add(c, 3))
    gathered.finish()
    assert isinstance(gathered.ends.pop(2), Refused)
    assert gathered.ends == {0: 0, 1: 1, 3: 3}
    assert kept(store) == {note(0), note(1), note(3)}


def test_what_the_database_will_not_take_of_one_is_said_to_that_one_alone(store: Store) -> None:
    gathered = Gathered(store, Together(store))
    gathered.call(1, lambda c: add(c, 1))
    gathered.call(2, lambda c: add(c, 1))
    gathered.call(3, lambda c: add(c, 3))
    gathered.finish()
    assert isinstance(gathered.ends.pop(2), StoreError)
    assert gathered.ends == {0: 0, 1: 1, 3: 3}


def test_nobody_is_answered_for_a_commit_that_failed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered = Gathered(store, Together(store))
    for number in (1, 2):
        gathered.call(number, lambda c, n=number: add(c, n))
    write = store.write

    def failing(work: object) -> None:
        def then_fails(connection: Connection) -> None:
            work(connection)  # type: ignore[operator]
            connection.execute(text("SELECT * FROM no_such_table"))

        write(then_fails)

    monkeypatch.setattr(store, "write", failing)
    gathered.finish()
    assert gathered.ends[0] == 0
    assert all(isinstance(gathered.ends[number], StoreError) for number in (1, 2))
    assert kept(store) == {note(0)}
    monkeypatch.undo()
    assert gathered.together.write(lambda c: add(c, 4)) == 4


def test_a_later_work_sees_what_an_earlier_one_of_the_same_transaction_did(store: Store) -> None:
    gathered = Gathered(store, Together(store))
    gathered.call(1, lambda c: add(c, 1))
    gathered.call(2, lambda c: store_tokens.token_by(c, note(1)) is not None)
    gathered.finish()
    assert gathered.ends[2] is True


def test_many_callers_at_once_lose_nothing(store: Store) -> None:
    together = Together(store)
    done: list[int] = []

    def some(first: int) -> None:
        done.extend(
            together.write(lambda c, n=number: add(c, n)) for number in range(first, first + 25)
        )

    threads = [threading.Thread(target=some, args=(100 * n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(note(number) for number in done) == sorted(kept(store))
    assert len(done) == 300


def test_events_are_written_as_sqlalchemy_would_write_them(store: Store) -> None:
    east = NOON.replace(microsecond=1200).astimezone(timezone(timedelta(hours=9)))

    def row(seq: int) -> dict[str, object]:
        times = dict.fromkeys(("observed_at", "recorded_at", "received_at"), east)
        words = {"event_id": f"{seq:036d}", "kind": "usb-blocked", "body": "{}", "head": "a" * 64}
        return {"device": "d", "seq": seq, **times, **words}

    def work(connection: Connection) -> None:
        token = store_tokens.add_token(connection, note(1), 1, NOON, NOON)
        store_devices.add_device(
            connection, name="d", public_key="k", owner="issued", agent_version="1.0.0",
            token=token, now=NOON,
        )  # fmt: skip
        store_events.add_events(connection, [row(1)])
        connection.execute(insert(events), [row(2)])

    store.write(work)
    with store.read() as connection:
        one, two = (
            tuple(found[3:])
            for found in connection.execute(text("SELECT * FROM events ORDER BY seq"))
        )
        assert one[1:] == two[1:]
        assert one[2] == "2026-11-23 12:00:00.001200"
        assert store_events.event_at(connection, "d", 1).observed_at == east  # type: ignore[union-attr]
        assert store_devices.device(connection, "d").head == CHAIN_START  # type: ignore[union-attr]

"""A lease: one of several collectors on one database works, and is replaced when it dies."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from server_stub.collector import Collector
from server_stub.config import configure
from server_stub.leases import SILENT_SECONDS, Lease
from server_stub.post import mail_rounds
from server_stub.serve import make_collector
from server_stub.state import prepare
from server_stub.storage.store import Store
from tests.databases import Databases
from tests.mailbox import mailbox
from tests.test_server_duties import NOON
from tests.test_server_mail_rounds import OLAF, Desk

SECONDS = 60


class Clock:
    """One that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stores(databases: Databases) -> Iterator[tuple[Store, Store]]:
    """Two ways to one database, as two collectors have them."""
    first = databases.store()
    second = Store(first.engine.url.render_as_string(hide_password=False))
    yield first, second
    first.close()
    second.close()


def test_one_holds_it_and_the_other_waits_until_it_is_let_go(stores: tuple[Store, Store]) -> None:
    mine, other = (Lease(store, "mail") for store in stores)
    assert [mine.held(), other.held(), mine.held(), other.held()] == [True, False, True, False]
    assert Lease(stores[1], "hooks").held()
    other.end()  # what is not its own it cannot let go
    assert not other.held()
    mine.end()
    assert other.held()
    assert not mine.held()


def test_who_falls_silent_is_replaced_by_the_clock_of_who_waits(
    stores: tuple[Store, Store],
) -> None:
    clock = Clock()
    mine, other = Lease(stores[0], "mail"), Lease(stores[1], "mail", clock)
    assert mine.held()
    for _ in range(5):  # as long as it beats, it keeps it
        assert not other.held()
        clock.now += SILENT_SECONDS - 1
        assert mine.held()
    assert not other.held()
    clock.now += SILENT_SECONDS
    assert other.held()
    assert not mine.held()  # it comes back, and sees that it was replaced


def contend(url: str, gate: object, found: object) -> None:
    """A collector's process that wants the lease at the same moment as the others."""
    store = Store(url)
    lease = Lease(store, "mail")
    gate.wait()  # type: ignore[attr-defined]
    held = [lease.held() for _ in range(20)]
    store.close()
    found.put(held)  # type: ignore[attr-defined]


def test_of_processes_that_start_at_once_one_gets_it(databases: Databases) -> None:
    store = databases.store()
    url = make_url(store.engine.url).render_as_string(hide_password=False)
    store.close()
    ways = multiprocessing.get_context("spawn")
    gate, found = ways.Barrier(3), ways.Queue()
    made = [ways.Process(target=contend, args=(url, gate, found)) for _ in range(3)]
    for one in made:
        one.start()
    answers = [found.get(timeout=SECONDS) for _ in made]
    for one in made:
        one.join(SECONDS)
    assert sorted(answers) == [[False] * 20, [False] * 20, [True] * 20]


def test_two_collectors_that_both_have_mail_set_up_send_each_reminder_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state", "")
    with mailbox() as kept, ExitStack() as ends:
        ends.callback(desk.collector.store.close)
        desk.set_up(kept.port)
        desk.open_entry()
        both = [desk.collector, _another(tmp_path / "other", desk)]
        ends.callback(both[1].store.close)
        leases = [Lease(one.store, "mail") for one in both]
        rounds = [
            mail_rounds.Rounds(one, threading.Event(), lease.held)
            for one, lease in zip(both, leases, strict=True)
        ]
        threads = [threading.Thread(target=one.go) for one in rounds for _ in range(2)]
        for thread in threads[::2]:
            thread.start()
        for thread in threads[::2]:
            thread.join(SECONDS)
        assert len(kept.to(OLAF)) == 1
        leases[0].end()
        leases[1].end()
        rounds[1].go()  # what the first noted as sent is sent to nobody again
        assert len(kept.to(OLAF)) == 1


def _another(folder: Path, desk: Desk) -> Collector:
    """A second collector on the same database, with a state folder and mail of its own."""
    url = desk.collector.config.database
    config = configure(state=str(folder), database=url, zone="Europe/Amsterdam", environ={})
    prepare(config, NOON)
    for name in ("mail.json",):
        (folder / name).write_bytes((desk.collector.config.state / name).read_bytes())
        (folder / name).chmod(0o600)
    return replace(make_collector(config, "https://collector.example"), now=lambda: desk.now)

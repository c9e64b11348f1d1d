"""Events are deleted when they were kept long enough; what the register came from stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from server_stub import retention
from server_stub.breaches import register
from server_stub.storage import store_history, store_register, store_retention
from server_stub.storage.store import Store
from tests.collector_on_loopback import (
    Laptop,
    Running,
    collector,
    faults,
    pupil_file,
    run,
)

DAY = timedelta(days=1)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with collector(tmp_path / "state") as made:
        yield made


def reported(running: Running, ages: list[int]) -> Laptop:
    """A laptop whose events were received so many days ago."""
    laptop = running.laptop()
    laptop.receipt(*(pupil_file() for _ in ages))
    store, now = open_store(running), datetime.now(UTC)
    aged = text("UPDATE events SET received_at = :at WHERE device = :name AND seq = :seq")
    for seq, age in enumerate(ages, 1):
        values = {"at": f"{now - age * DAY:%Y-%m-%d %H:%M:%S.%f}", "name": laptop.name, "seq": seq}
        store.write(lambda c, values=values: c.execute(aged, values))
    store.close()
    return laptop


def open_store(running: Running) -> Store:
    return Store(f"sqlite:///{running.state / 'collector.db'}")


def left(running: Running, laptop: Laptop) -> list[int]:
    query = "SELECT seq FROM events WHERE device = :name ORDER BY seq"
    return [seq for (seq,) in running.rows(query, name=laptop.name)]


def test_what_was_kept_long_enough_goes_and_the_laptop_goes_on(running: Running) -> None:
    laptop = reported(running, [200, 93, 89, 1])
    assert running.command("retention", "now") == "2 events deleted\n"
    assert left(running, laptop) == [3, 4]
    laptop.receipt(pupil_file(), pupil_file())
    assert left(running, laptop) == [3, 4, 5, 6]
    assert faults(running, laptop.name) == [], "what was deleted is no gap"
    deleted = running.rows("SELECT who, subject FROM audit WHERE act = 'events-deleted'")
    assert [(who, subject.split()[0]) for who, subject in deleted] == [("dossierwacht", "2")]


def test_what_an_entry_was_made_from_stays(running: Running) -> None:
    laptop = reported(running, [400, 400, 400, 1])
    now, store = datetime.now(UTC), open_store(running)
    draft = register.draft_from(laptop.name, 2, pupil_file(), now)
    store.write(lambda c: store_register.open_breach(c, draft, "olaf", now))
    store.close()
    running.command("retention", "now")
    assert left(running, laptop) == [2, 4]


def test_the_last_event_of_all_stays_so_that_no_number_comes_again(running: Running) -> None:
    laptop = reported(running, [400, 400])
    store, future = open_store(running), datetime.now(UTC)
    store.write(lambda c: store_retention.purge(c, future, 10))
    store.close()
    assert left(running, laptop) == [2]


def test_the_time_can_be_set_and_nonsense_is_refused(running: Running) -> None:
    laptop = reported(running, [60, 1])
    assert "90 days" in running.command("retention", "show")
    for days in ("29", "3651", "-1"):
        assert run(running.state, "retention", "set", "--days", days).returncode == 2
    running.command("retention", "set", "--days", "31")
    running.command("retention", "now")
    assert left(running, laptop) == [2]


def test_a_clock_that_runs_ahead_deletes_nothing(running: Running) -> None:
    laptop = reported(running, [60, 1])
    store = open_store(running)
    assert retention.purge(store, datetime.now(UTC) + 400 * DAY) == 0
    store.close()
    assert left(running, laptop) == [1, 2]


def test_many_go_in_turns(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop = reported(running, [400] * 6 + [0])
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    store = open_store(running)
    assert retention.purge(store, datetime.now(UTC)) == 6
    with store.read() as connection:
        assert store_history.views_are_whole(connection)
    store.close()
    assert left(running, laptop) == [7]


def test_serve_deletes_at_its_start(tmp_path: Path) -> None:
    with collector(tmp_path / "state") as made:
        laptop = reported(made, [400, 1])
    with collector(tmp_path / "state") as made:
        for _ in range(200):
            if left(made, laptop) == [2]:
                break
            made.command("retention", "show")
        assert left(made, laptop) == [2]

"""Which laptops need somebody: the filters, their counts and pages, and that asking stays cheap."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import event, insert
from sqlalchemy.dialects import postgresql

from agent.wire import event as wire
from server_stub import wording
from server_stub.console import fleet
from server_stub.storage import (
    store_alarms,
    store_contacts,
    store_daily,
    store_devices,
    store_events,
    store_fleet,
    store_newest,
    store_tokens,
)
from server_stub.storage.store import Store, migrations
from server_stub.storage.store_contacts import Standing
from server_stub.storage.store_devices import Fault
from server_stub.storage.store_fleet import Show
from server_stub.storage.tables import devices, documents
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    made.migrate()
    made.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    yield made
    made.close()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("fleet") / "state") as made:
        yield made


def enrol(store: Store, name: str, **changes: Any) -> None:
    values: dict[str, Any] = {"agent_version": "0.2.0", "state": "active", "group": ""}
    values |= {"last_contact_at": NOON, "last_seq": 0, "head": "0" * 64, "events": 0}
    values |= {"public_key": name, "owner": "issued", "token": 1, "enrolled_at": NOON}
    store.write(lambda c: c.execute(insert(devices).values(values | {"name": name} | changes)))


def tell(store: Store, name: str, seq: int, kind: str, **facts: Any) -> None:
    made = pupil_file(kind=kind, facts=facts, decision=None, outcome=None)
    values = {"device": name, "seq": seq, "event_id": made.id, "kind": kind, "head": "0" * 64}
    values |= dict.fromkeys(("observed_at", "recorded_at", "received_at"), NOON)
    row = values | {"body": wire.encode(made).decode()}

    def work(connection: Any) -> None:
        store_events.add_events(connection, [row])
        store_newest.note(connection, name, [(seq, made)])

    store.write(work)


def go_by(store: Store, name: str, policy: int, *, signed: bool = True) -> None:
    standing = Standing(
        device=name,
        at=NOON,
        policy=policy,
        signed=signed,
        expired=False,
        mode="report",
        held=None,
        keyring=1,
        state="fine",
        waiting=0,
        behind_seconds=0,
    )
    store.write(lambda c: store_contacts.note_standing(c, standing))


def publish(store: Store, version: int, scope: str = "organisation", names: str = "[]") -> None:
    values = {"kind": "policy", "version": version, "scope": scope, "names": names}
    values |= {"document": "{}", "published_at": NOON, "published_by": "terminal"}
    store.write(lambda c: c.execute(insert(documents).values(values)))


def shown(store: Store, show: Show, prefix: str = "") -> list[str]:
    """The names that a filter shows; its count must agree."""
    with store.read() as connection:
        lens = fleet.lens_at(connection, NOON, prefix)
        found = store_fleet.page(connection, lens, show, None, 100)
        assert store_fleet.counts(connection, lens)[show] == len(found)
    return [one.name for one in found]


def test_a_laptop_is_silent_after_a_week_and_the_longest_silent_comes_first(store: Store) -> None:
    for name, days in (("da", 6), ("db", 8), ("dc", 20)):
        enrol(store, name, last_contact_at=NOON - timedelta(days=days))
    enrol(store, "dd", last_contact_at=NOON - timedelta(days=99), state="revoked")
    assert shown(store, Show.SILENT) == ["dc", "db"]
    assert shown(store, Show.ALL) == ["da", "db", "dc", "dd"]
    with store.read() as connection:
        since = NOON - store_devices.SILENT_AFTER
        assert store_devices.count_silent(connection, "active", since) == 2


def test_what_is_watched_again_is_no_gap(store: Store) -> None:
    for name in ("da", "db"):
        enrol(store, name)
        tell(store, name, 1, "coverage-lost", what="usb", gap="missing", count=0)
    tell(store, "da", 2, "coverage-restored", what="usb")
    assert shown(store, Show.COVERAGE) == ["db"]


def test_the_policy_of_the_narrowest_scope_is_the_one_a_laptop_should_go_by(store: Store) -> None:
    publish(store, 3)
    publish(store, 4, "group", '["upstairs"]')
    publish(store, 5)
    publish(store, 6, "device", '["dd"]')
    for name, group, policy in (("da", "", 5), ("db", "", 3), ("dc", "upstairs", 4), ("dd", "", 5)):
        enrol(store, name, group=group)
        go_by(store, name, policy)
    enrol(store, "de")
    go_by(store, "de", 99, signed=False)
    enrol(store, "df")
    assert sorted(shown(store, Show.OLD_POLICY)) == ["db", "dd", "de", "df"]


def test_where_no_policy_was_published_none_is_old(store: Store) -> None:
    enrol(store, "da")
    assert shown(store, Show.OLD_POLICY) == []


def test_an_agent_is_old_by_its_numbers_and_not_by_its_letters() -> None:
    assert fleet.older(["0.10.0", "0.9.1", "0.10.0", "0.2"]) == ["0.2", "0.9.1"]
    assert fleet.older(["0.1.0"]) == [] == fleet.older([])


def test_parked_and_waiting_laptops_wait_for_somebody(store: Store) -> None:
    for name, state in (("da", "parked"), ("db", "waiting"), ("dc", "active"), ("dd", "revoked")):
        enrol(store, name, state=state)
    assert shown(store, Show.PARKED) == ["db", "da"]


def test_a_fault_is_open_until_seen_and_again_when_it_happens_again(store: Store) -> None:
    enrol(store, "da")
    fault = Fault(kind="chain-gap", reason="records-missing", device="da", seq=3)
    store.write(lambda c: store_devices.open_fault(c, fault, NOON))
    assert shown(store, Show.FAULTS) == ["da"]

    def see(connection: Any) -> None:
        found = store_alarms.fault_at(connection, 1)
        assert found is not None and not found.is_seen
        store_alarms.mark_seen(connection, found, "ingrid", NOON - timedelta(hours=1))

    store.write(see)
    assert shown(store, Show.FAULTS) == []
    store.write(lambda c: store_devices.open_fault(c, fault, NOON + timedelta(hours=2)))
    assert shown(store, Show.FAULTS) == ["da"]


def test_a_name_is_found_by_how_it_begins_and_a_sign_of_a_pattern_is_none() -> None:
    assert fleet.prefix_of(" DaB2 ") == "dab2"
    assert fleet.prefix_of("d%") == fleet.prefix_of("' OR 1=1") == fleet.prefix_of("d" * 18) == ""


def test_pages_go_on_after_a_laptop_and_show_each_once(store: Store) -> None:
    names = [f"d{letter}{other}" for letter in "abcd" for other in "abcd"]
    for name in names:  # several were heard of in the same moment
        enrol(store, name, last_contact_at=NOON - timedelta(days=ord(name[1])))
    for show in (Show.ALL, Show.SILENT):
        seen, after = [], None
        with store.read() as connection:
            lens = fleet.lens_at(connection, NOON)
            while rows := store_fleet.page(connection, lens, show, after, 3):
                seen += [one.name for one in rows]
                after = fleet.key_in(fleet.key_text(rows[-1]))
                assert after == (rows[-1].last_contact_at, rows[-1].name)
        assert sorted(seen) == names


@pytest.mark.parametrize("text", ["", "x", "_da", "2026-11-23T12:00:00.000000Z_", "9_d%"])
def test_an_end_of_a_page_that_somebody_made_up_is_the_first_page(text: str) -> None:
    assert fleet.key_in(text) is None


def test_many_laptops_take_no_more_statements_than_one(store: Store) -> None:
    enrol(store, "da")
    said: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *words: said.append(words[2]))
    shown(store, Show.ALL)
    few = len(said)
    for number in range(60):
        enrol(store, f"db{number}")
    said.clear()
    assert len(shown(store, Show.ALL)) == 61
    assert len(said) == few


def test_postgresql_knows_every_word_of_it(store: Store) -> None:
    publish(store, 1, "group", '["upstairs"]')
    with store.read() as connection:
        lens = fleet.lens_at(connection, NOON)
    for show in Show:
        rows = store_fleet.asked(lens, show, (NOON, "da"), 51)
        assert "devices" in str(rows.compile(dialect=postgresql.dialect()))


def test_each_filter_and_its_empty_state_speaks_every_language(at: Console) -> None:
    for language, words in wording.load().items():
        session = at.session("ingrid", language)
        for show in Show:
            page = at.get(session, f"/devices?show={show}").text
            assert f"<title>{words.text(f'fleet.show.{show}')}" in page
            said = [words.text(f"fleet.{state}.{show}") in page for state in ("lead", "empty")]
            assert said.count(True) == 1, show
        assert words.text("fleet.empty.name", name="zz") in at.get(session, "/devices?name=zz").text


def test_a_filter_shows_what_it_is_named_for(at: Console) -> None:
    page = at.get(at.session("ingrid"), f"/devices?show=faults&name={at.laptop.name[:6]}").text
    assert re.findall(r'<th scope="row"><a href="/devices/(\w+)"', page) == [at.laptop.name]


def test_what_an_address_asks_for_is_text_and_never_markup(at: Console) -> None:
    page = at.get(at.session("ingrid"), '/devices?show="><b>&name=<b>&after=<b>').text
    assert "<b>" not in page and "<table>" in page


def test_an_alarm_is_marked_as_seen_and_that_is_noted(at: Console) -> None:
    at.laptop.receipt("not an event either")
    session = at.session("ingrid")
    page = at.get(session, f"/devices/{at.laptop.name}").text
    found = re.findall(r'action="(/faults/\d+/seen)".*?name="times" value="(\d+)"', page, re.S)
    place, times = found[0]
    csrf = at.csrf(session)
    late = at.post(session, place, csrf=csrf, times=str(int(times) + 1))
    assert (late.status_code, at.get(session, late.headers["Location"]).text.count(place)) == (
        303,
        1,
    )
    reply = at.post(session, place, csrf=csrf, times=times)
    assert reply.headers["Location"] == f"/devices/{at.laptop.name}"
    after = at.get(session, reply.headers["Location"]).text
    assert place not in after and "by ingrid" in after
    lines = at.running.rows("SELECT who, subject FROM audit WHERE act = 'saw-fault'")
    assert [tuple(line) for line in lines] == [("ingrid", f"refused {at.laptop.name}")]
    assert at.post(session, "/faults/999/seen", csrf=csrf, times="1").status_code == 404


def test_a_laptop_counts_once_a_day_and_events_count_by_kind(store: Store) -> None:
    enrol(store, "da", last_contact_at=NOON - timedelta(days=1))
    for hours in (0, 1, 24):
        go_by(store, "da", 1)
        moment = NOON + timedelta(hours=hours)
        store.write(lambda c, moment=moment: _heard(c, moment))
    with store.read() as connection:
        found = store_daily.counts_since(connection, NOON.date())
        assert store_daily.count_by_kind(connection, NOON.date()) == [("a", 6)]
    assert found == {
        (NOON.date(), ""): 1,
        (NOON.date() + timedelta(days=1), ""): 1,
        (NOON.date(), "a"): 4,
        (NOON.date() + timedelta(days=1), "a"): 2,
    }


def _heard(connection: Any, moment: datetime) -> None:
    store_daily.note_events(connection, ["a", "a"], moment)
    store_devices.note_contact(
        connection,
        "da",
        agent_version="0.2.0",
        boot_id="x",
        last_seq=0,
        head="0" * 64,
        new_events=0,
        now=moment,
    )


def test_what_came_in_before_is_counted_when_the_database_is_brought_up(tmp_path: Path) -> None:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    settings = migrations()
    with made.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0014")
    made.write(lambda c: store_tokens.add_token(c, "0" * 64, 1, NOON, NOON))
    enrol(made, "da")
    enrol(made, "db")
    for name, seq in (("da", 1), ("da", 2), ("db", 1)):
        tell(made, name, seq, "policy-refused")
    made.migrate()
    with made.read() as connection:
        found = store_daily.counts_since(connection, NOON.date())
    made.close()
    assert found == {(NOON.date(), ""): 2, (NOON.date(), "policy-refused"): 3}

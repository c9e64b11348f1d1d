"""Reports of own slips: for the director's page and key, and in nothing that anybody else sees."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from agent.wire import event as wire
from agent.wire.event import APART
from server_stub import retention
from server_stub.breaches.register_export import FORMATS
from server_stub.logins.auth import Scope
from server_stub.pull import pull_rows
from server_stub.storage import store_events, store_slips
from server_stub.storage.store import Store
from server_stub.storage.store_events import EVERY
from tests.collector_on_loopback import Laptop, pupil_file
from tests.console_visit import Console, console
from tests.test_server_doors import DOORS

(KIND,) = APART
OTHERS = ("olaf", "ingrid", "maaike", "fleur", "renske")
CANARY = (
    b"age-encryption.org/v1\n-> X25519 "
    + b"S" * 43
    + b"\n"
    + b"L" * 43
    + b"\n--- "
    + b"P" * 43
    + b"\n"
    + b"slipslipslipslipslipslipslipslip"
)
SEALED = base64.b64encode(CANARY).decode()


def slip(**parts: object) -> wire.Event:
    given: dict[str, object] = {"kind": KIND, "facts": {}, "outcome": None, "sealed": SEALED}
    decision = wire.DecisionPart(action="report", rule="default", enforced=False)
    return pupil_file(**(given | {"decision": decision} | parts))


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("slips") / "state") as made:
        officer = made.session("olaf")
        path = f"/devices/{made.laptop.name}/2/breach"
        assert made.post(officer, path, csrf=made.csrf(officer)).status_code == 303
        number = f"{datetime.now(UTC).year}-0001"
        words = ("user", "add", "renske", "--role", "reader", "--case", number)
        given = "reader-invented-password\n"
        made.running.command(*words, "--password-stdin", given=given)
        made.laptop.receipt(slip())
        yield made


def place(at: Console) -> tuple[int, str]:
    """The laptop's number and the id of the newest slip."""
    rows = "SELECT seq, event_id FROM slips ORDER BY id DESC LIMIT 1"
    ((seq, event_id),) = at.running.rows(rows)
    return int(seq), str(event_id)


def filled(at: Console, path: str, seq: int) -> str:
    path = path.replace("{device}", at.laptop.name).replace("{seq}", str(seq))
    path = path.replace("{section}", "nature").replace("{form}", "record").replace("{call}", "1")
    path = path.replace("{event}", "1").replace("{kind}", KIND)
    path = path.replace("{request}", "1").replace("{slip}", "1")
    return path.replace("{number}", f"{datetime.now(UTC).year}-0001")


def needles(at: Console) -> list[bytes]:
    _, event_id = place(at)
    receipt = f"DW-{event_id[:4]}-{event_id[4:8]}".upper()
    return [one.encode() for one in (KIND, SEALED[:80], event_id, receipt)] + [CANARY]


def test_the_director_opens_it_and_notes_that_it_was_talked_about(at: Console) -> None:
    director, (_, event_id) = at.session("dirk"), place(at)
    assert at.get(director, "/").headers["Location"] == "/slips"
    page = at.get(director, "/slips").text
    assert f"DW-{event_id[:4]}-{event_id[4:8]}".upper() in page
    number = re.findall(r"/slips/(\d+)/open", page)[0]
    opener = at.get(director, f"/slips/{number}/open")
    assert opener.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")
    assert f'data-sealed="/slips/{number}/sealed"' in opener.text
    assert at.get(director, f"/slips/{number}/sealed").content == CANARY
    for said, count in (("yes", 1), ("no", 0)):
        form = {"csrf": at.csrf(director), "talked": said}
        assert at.post(director, f"/slips/{number}/talked", **form).status_code == 303
        done = at.running.rows("SELECT count(*) FROM slips WHERE talked_by = 'dirk'")[0][0]
        assert done == count
    for wrong in ("0", "999", "x", "-1"):
        assert at.get(director, f"/slips/{wrong}/sealed").status_code == 404


def test_the_directors_page_shows_no_laptop_and_no_hour(at: Console) -> None:
    director = at.session("dirk")
    for path in ("/slips", "/slips/1/open"):
        page = at.get(director, path).text
        assert at.laptop.name not in page
        assert "<time" not in page
        assert not re.search(r"\b\d\d:\d\d\b", page)


@pytest.mark.parametrize("who", OTHERS)
def test_no_page_of_anybody_else_holds_it(at: Console, who: str) -> None:
    session, (seq, _) = at.session(who), place(at)
    found = []
    for method, path in DOORS:
        if method == "GET" and not path.startswith("/login"):
            asked = filled(at, path, seq)
            # A page that says that nothing is there links to its own address.
            body = at.get(session, asked).content.replace(asked.encode(), b"")
            found += [(path, one) for one in needles(at) if one in body]
    assert found == []


@pytest.mark.parametrize("who", ["olaf", "ingrid", "dirk"])
def test_nobody_reaches_it_as_an_event(at: Console, who: str) -> None:
    session, (seq, _) = at.session(who), place(at)
    here = f"/devices/{at.laptop.name}/{seq}"
    for end in ("", "/open", "/sealed", "/stick"):
        assert at.get(session, here + end).status_code in (403, 404), end
    token = at.csrf(session)
    for end in ("/opening", "/breach", "/dispute"):
        form = {"csrf": token, "reason": "judge", "text": "why", "case": "1"}
        assert at.post(session, here + end, **form).status_code in (403, 404), end


@pytest.mark.parametrize("who", OTHERS)
def test_the_sealed_part_is_handed_to_nobody_but_the_director(at: Console, who: str) -> None:
    session = at.session(who)
    for path in ("/slips", "/slips/1/open", "/slips/1/sealed"):
        assert at.get(session, path).status_code == 403
    assert at.post(session, "/slips/1/talked", csrf=at.csrf(session)).status_code == 403


def test_no_program_pulls_it(at: Console) -> None:
    scopes = [word for scope in Scope for word in ("--scope", str(scope))]
    token = at.running.command("token", "api", "all-of-it", *scopes).strip()
    asks = at.stranger()
    asks.headers["Authorization"] = f"Bearer {token}"
    paths = [path for method, path in DOORS if method == "GET" and path.startswith("/api/v1/")]
    for path in [*paths, "/metrics"]:
        for form in ("json", "csv", "jsonl", "ocsf"):
            given = {} if path in ("/metrics", "/api/v1/openapi.json") else {"format": form}
            url = at.running.url + filled(at, path, 1)
            body = asks.get(url, params=given, timeout=20).content
            assert not [one for one in needles(at) if one in body], (path, form)
    only = asks.get(at.running.url + "/api/v1/events", params={"kind": KIND}, timeout=20)
    assert only.json()["events"] == []


def test_no_export_and_no_feed_holds_it(at: Console) -> None:
    out = at.running.state.parent / "export"
    for words in (
        *(("report", "--format", form) for form in ("csv", "json", "jsonl", "ocsf")),
        *(("breach", "export", "--out", str(out), "--format", form) for form in FORMATS),
        ("breach", "list", "--json"),
        ("device", "list", "--json"),
    ):
        told = at.running.command(*words).encode()
        told += out.read_bytes() if out.exists() else b""
        assert told
        assert not [one for one in needles(at) if one in told], words
    with at.running.store() as store, store.read() as connection:
        assert not [
            one for one in pull_rows.events(connection, 0, 999, EVERY).rows if one.kind == KIND
        ]
    assert needles(at)[1] in at.running.dump()  # it is there, and these bytes find it


def test_it_counts_nowhere(at: Console) -> None:
    """Neither for its laptop, nor by kind or day, nor as the newest of anything."""
    count = "SELECT events FROM devices WHERE name = :name"
    before = at.running.rows(count, name=at.laptop.name)
    at.laptop.receipt(slip(), slip())
    assert at.running.rows(count, name=at.laptop.name) == before
    for table in ("daily", "events"):
        rows = f"SELECT count(*) FROM {table} WHERE kind = :kind"
        assert at.running.rows(rows, kind=KIND)[0][0] == 0
    at.laptop.receipt(pupil_file())
    assert at.running.rows(count, name=at.laptop.name)[0][0] == before[0][0] + 1


def test_there_is_no_plot_of_it(at: Console) -> None:
    for who in ("olaf", "ingrid", "maaike"):
        assert at.get(at.session(who), f"/figures/events/{KIND}.svg").status_code == 404
        assert KIND not in at.get(at.session(who), "/figures").text


def test_the_log_says_the_same_whether_there_was_one_or_not(at: Console) -> None:
    director = at.session("dirk")
    at.get(director, "/slips")
    at.get(director, "/slips/1/sealed")
    rows = "SELECT DISTINCT act, subject FROM audit WHERE who = 'dirk' AND act LIKE '%slip%'"
    assert at.running.rows(rows) == [("viewed-slips", "slips")]


def test_its_place_in_the_chain_is_known_and_a_second_history_shows(at: Console) -> None:
    laptop: Laptop = at.running.laptop()
    laptop.receipt(slip())
    laptop.receipt(pupil_file())
    with at.running.store() as store, store.read() as connection:
        assert set(store_events.heads(connection, laptop.name, 1, 2)) == {1, 2}
    faults = "SELECT count(*) FROM faults WHERE device = :name"
    assert at.running.rows(faults, name=laptop.name)[0][0] == 0


def test_an_id_used_twice_for_slips_is_refused_like_any_other(at: Console) -> None:
    laptop = at.running.laptop()
    one = slip()
    laptop.receipt(one)
    receipt = laptop.receipt(one)
    assert [refused.reason for refused in receipt.refused] == ["repeated-id"]


def test_it_is_kept_no_longer_than_events_and_its_end_leaves_no_line(at: Console) -> None:
    store = Store(f"sqlite:///{at.running.state / 'collector.db'}")
    try:
        old = datetime.now(UTC) - timedelta(days=retention.DAYS + 1)
        aged = text("UPDATE slips SET received_at = :old WHERE id = 1")
        store.write(lambda c: c.execute(aged, {"old": f"{old:%Y-%m-%d %H:%M:%S.%f}"}))
        lines = at.running.rows("SELECT count(*) FROM audit")
        retention.purge(store, datetime.now(UTC))
        with store.read() as connection:
            assert store_slips.numbered(connection, 1) is None
            assert store_slips.newest(connection) != []
        assert at.running.rows("SELECT count(*) FROM audit") == lines
    finally:
        store.close()


def test_json_of_a_slip_is_what_any_event_is() -> None:
    assert json.loads(wire.encode(slip()))["facts"] == {}

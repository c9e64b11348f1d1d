"""What IT pulls beside events: laptops, posture, coverage, reports; pages, forms and filters."""

import csv
import io
import json
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from alembic import command

from agent.wire import messages
from agent.wire.contact import CONTACT_PATH, Contact
from server_stub.errors import Refused
from server_stub.intake.pace import MOST_THREADS, Pace
from server_stub.pull import pull_models, pull_rows
from server_stub.storage.store import migrations
from tests import pulled_collector
from tests.collector_on_loopback import Laptop, Running, collector, problem, pupil_file
from tests.console_visit import week
from tests.databases import Databases

SCOPES = ("devices", "events", "posture", "coverage", "reports")


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("pull") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made


@pytest.fixture(scope="module")
def told(running: Running) -> list[Laptop]:
    """Three laptops that told of everything, by name."""
    made = sorted((running.laptop() for _ in range(3)), key=lambda one: one.name)
    for laptop in made:
        laptop.receipt(*week())
        laptop.receipt(
            quiet("posture-checked", check="disk-encryption", state="bad", why="plain", count=1),
            quiet("posture-checked", check="guest-account", state="good", why="none", count=0),
            quiet("posture-checked", check="disk-encryption", state="good", why="none", count=-1),
            quiet("home-open", others="read"),
            quiet("laptop-described", shape="laptop", system="debian"),
            quiet("coverage-lost", what="folder", gap="unreadable", count=3),
            quiet("agent-report", mode="report", running=4, stopped=1, root=True),
        )
    speak(made[0])
    made[1].receipt("no event")
    return made


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return new_token(running, "siem", *SCOPES)


def new_token(running: Running, name: str, *scopes: str) -> str:
    options = [word for scope in scopes for word in ("--scope", scope)]
    return running.command("token", "api", name, *options).strip()


def quiet(kind: str, **facts: Any) -> Any:
    return pupil_file(kind=kind, facts=facts, decision=None, outcome=None)


def speak(laptop: Laptop) -> None:
    """Give the collector a word, as an agent does every few minutes."""
    word = Contact(
        device=laptop.name,
        agent_version="0.1.0",
        boot_id=str(uuid.uuid4()),
        sent_at=datetime.now(UTC),
        last=laptop.seq,
        head=laptop.head,
        waiting=2,
        policy=7,
        signed=True,
        expired=False,
        mode="enforce",
        keyring=1,
        state="look",
    )
    assert laptop.post(CONTACT_PATH, messages.to_json(word)).status_code == 200


def get(
    running: Running, path: str, token: str, accept: str = "", **query: Any
) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"Accept": accept} if accept else {})
    url = path if path.startswith("/") else f"/api/v1/{path}"
    return requests.get(
        running.url + url, params=query, headers=headers, verify=running.ca, timeout=20
    )


def test_a_laptop_comes_with_its_standing_and_its_policy(
    running: Running, told: list[Laptop], token: str
) -> None:
    rows = {one["device"]: one for one in get(running, "devices", token).json()["devices"]}
    spoke, silent = rows[told[0].name], rows[told[2].name]
    assert (spoke["standing"], spoke["policy"], spoke["policy_signed"]) == ("look", 7, True)
    assert (spoke["mode"], spoke["waiting"], spoke["admission"]) == ("enforce", 2, "active")
    assert (silent["standing"], silent["policy"], silent["told_at"]) == (None, None, None)
    assert {one["silent"] for one in rows.values()} == {False}


def test_one_laptop_comes_with_its_faults(running: Running, told: list[Laptop], token: str) -> None:
    answer = get(running, f"devices/{told[1].name}", token).json()
    (fault,) = answer["faults"]
    assert (fault["kind"], fault["reason"], fault["times"]) == ("refused", "malformed", 1)
    assert answer["device"]["faults"] == 1
    for name in ("d" + "a" * 16, "Pim"):
        reply = get(running, f"devices/{name}", token)
        assert (reply.status_code, problem(reply)) == (404, "unknown-device")


def test_posture_is_the_newest_answer_of_each_check(
    running: Running, told: list[Laptop], token: str
) -> None:
    rows = get(running, "posture", token, device=told[0].name).json()["posture"]
    found = {one["check"]: (one["state"], one["count"]) for one in rows}
    assert found == {
        "disk-encryption": ("good", None),
        "guest-account": ("good", 0),
        "home-open": (None, None),
        "laptop-described": (None, None),
    }
    assert [one["facts"] for one in rows if one["check"] == "home-open"] == [{"others": "read"}]


def test_an_answer_that_comes_again_changes_nothing(running: Running, token: str) -> None:
    laptop = running.laptop()
    old = laptop.records(quiet("posture-checked", check="updates", state="bad", why="x", count=1))
    new = laptop.records(quiet("posture-checked", check="updates", state="good", why="x", count=0))
    for previous, records in (old, new, old):
        batch = laptop.batch(previous, records)
        assert laptop.post(messages.EVENTS_PATH, batch).status_code == 200
    (row,) = get(running, "posture", token, device=laptop.name).json()["posture"]
    assert (row["state"], row["seq"]) == ("good", 2)


def test_coverage_is_what_was_lost_and_not_restored(
    running: Running, told: list[Laptop], token: str
) -> None:
    rows = get(running, "coverage", token).json()["coverage"]
    mine = [one for one in rows if one["device"] == told[0].name]
    assert [(one["what"], one["gap"], one["count"]) for one in mine] == [
        ("folder", "unreadable", 3)
    ]


def test_reports_are_the_newest_without_anything_sealed(
    running: Running, told: list[Laptop], token: str
) -> None:
    rows = get(running, "reports", token).json()["reports"]
    assert [one["device"] for one in rows] == [one.name for one in told]
    assert rows[0]["facts"] == {"mode": "report", "running": 4, "stopped": 1, "root": True}


@pytest.mark.parametrize("path", ["devices", "posture", "coverage", "reports", "events"])
def test_pages_hold_every_row_once(
    running: Running, told: list[Laptop], token: str, path: str
) -> None:
    whole = get(running, path, token, limit=1000).json()
    assert whole["next"] is None and len(whole[path]) >= 3
    found, url = [], f"/api/v1/{path}?limit=2"
    while url:
        reply = get(running, url, token)
        page = reply.json()
        assert len(page[path]) <= 2
        found += page[path]
        url = reply.links.get("next", {}).get("url", "")
        assert ("cursor=" + page["next"] in url) if page["next"] else not url
    assert found == whole[path]


def test_a_page_stays_where_it_was_when_rows_are_added(running: Running, token: str) -> None:
    first = get(running, "devices", token, limit=2).json()
    running.laptop()
    running.laptop().receipt(pupil_file())
    rest = get(running, "devices", token, cursor=first["next"]).json()["devices"]
    names = [one["device"] for one in first["devices"] + rest]
    assert names == sorted(set(names))


def test_whoever_keeps_the_last_cursor_gets_what_comes_later(running: Running, token: str) -> None:
    end = get(running, "events", token, limit=1000).json()
    assert end["next"] is None
    laptop = running.laptop()
    laptop.receipt(pupil_file())
    reply = get(running, "events", token, cursor=end["resume"])
    assert [one["device"] for one in reply.json()["events"]] == [laptop.name]
    assert reply.headers["X-Resume-Cursor"] == reply.json()["resume"] != end["resume"]
    again = get(running, "events", token, cursor=reply.json()["resume"]).json()
    assert (again["events"], again["resume"]) == ([], reply.json()["resume"])


def test_events_of_some_kinds_of_a_laptop_between_moments(
    running: Running, told: list[Laptop], token: str
) -> None:
    name, kinds = told[0].name, ["home-open", "leak-reported"]
    rows = get(running, "events", token, device=name, kind=kinds).json()["events"]
    assert sorted({one["kind"] for one in rows}) == kinds
    assert {one["device"] for one in rows} == {name}
    moment = rows[1]["received_at"]
    later = get(running, "events", token, device=name, kind=kinds, since=moment).json()["events"]
    sooner = get(running, "events", token, device=name, kind=kinds, until=moment).json()["events"]
    assert sooner + later == rows


def test_a_cursor_of_another_listing_is_none(
    running: Running, told: list[Laptop], token: str
) -> None:
    cursor = get(running, "devices", token, limit=1).json()["next"]
    for path in ("events", "posture", "coverage", "reports"):
        reply = get(running, path, token, cursor=cursor)
        assert (reply.status_code, problem(reply)) == (400, "no-cursor")
    assert problem(get(running, "devices", token, cursor=cursor + "A")) == "no-cursor"


@pytest.mark.parametrize("path", ["devices", "posture", "coverage", "reports", "events"])
def test_every_form_holds_the_same_rows(
    running: Running, told: list[Laptop], token: str, path: str
) -> None:
    rows = get(running, path, token).json()[path]
    lines = get(running, path, token, "application/jsonl")
    table = get(running, path, token, "text/csv")
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    found = list(csv.DictReader(io.StringIO(table.text)))
    assert [one["device"] for one in found] == [one["device"] for one in rows]
    assert list(found[0]) == list(rows[0])
    assert lines.headers["Content-Type"] == "application/jsonl"
    assert get(running, path, token, "text/csv", format="jsonl").text == lines.text


def test_accept_chooses_by_what_is_wanted_most(
    running: Running, told: list[Laptop], token: str
) -> None:
    for accept, kind in (
        ("*/*", "application/json"),
        ("text/html, text/*;q=0.5", "text/csv; charset=utf-8"),
        ("text/csv;q=0.2, application/jsonl;q=0.9", "application/jsonl"),
        ("application/ocsf+json, application/json;q=0", "application/ocsf+json"),
        ("text/csv;q=nonsense, application/*", "application/json"),
    ):
        reply = get(running, "events", token, accept, limit=1)
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, kind)
    refused = get(running, "devices", token, "application/ocsf+json")
    assert (refused.status_code, problem(refused)) == (406, "not-acceptable")


def test_no_answer_has_a_field_that_is_not_described(
    running: Running, told: list[Laptop], token: str
) -> None:
    kinds: dict[str, type[msgspec.Struct]] = {
        "devices": pull_models.DeviceRow,
        "posture": pull_models.PostureRow,
        "coverage": pull_models.CoverageRow,
        "reports": pull_models.ReportRow,
        "events": pull_models.EventRow,
    }
    for path, kind in kinds.items():
        reply = get(running, path, token)
        assert {tuple(row) for row in reply.json()[path]} == {pull_models.columns(kind)}
        assert "age-encryption" not in reply.text


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_what_it_is_for_and_nothing_else(running: Running, scope: str) -> None:
    given = new_token(running, f"only-{scope}", scope)
    for path in (*SCOPES, "/metrics"):
        wanted = (200, "") if path == scope else (403, "out-of-scope")
        reply = get(running, path, given)
        assert (reply.status_code, problem(reply) if reply.status_code != 200 else "") == wanted


def test_a_token_of_before_is_for_devices_and_events(running: Running) -> None:
    old = running.command("token", "api", "of-before").strip()
    opened = [path for path in SCOPES if get(running, path, old).status_code == 200]
    assert opened == ["devices", "events"]


def test_whoever_asks_too_often_is_told_when_to_come_back(running: Running) -> None:
    given = new_token(running, "in-a-loop", "devices")
    session = requests.Session()
    session.trust_env, session.verify = False, running.ca
    session.headers["Authorization"] = f"Bearer {given}"
    replies = (session.get(f"{running.url}/api/v1/devices", timeout=20) for _ in range(5000))
    late = next(reply for reply in replies if reply.status_code != 200)
    assert (late.status_code, problem(late)) == (429, "too-often")
    assert int(late.headers["Retry-After"]) >= 1
    assert get(running, "devices", new_token(running, "another", "devices")).status_code == 200


def test_many_programs_leave_threads_to_the_laptops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them waits in the database; a laptop's request is answered all the same."""
    made = pulled_collector.make(tmp_path / "state")
    pulled_collector.fill(made)
    go_on, asked = threading.Event(), []

    def slow(*_: Any) -> Any:
        asked.append(1)
        go_on.wait(30)
        raise Refused(503, "storage", "invented")

    monkeypatch.setattr(pull_rows, "events", slow)
    with pulled_collector.answering(made) as at, ThreadPoolExecutor(60) as crowd:
        replies = [crowd.submit(at.get, "/api/v1/events") for _ in range(60)]
        try:
            while len(asked) < MOST_THREADS:
                time.sleep(0.01)
            told = requests.post(at.url + messages.EVENTS_PATH, data=b"{}", timeout=20)
            assert (told.status_code, problem(told)) == (401, "unsigned")
            assert at.get("/devices").status_code == 200  # the console, as its login page
            assert len(asked) == MOST_THREADS
        finally:
            go_on.set()
        assert {one.result().status_code for one in replies} == {503}


def test_requests_come_back_with_time() -> None:
    now = [1000.0]
    pace = Pace(at_once=2, a_minute=60, clock=lambda: now[0])
    pace.take(1)
    pace.take(1)
    with pytest.raises(Refused) as refused:
        pace.take(1)
    assert refused.value.retry_after == 1
    pace.take(2)
    now[0] += 1
    pace.take(1)
    now[0] += 3600
    pace.take(1)
    pace.take(1)
    with pytest.raises(Refused):
        pace.take(1)


def test_the_terminal_prints_the_same_in_every_form(
    running: Running, told: list[Laptop], token: str
) -> None:
    name = told[2].name
    rows = get(running, "events", token, device=name, kind="home-open").json()["events"]
    words = ("report", "--device", name, "--kind", "home-open", "--until", "2099-01-01")
    assert json.loads(running.command(*words, "--format", "json"))["events"] == rows
    assert [json.loads(running.command(*words, "--format", "jsonl"))] == rows
    (event,) = get(running, "events", token, device=name, kind="home-open", format="ocsf").json()
    assert json.loads(running.command(*words, "--format", "ocsf")) == event


def test_what_a_collector_of_before_has_received_is_pulled_too(tmp_path: Path) -> None:
    """The events of an older version get their places among the newest answers."""
    made = pulled_collector.make(tmp_path / "state")
    pulled_collector.fill(
        made,
        quiet("posture-checked", check="updates", state="bad", why="x", count=1),
        quiet("posture-checked", check="updates", state="good", why="x", count=0),
        quiet("agent-report", root=True),
    )
    with made.store.engine.connect() as connection:
        settings = migrations()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0006")
    made.store.migrate()
    with made.store.read() as connection:
        posture = pull_rows.posture(connection, ("", ""), 10, None).rows
        reports = pull_rows.reports(connection, ("", ""), 10, None).rows
        gaps = pull_rows.coverage(connection, ("", ""), 10, None).rows
    made.store.close()
    assert [(one.check, one.state) for one in posture] == [("updates", "good")] * 3
    assert [one.device for one in reports] == list(pulled_collector.NAMES)
    assert gaps == []

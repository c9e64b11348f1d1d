"""What IT's programs pull: the same as the report, a page at a time, with a token for it."""

import csv
import io
import json
from collections.abc import Iterator

import msgspec
import pytest
import requests

from agent.wire import messages
from tests.collector_on_loopback import Running, collector, problem, pupil_file
from tests.databases import Databases

EVENTS = 620
"""More than one page."""


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("api") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        laptop = made.laptop()
        for begin in range(0, EVENTS, 155):
            laptop.receipt(*(pupil_file() for _ in range(begin, min(begin + 155, EVENTS))))
        made.laptop().receipt("no event", pupil_file())
        yield made


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return running.command("token", "api", "siem").strip()


def get(running: Running, path: str, token: str, **query: object) -> requests.Response:
    return requests.get(
        f"{running.url}/api/v1/{path}",
        params={name: str(value) for name, value in query.items()},
        headers={"Authorization": f"Bearer {token}"} if token else {},
        verify=running.ca,
        timeout=20,
    )


def test_pages_together_are_the_report(running: Running, token: str) -> None:
    found, cursor = [], {}
    while cursor is not None:
        page = get(running, "events", token, **cursor).json()
        found += page["events"]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert len(found) == EVENTS + 1
    assert found == json.loads(running.command("report", "--json"))["events"]


def test_csv_pages_together_are_the_report(running: Running, token: str) -> None:
    found, query = [], {"format": "csv"}
    while query:
        reply = get(running, "events", token, **query)
        assert reply.headers["Content-Type"].startswith("text/csv")
        found += list(csv.DictReader(io.StringIO(reply.text)))
        cursor = reply.headers.get("X-Next-Cursor", "")
        query = {"format": "csv", "cursor": cursor} if cursor else {}
    assert found == list(csv.DictReader(io.StringIO(running.command("report"))))


def test_events_of_one_laptop_or_since_a_moment(running: Running, token: str) -> None:
    devices = get(running, "devices", token).json()["devices"]
    small = next(one for one in devices if one["events"] == 1)
    events = get(running, "events", token, device=small["device"]).json()["events"]
    assert [one["device"] for one in events] == [small["device"]]
    assert get(running, "events", token, since="2100-01-01").json()["events"] == []


def test_laptops_come_with_their_counts_and_faults(running: Running, token: str) -> None:
    rows = get(running, "devices", token).json()["devices"]
    assert sorted((one["events"], one["faults"]) for one in rows) == [(1, 1), (EVENTS, 0)]
    table = list(csv.DictReader(io.StringIO(get(running, "devices", token, format="csv").text)))
    assert [one["device"] for one in table] == [one["device"] for one in rows]


def test_the_sealed_part_is_not_for_programs(running: Running, token: str) -> None:
    page = get(running, "events", token).json()["events"]
    assert {one["sealed"] for one in page} == {True}
    assert "age-encryption" not in json.dumps(page)


def test_a_token_is_needed_and_must_be_for_this(running: Running, token: str) -> None:
    only = running.command("token", "api", "only-devices", "--scope", "devices").strip()
    for given, path, status, code in (
        ("", "events", 401, "no-token"),
        ("nonsense", "events", 401, "no-token"),
        ("dwapi-" + "x" * 43, "events", 401, "unknown-token"),
        (only, "events", 403, "out-of-scope"),
    ):
        reply = get(running, path, given)
        assert (reply.status_code, problem(reply)) == (status, code)
    assert get(running, "devices", only).status_code == 200


def test_a_token_that_was_taken_back_is_no_longer_good(running: Running) -> None:
    token = running.command("token", "api", "short-lived").strip()
    assert get(running, "events", token).status_code == 200
    running.command("token", "revoke", "short-lived")
    assert problem(get(running, "events", token)) == "unknown-token"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"since": "yesterday"}, "no-moment"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "no-moment"),
        ({"cursor": "-1"}, "no-cursor"),
        ({"cursor": "9" * 40}, "no-cursor"),
        ({"cursor": "0"}, "no-cursor"),
        ({"limit": "0"}, "no-limit"),
        ({"limit": "1001"}, "no-limit"),
        ({"kind": "Pupil File"}, "no-kind"),
        ({"device": "x' OR 1=1"}, "no-device"),
        ({"skip": "3"}, "no-parameter"),
        ({"format": "xml"}, "no-format"),
    ],
)
def test_a_wrong_question_is_explained(
    running: Running, token: str, query: dict[str, str], code: str
) -> None:
    reply = get(running, "events", token, **query)
    assert (reply.status_code, problem(reply)) == (400, code)


def test_every_refusal_has_the_shape_of_the_wire(running: Running) -> None:
    reply = get(running, "nothing", "")
    assert reply.status_code == 404
    msgspec.json.decode(reply.content, type=messages.Problem)


def test_the_tokens_secret_is_nowhere_in_the_database(running: Running, token: str) -> None:
    assert token.encode() not in running.dump()


def test_no_cell_of_a_table_is_taken_for_a_formula(running: Running, token: str) -> None:
    """Whatever a laptop could get stored: a spreadsheet looks at the first character."""
    laptop = running.laptop()
    laptop.receipt(pupil_file(facts={"a": -1, "b": ["x"], "c": "word", "d": False}, sealed=""))
    events = get(running, "events", token, format="csv", device=laptop.name).text
    devices = get(running, "devices", token, format="csv").text
    for text in (events, devices):
        assert laptop.name in text
        cells = {cell for row in csv.reader(io.StringIO(text)) for cell in row}
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]

"""What Prometheus reads: counts that agree with what was sent, in closed words only."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from server_stub.errors import Refused, StoreError
from server_stub.logins.auth import Scope
from server_stub.pull import metrics_readings
from server_stub.pull.metrics import FAILED, OUTCOMES, REFUSED, STORED, TOO_MUCH, Metrics
from server_stub.storage import store_feeds
from tests.collector_on_loopback import Laptop, Running, collector, pupil_file
from tests.databases import Databases
from tests.pulled_collector import NAMES, Pulled, add, answering, fill, make, new_token

Values = dict[tuple[str, ...], float]


@pytest.fixture
def at(databases: Databases, tmp_path: Path) -> Iterator[Pulled]:
    made = make(tmp_path / "state", databases.of_a_collector())
    fill(made)
    with answering(made) as found:
        yield found


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("metrics") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made


def values(text: str) -> Values:
    """Each sample by its name and the values of its labels."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def scraped(running: Running, token: str, accept: str = "") -> str:
    headers = {"Authorization": f"Bearer {token}", "Accept": accept}
    reply = requests.get(running.url + "/metrics", headers=headers, verify=running.ca, timeout=20)
    assert reply.status_code == 200, reply.text
    return reply.text


def test_what_laptops_send_is_counted_by_how_it_ended(running: Running) -> None:
    token = running.command("token", "api", "prometheus", "--scope", "metrics").strip()
    laptop = running.laptop()
    laptop.receipt(pupil_file(), pupil_file(), pupil_file(kind="leak-reported"))
    assert Laptop(running).send(pupil_file()).status_code == 401
    laptop.receipt("no event")
    found = values(scraped(running, token))
    assert found["dossierwacht_ingest_requests_total", STORED] == 2
    assert found["dossierwacht_ingest_requests_total", REFUSED] == 1
    assert found["dossierwacht_ingest_requests_total", FAILED] == 0
    assert found[("dossierwacht_ingest_seconds_count",)] == 3
    assert found["dossierwacht_events_received_total", "pupil-file-found"] == 2
    assert found["dossierwacht_events_received_total", "leak-reported"] == 1
    assert found["dossierwacht_faults", "refused"] == 1
    assert found["dossierwacht_devices", "active"] == 1
    assert found[("dossierwacht_database_bytes",)] > 4096


def test_openmetrics_is_given_to_whoever_asks_for_it(running: Running) -> None:
    token = running.command("token", "api", "newer", "--scope", "metrics").strip()
    text = scraped(running, token, "application/openmetrics-text; version=1.0.0, */*;q=0.1")
    names = {family.name for family in openmetrics_families(text)}
    assert names >= {"dossierwacht_collector", "dossierwacht_ingest_seconds"}


def test_events_are_counted_from_the_start_of_the_collector_on(at: Pulled) -> None:
    assert ("dossierwacht_events_received_total", "home-open") not in values(
        at.get("/metrics").text
    )
    add(at.collector, NAMES[0], 100, pupil_file(kind="home-open", facts={"others": "read"}))
    for _ in range(2):
        found = values(at.get("/metrics").text)
        assert found["dossierwacht_events_received_total", "home-open"] == 1


def test_nobody_can_make_the_series_grow(at: Pulled) -> None:
    """A laptop may send any word as a kind, and say of itself what it likes."""
    for number in range(20):
        add(at.collector, NAMES[1], 200 + number, pupil_file(kind=f"made-up-{number}"))
    found = values(at.get("/metrics").text)
    kinds = {key[1] for key in found if key[0] == "dossierwacht_events_received_total"}
    known = next(iter(at.collector.languages.values())).kinds
    assert kinds <= {*known, "other"}
    assert found["dossierwacht_events_received_total", "other"] >= 20
    told = metrics_readings._by_word("n", "a", "standing", {"fine": 2, "x": 1, "y": 3}, ("fine",))
    assert [(one.labels["standing"], one.value) for one in told.samples] == [
        ("fine", 2),
        ("other", 4),
    ]


def test_the_register_is_there_as_counts_and_nothing_else(at: Pulled) -> None:
    text = at.get("/metrics").text
    found = {key[1] for key in values(text) if key[0] == "dossierwacht_register_entries"}
    assert found == {"all", "open", "overdue"}
    assert not [name for name in NAMES if name in text]


def test_how_far_a_feed_is_behind_is_shown(at: Pulled) -> None:
    feed = {
        "name": "siem",
        "way": "syslog",
        "target": "tcp://127.0.0.1:9",
        "form": "json",
        "ca": "",
        "salt": "00",
        "after": 3,
        "added_at": datetime.now(UTC),
    }
    at.collector.store.write(lambda c: store_feeds.add(c, feed, ()))
    found = values(at.get("/metrics").text)
    with at.collector.store.read() as connection:
        (known,) = store_feeds.all_feeds(connection)
    assert found["dossierwacht_feed_lag_events", "siem"] == 14 * 3 - known.after
    assert found["dossierwacht_feed_lag_seconds", "siem"] >= 0


def test_metrics_are_for_a_token_with_their_scope(at: Pulled) -> None:
    other = new_token(at.collector, Scope.DEVICES, Scope.EVENTS)
    for given, status in ((other, 403), ("dwapi-unknown", 401)):
        reply = at.get("/metrics", Authorization=f"Bearer {given}")
        assert (reply.status_code, list(reply.json())) == (status, ["error"])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, STORED),
        (Refused(401, "signature", "no"), REFUSED),
        (Refused(429, "too-much", "later"), TOO_MUCH),
        (StoreError("full"), FAILED),
        (KeyError("unforeseen"), FAILED),
    ],
)
def test_every_end_of_a_request_is_counted_once(error: Exception | None, outcome: str) -> None:
    made = Metrics()
    try:
        with made.ingest():
            if error is not None:
                raise error
    except type(error or KeyError) as raised:
        assert raised is error
    name = "dossierwacht_ingest_requests_total"
    counted = {word: made.registry.get_sample_value(name, {"outcome": word}) for word in OUTCOMES}
    assert counted == {word: float(word == outcome) for word in OUTCOMES}
    assert made.registry.get_sample_value("dossierwacht_ingest_seconds_count") == 1


def test_two_collectors_count_apart() -> None:
    one, other = Metrics(), Metrics()
    with one.ingest():
        pass
    name, labels = "dossierwacht_ingest_requests_total", {"outcome": STORED}
    assert one.registry.get_sample_value(name, labels) == 1
    assert other.registry.get_sample_value(name, labels) == 0

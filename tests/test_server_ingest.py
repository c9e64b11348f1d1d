"""Events at a real collector: stored once, held to the contract, chained, answered for."""

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from pyrage import encrypt, x25519

from agent.wire import event as wire
from agent.wire import messages
from tests.collector_on_loopback import (
    HEADER,
    Laptop,
    Running,
    believed,
    collector,
    faults,
    problem,
    pupil_file,
)
from tests.databases import Databases

EVENTS = messages.EVENTS_PATH


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("ingest") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made
    assert not [line for line in made.log if "unforeseen" in line or "Traceback" in line]


@pytest.fixture
def laptop(running: Running) -> Laptop:
    return running.laptop()


def stored(laptop: Laptop) -> list[tuple[int, str]]:
    rows = laptop.at.rows(
        "SELECT seq, body FROM events WHERE device = :d ORDER BY seq", d=laptop.name
    )
    return [(seq, body) for seq, body in rows]


# --- what is stored and answered ------------------------------------------------------------------


def test_events_are_stored_as_they_were_chained_and_receipted(laptop: Laptop) -> None:
    events = [pupil_file() for _ in range(3)]
    receipt = laptop.receipt(*events)
    assert stored(laptop) == [(n, wire.encode(e).decode()) for n, e in enumerate(events, 1)]
    assert (receipt.last, receipt.head, receipt.refused) == (3, laptop.head, [])


def test_a_repeat_gets_the_same_receipt_and_stores_nothing_twice(laptop: Laptop) -> None:
    batch = laptop.batch(*laptop.records(pupil_file(), pupil_file()))
    first, second = (laptop.post(EVENTS, batch) for _ in range(2))
    before, after = (msgspec.json.decode(r.content, type=messages.Receipt) for r in (first, second))
    assert (before.last, before.head) == (after.last, after.head)
    assert len(stored(laptop)) == 2
    assert laptop.at.rows("SELECT events FROM devices WHERE name = :d", d=laptop.name) == [(2,)]


def test_a_batch_that_overlaps_the_last_one_adds_only_what_is_new(laptop: Laptop) -> None:
    previous, first = laptop.records(pupil_file(), pupil_file())
    laptop.post(EVENTS, laptop.batch(previous, first))
    _, more = laptop.records(pupil_file())
    reply = laptop.post(EVENTS, laptop.batch(previous, [*first, *more]))
    assert reply.status_code == 200
    assert [seq for seq, _ in stored(laptop)] == [1, 2, 3]
    assert faults(laptop.at, laptop.name) == []


def test_replies_are_signed_for_the_request_they_answer(running: Running) -> None:
    laptop = Laptop(running)
    enrolled = msgspec.json.decode(laptop.enrol(running.token()).content, type=messages.EnrolReply)
    nonce = secrets.token_urlsafe(24)
    batch = laptop.batch(*laptop.records(pupil_file()))
    believed(laptop.post(EVENTS, batch, nonce=nonce), enrolled.collector_key, nonce)
    refused = laptop.post(EVENTS, b"{}", nonce=(other := secrets.token_urlsafe(24)))
    assert refused.status_code == 400
    believed(refused, enrolled.collector_key, other)


def test_the_database_itself_keeps_one_row_a_number(laptop: Laptop) -> None:
    previous, records = laptop.records(*(pupil_file() for _ in range(50)))
    batches = [laptop.batch(previous, records[:n]) for n in (10, 50, 30, 50)]
    assert [laptop.post(EVENTS, batch).status_code for batch in batches] == [200] * 4
    assert [seq for seq, _ in stored(laptop)] == list(range(1, 51))


# --- who may send ---------------------------------------------------------------------------------


def test_an_unknown_laptop_is_refused(running: Running) -> None:
    reply = Laptop(running).send(pupil_file())
    assert (reply.status_code, problem(reply)) == (401, "unknown-device")


def test_nobody_can_send_in_anothers_name(running: Running, laptop: Laptop) -> None:
    other = running.laptop()
    batch = laptop.batch(*laptop.records(pupil_file()))
    assert problem(other.post(EVENTS, batch)) == "wrong-device"
    assert problem(other.post(EVENTS, batch, keyid=laptop.name)) == "signature"
    assert stored(laptop) == []


def test_a_request_for_another_address_is_refused(laptop: Laptop) -> None:
    batch = laptop.batch(*laptop.records(pupil_file()))
    reply = laptop.post(EVENTS, batch, uri="https://another.example/v1/events")
    assert (reply.status_code, problem(reply)) == (401, "signature")


def test_a_recorded_request_is_not_accepted_twice(laptop: Laptop) -> None:
    nonce = secrets.token_urlsafe(24)
    batch = laptop.batch(*laptop.records(pupil_file()))
    assert laptop.post(EVENTS, batch, nonce=nonce).status_code == 200
    reply = laptop.post(EVENTS, batch, nonce=nonce)
    assert (reply.status_code, problem(reply)) == (401, "replayed")


@pytest.mark.parametrize("skew", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=400)])
def test_a_wrong_clock_is_told_and_nothing_is_lost(laptop: Laptop, skew: timedelta) -> None:
    batch = laptop.batch(*laptop.records(pupil_file()))
    laptop.skew = skew
    reply = laptop.post(EVENTS, batch)
    assert (reply.status_code, problem(reply)) == (401, "clock")
    laptop.skew = timedelta(minutes=-4)
    assert laptop.post(EVENTS, batch).status_code == 200


# --- the chain ------------------------------------------------------------------------------------


def test_missing_records_are_noted_and_the_rest_is_stored(laptop: Laptop) -> None:
    laptop.receipt(pupil_file())
    laptop.records(*(pupil_file() for _ in range(4)))
    receipt = laptop.receipt(pupil_file())
    assert receipt.last == 6
    query = "SELECT seq, until_seq FROM faults WHERE device = :d AND kind = 'chain-gap'"
    assert laptop.at.rows(query, d=laptop.name) == [(2, 5)]
    assert laptop.receipt(pupil_file()).head == laptop.head


def test_records_that_arrive_late_fill_their_gap(laptop: Laptop) -> None:
    laptop.receipt(pupil_file())
    late = laptop.batch(*laptop.records(pupil_file(), pupil_file()))
    laptop.receipt(pupil_file())
    assert laptop.post(EVENTS, late).status_code == 200
    assert [seq for seq, _ in stored(laptop)] == [1, 2, 3, 4]
    assert laptop.receipt(pupil_file()).head == laptop.head


def test_another_body_under_a_known_number_is_a_fork(laptop: Laptop) -> None:
    laptop.receipt(pupil_file())
    kept = (laptop.seq, laptop.head)
    laptop.receipt(pupil_file())
    laptop.seq, laptop.head = kept
    for _ in range(2):
        reply = laptop.send(pupil_file())
        assert (reply.status_code, problem(reply)) == (409, "chain-fork")
        laptop.seq, laptop.head = kept
    assert faults(laptop.at, laptop.name) == [("chain-fork", "another-history", 2)] * 2
    assert len(stored(laptop)) == 2


def test_a_journal_put_back_from_a_copy_is_a_fork(laptop: Laptop) -> None:
    laptop.receipt(*(pupil_file() for _ in range(3)))
    copy = (laptop.seq, laptop.head)
    laptop.receipt(*(pupil_file() for _ in range(3)))
    laptop.seq, laptop.head = copy
    assert problem(laptop.send(*(pupil_file() for _ in range(8)))) == "chain-fork"
    assert len(stored(laptop)) == 6


def test_a_chain_that_does_not_begin_at_the_beginning_is_a_fork(laptop: Laptop) -> None:
    laptop.head = hashlib.sha256(b"elsewhere").hexdigest()
    assert problem(laptop.send(pupil_file())) == "chain-fork"


def test_a_next_record_of_another_history_is_a_fork(laptop: Laptop) -> None:
    laptop.receipt(pupil_file())
    laptop.head = hashlib.sha256(b"elsewhere").hexdigest()
    assert problem(laptop.send(pupil_file())) == "chain-fork"


def test_records_that_do_not_follow_each_other_are_no_batch(laptop: Laptop) -> None:
    previous, records = laptop.records(pupil_file(), pupil_file(), pupil_file())
    reply = laptop.post(EVENTS, laptop.batch(previous, [records[0], records[2]]))
    assert (reply.status_code, problem(reply)) == (400, "not-a-run")


# --- what is refused ------------------------------------------------------------------------------


def bsn() -> str:
    """An invented number that passes the elfproef."""
    while True:
        digits = [1 + secrets.randbelow(9), *(secrets.randbelow(10) for _ in range(7))]
        rest = sum(d * w for d, w in zip(digits, range(9, 1, -1), strict=True)) % 11
        if rest < 10 and any(digits):
            return "".join(map(str, digits)) + str(rest)


def cpr() -> str:
    """An invented number shaped like a CPR number: born on 12 March 2014."""
    return f"120314{secrets.randbelow(9000) + 1000}"


def planted() -> dict[str, str]:
    return {
        "bsn": bsn(),
        "bsn-in-a-word": f"a{bsn()}",
        "bsn-in-groups": re.sub(r"(...)(...)(...)", r"n\1-\2-\3", bsn()),
        "cpr": cpr(),
        "cpr-in-a-word": f"a{cpr()}",
        "e-mail": "sanne.devries@school.example",
        "path": "/home/sanne/Downloads/klas-5b.xlsx",
        "windows-path": "C:\\Users\\sanne\\klas-5b.xlsx",
        "name": "Sanne de Vries",
    }


def fields() -> dict[str, object]:
    """Each text of an event that a text could be planted in: its JSON with the text in place."""
    base = msgspec.json.decode(wire.encode(pupil_file()))

    def with_change(text: str, *path: str) -> dict[str, object]:
        changed = msgspec.json.decode(msgspec.json.encode(base))
        place = changed
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = [text] if path[-1] == "evidence" else text
        changed["id"] = str(uuid.uuid4()) if path != ("id",) else text
        return changed

    def fact_named(text: str) -> dict[str, object]:
        changed = with_change("pupil-list", "facts", "class")
        changed["facts"][text] = 1
        return changed

    def number(text: str) -> dict[str, object]:
        digits = re.sub(r"\D", "", text)
        digits = digits if len(digits) > 8 else "1234567890"
        changed = with_change("pupil-list", "facts", "class")
        changed["facts"]["size-kb"] = int(digits)
        return changed

    def unknown_field(text: str) -> dict[str, object]:
        return with_change("x", "kind") | {"title": text}

    places = {
        "kind": ("kind",),
        "id": ("id",),
        "time": ("observed_at",),
        "fact": ("facts", "class"),
        "digest": ("facts", "file"),
        "list": ("facts", "evidence"),
        "action": ("decision", "action"),
        "rule": ("decision", "rule"),
        "held": ("decision", "held"),
        "result": ("outcome", "result"),
        "reason": ("outcome", "reason"),
        "sealed": ("sealed",),
    }
    made: dict[str, object] = {
        name: (lambda text, path=path: with_change(text, *path)) for name, path in places.items()
    }
    return made | {"name-of-fact": fact_named, "number": number, "unknown-field": unknown_field}


@pytest.mark.parametrize("place", fields())
def test_what_looks_like_a_person_is_refused_and_kept_nowhere(laptop: Laptop, place: str) -> None:
    """Refused in this place, receipted, its text nowhere, and the record after it is stored."""
    texts = planted()
    make = fields()[place]
    bodies = [sorted_json(make(text)) for text in texts.values()]  # type: ignore[operator]
    receipt = laptop.receipt(*bodies, pupil_file())
    assert [refusal.seq for refusal in receipt.refused] == list(range(1, len(bodies) + 1))
    assert [seq for seq, _ in stored(laptop)] == [len(bodies) + 1]
    assert {kind for kind, _, _ in faults(laptop.at, laptop.name)} == {"refused"}
    dump = laptop.at.dump()
    for text in texts.values():
        assert text.encode() not in dump
        assert text.encode() not in b"".join(line.encode() for line in laptop.at.log)


def sorted_json(value: object) -> str:
    """JSON as the journal writes it, so that only the planted text is wrong with it."""
    return msgspec.json.Encoder(order="sorted").encode(value).decode()


@pytest.mark.parametrize("field", ["agent_version", "boot_id", "sent_at", "device", "previous"])
def test_nothing_can_be_planted_round_the_records_either(laptop: Laptop, field: str) -> None:
    batch = laptop.batch(*laptop.records(pupil_file()))
    versions = (f"{bsn()}.0.0", re.sub(r"(...)(...)(...)", r"\1.\2.\3", bsn()))
    for text in (*planted().values(), *versions):
        changed = msgspec.json.decode(batch) | {field: text}
        reply = laptop.post(EVENTS, msgspec.json.encode(changed))
        assert (reply.status_code, problem(reply)) == (400, "malformed")
        assert text.encode() not in reply.content + laptop.at.dump()
    assert stored(laptop) == []


def test_the_planted_bodies_are_fine_but_for_what_was_planted(laptop: Laptop) -> None:
    """Without this the test above could be passed by refusing everything."""
    for place, make in fields().items():
        if place in ("id", "time", "digest", "sealed", "number", "unknown-field"):
            continue
        body = sorted_json(make("plain-word"))  # type: ignore[operator]
        assert laptop.receipt(body).refused == [], place


def reasons(laptop: Laptop, *bodies: str | wire.Event) -> list[str]:
    return [refusal.reason for refusal in laptop.receipt(*bodies).refused]


@pytest.mark.parametrize(
    ("reason", "body"),
    [
        ("malformed", "not json"),
        ("malformed", ""),
        ("untyped", "[" * 100_000),
        ("malformed", "{" * 100_000),
        ("untyped", '{"facts":' + "[" * 100_000),
        ("untyped", "{}"),
        ("untyped", "[]"),
        ("untyped", "null"),
    ],
)
def test_a_record_that_is_no_event_is_refused(laptop: Laptop, reason: str, body: str) -> None:
    assert reasons(laptop, body) == [reason]


def test_a_batch_of_a_later_version_is_kept_by_its_sender_whatever_it_holds(laptop: Laptop) -> None:
    """It must not be receipted, for then the laptop would forget what was never stored."""
    previous, records = laptop.records(pupil_file())
    plain = msgspec.json.decode(laptop.batch(previous, records))
    later = [plain | {"wire": 2}, plain | {"wire": 2, "news": [1]}, {"wire": 99}]
    for one in later:
        reply = laptop.post(messages.EVENTS_PATH, msgspec.json.encode(one))
        assert (reply.status_code, problem(reply)) == (400, "wire-version")
    assert laptop.post(messages.EVENTS_PATH, laptop.batch(previous, records)).status_code == 200


def test_an_event_of_a_later_version_is_refused_as_such(laptop: Laptop) -> None:
    later = msgspec.json.decode(wire.encode(pupil_file())) | {"wire": 2}
    for one in (later, later | {"news": [1]}):
        assert reasons(laptop, msgspec.json.encode(one).decode()) == ["wire-version"]


def test_a_key_given_twice_hides_nothing(laptop: Laptop) -> None:
    body = wire.encode(pupil_file()).decode()
    double = body.replace('"kind":', f'"kind":"a{bsn()}","kind":')
    assert reasons(laptop, double, body + " ", body.replace(":", ": ", 1)) == ["not-canonical"] * 3


def test_times_that_cannot_be_are_refused_and_a_flat_battery_is_not(laptop: Laptop) -> None:
    early, late = datetime(1200, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    flat = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    assert (
        reasons(
            laptop,
            pupil_file(observed_at=early),
            pupil_file(recorded_at=late),
            pupil_file(observed_at=flat, recorded_at=flat),
        )
        == ["impossible-time"] * 2
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"Sanne de Vries, born 12-03-2014",
        b"age-encryption.org/v1",
        b"age-encryption.org/v1\nSanne de Vries\n",
        HEADER,
        HEADER + b"short",
        b"\n" + HEADER + b"\x07" * 200,
    ],
)
def test_a_sealed_part_that_is_not_sealed_is_refused(laptop: Laptop, raw: bytes) -> None:
    assert reasons(laptop, pupil_file(sealed=base64.b64encode(raw).decode())) == ["not-sealed"]


def test_what_age_itself_makes_is_taken_as_sealed(laptop: Laptop) -> None:
    keys = [x25519.Identity.generate().to_public() for _ in range(3)]
    for size in (0, 1, 3000):
        sealed = base64.b64encode(encrypt(b"x" * size, keys)).decode()
        assert reasons(laptop, pupil_file(sealed=sealed)) == []
    assert reasons(laptop, pupil_file(sealed="")) == []


def test_an_id_used_before_is_refused_under_a_new_number(laptop: Laptop) -> None:
    event = pupil_file()
    assert reasons(laptop, event, event) == ["repeated-id"]
    assert reasons(laptop, event) == ["repeated-id"]
    assert len(stored(laptop)) == 1


def test_a_refused_record_is_receipted_alike_when_it_comes_again(laptop: Laptop) -> None:
    batch = laptop.batch(*laptop.records("not json", pupil_file()))
    receipts = [
        msgspec.json.decode(laptop.post(EVENTS, batch).content, type=messages.Receipt)
        for _ in range(2)
    ]
    assert receipts[0].refused == receipts[1].refused != []
    assert laptop.at.rows("SELECT times FROM faults WHERE device = :d", d=laptop.name) == [(1,)]
    assert laptop.receipt(pupil_file()).head == laptop.head


def test_what_stands_in_for_a_refused_record_holds_no_text(laptop: Laptop) -> None:
    body = f"not an event {bsn()}"
    laptop.receipt(body)
    rows = laptop.at.rows("SELECT * FROM faults WHERE device = :d", d=laptop.name)
    assert hashlib.sha256(body.encode()).hexdigest() in [str(value) for value in rows[0]]
    assert body.encode() not in laptop.at.dump()


def test_a_laptop_that_was_retired_is_believed_and_missed_no_more(
    running: Running, laptop: Laptop
) -> None:
    """Its key is gone from it: whoever signs with it later has a copy."""
    facts = {"sealed-left": 2, "forced": True}
    last = pupil_file(kind="agent-retired", facts=facts, decision=None, outcome=None)
    laptop.receipt(pupil_file(), last)
    state = running.rows("SELECT state FROM devices WHERE name = :name", name=laptop.name)
    assert [tuple(row) for row in state] == [("revoked",)]
    assert problem(laptop.send(pupil_file())) == "revoked"

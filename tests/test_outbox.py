"""The outbox: only a reply signed by the collector to this very request empties the journal."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.identity import Enrolled, key_text
from agent.journal import Journal
from agent.outbox import Outbox
from agent.trouble import Trouble
from agent.wire import event as wire
from agent.wire import signatures
from agent.wire.messages import Batch, Problem, ProblemDetail, Receipt, device_name, to_json
from collectors.base import utc_now
from tests.test_journal import new_event

DEVICE_KEY = Ed25519PrivateKey.generate()
COLLECTOR_KEY = Ed25519PrivateKey.generate()
DEVICE = device_name(signatures.public_bytes(DEVICE_KEY))
WHO = Enrolled(
    device=DEVICE,
    server="https://collector.example",
    collector_key=key_text(signatures.public_bytes(COLLECTOR_KEY)),
    owner="issued",
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def outbox(journal: Journal, who: Enrolled | None = WHO) -> Outbox:
    return Outbox(
        journal,
        key=lambda: DEVICE_KEY,
        identity=lambda: who,
        ca=lambda: "a certificate",
        boot_id=str(uuid.UUID(int=1)),
        now=utc_now,
    )


def nonce_of(request: dict[str, Any]) -> str:
    return signatures.read(request["headers"]).nonce


def honest(request: dict[str, Any], **changes: Any) -> tuple[int, dict[str, str], bytes]:
    """The reply a collector gives that has stored the whole batch."""
    batch = msgspec.json.decode(request["body"], type=Batch)
    head = batch.previous
    for record in batch.records:
        head = wire.link(head, record.seq, record.body.encode())
    last = changes.pop("last", batch.records[-1].seq)
    receipt = Receipt(
        device=batch.device,
        last=last,
        head=changes.pop("head", head),
        received_at=datetime.now(UTC),
    )
    return reply(request, 200, to_json(receipt), **changes)


def reply(
    request: dict[str, Any], status: int, body: bytes, **changes: Any
) -> tuple[int, dict[str, str], bytes]:
    key, nonce = changes.get("key", COLLECTOR_KEY), changes.get("nonce", nonce_of(request))
    headers = signatures.sign_reply(
        key, status=status, body=body, nonce=nonce, created=datetime.now(UTC)
    )
    return changes.get("shown", status), headers, body + changes.get("more", b"")


def test_a_request_is_signed_by_the_device_over_exactly_what_is_sent(journal: Journal) -> None:
    journal.append(new_event())
    request = outbox(journal).request()
    assert request["uri"] == "https://collector.example/v1/events"
    signed = signatures.read(request["headers"])
    assert signed.keyid == DEVICE
    body = request["body"].encode()
    public = DEVICE_KEY.public_key()
    signatures.verify_request(signed, public, method="POST", uri=request["uri"], body=body)


def test_a_receipt_empties_the_journal(journal: Journal) -> None:
    for _ in range(3):
        journal.append(new_event())
    box = outbox(journal)
    box.reply(*honest(box.request()))
    assert (journal.count(), box.trouble) == (0, Trouble.NONE)
    assert box.last_contact is not None


@pytest.mark.parametrize(
    "lie",
    [
        {"key": Ed25519PrivateKey.generate()},
        {"nonce": "x" * 32},
        {"shown": 201},
        {"more": b" "},
        {"head": "f" * 64},
        {"last": 99},
        {"last": 1},
    ],
)
def test_a_reply_that_is_not_the_collectors_answer_changes_nothing(
    journal: Journal, lie: dict[str, Any]
) -> None:
    for _ in range(3):
        journal.append(new_event())
    box = outbox(journal)
    box.reply(*honest(box.request(), **lie))
    assert (journal.count(), box.trouble) == (3, Trouble.WRONG_SIGNATURE)


def test_a_recorded_receipt_cannot_be_used_again(journal: Journal) -> None:
    journal.append(new_event())
    box = outbox(journal)
    recorded = honest(box.request())
    box.reply(*recorded)
    journal.append(new_event())
    box.request()
    box.reply(*recorded)
    assert journal.count() == 1
    box.reply(*recorded)
    assert journal.count() == 1, "a reply to nothing is not even read"


@pytest.mark.parametrize(
    ("status", "code", "trouble"),
    [
        (401, "clock", Trouble.CLOCK),
        (401, "revoked", Trouble.REVOKED),
        (429, "too-many", Trouble.BUSY),
        (503, "busy", Trouble.BUSY),
        (409, "fork", Trouble.REFUSED),
    ],
)
def test_a_signed_refusal_keeps_the_events_and_says_why(
    journal: Journal, status: int, code: str, trouble: Trouble
) -> None:
    journal.append(new_event())
    box = outbox(journal)
    problem = Problem(error=ProblemDetail(code=code, message="so it is"))
    box.reply(*reply(box.request(), status, to_json(problem)))
    assert (journal.count(), box.trouble) == (1, trouble)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"\xff"])
def test_a_signed_reply_that_makes_no_sense_keeps_the_events(journal: Journal, body: bytes) -> None:
    journal.append(new_event())
    box = outbox(journal)
    box.reply(*reply(box.request(), 200, body))
    assert (journal.count(), box.trouble) == (1, Trouble.WRONG_SIGNATURE)


def test_a_page_of_a_hotel_network_keeps_the_events(journal: Journal) -> None:
    journal.append(new_event())
    box = outbox(journal)
    box.request()
    box.reply(200, {"content-type": "text/html"}, b"<html>please log in</html>")
    assert (journal.count(), box.trouble) == (1, Trouble.WRONG_SIGNATURE)


def test_a_lost_reply_leads_to_the_same_rows_again(journal: Journal) -> None:
    journal.append(new_event())
    box = outbox(journal)
    first = box.request()
    box.failed(Trouble.UNREACHABLE)
    second = box.request()
    batches = [msgspec.json.decode(r["body"], type=Batch) for r in (first, second)]
    assert batches[0].records == batches[1].records
    assert nonce_of(first) != nonce_of(second)


def test_without_enrolment_nothing_is_handed_out(journal: Journal) -> None:
    journal.append(new_event())
    box = outbox(journal, who=None)
    assert box.request(wait=0.01) == {}
    assert box.trouble is Trouble.NOT_ENROLLED


def test_with_nothing_to_send_the_answer_is_empty(journal: Journal) -> None:
    assert outbox(journal).request(wait=0.01) == {}

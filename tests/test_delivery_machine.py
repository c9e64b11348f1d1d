"""Delivery as a machine with states: whatever is done in whatever order, nothing is lost or forged.

The journal, the outbox and the collector's intake are the real ones; only the road between them is
played, so that requests and replies can be lost, repeated, held back and bent at will.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from agent.errors import JournalFull
from agent.identity import Enrolled, key_text
from agent.journal import Journal
from agent.outbox import Outbox
from agent.trouble import Trouble
from agent.wire import event as wire
from agent.wire import signatures
from agent.wire.messages import Receipt, device_name, to_json
from server_stub.errors import Refused
from server_stub.intake import ingest
from server_stub.storage import store_devices, store_events, store_tokens
from server_stub.storage.store import Store
from tests.test_journal import new_event

EXAMPLES = int(os.environ.get("DELIVERY_EXAMPLES", "100"))
"""More of them in the lab than in a test."""
STEPS = 50
DEVICE_KEY, COLLECTOR_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
DEVICE = device_name(signatures.public_bytes(DEVICE_KEY))
WHO = Enrolled(
    device=DEVICE,
    server="https://collector.example",
    collector_key=key_text(signatures.public_bytes(COLLECTOR_KEY)),
    owner="issued",
)


@dataclass
class Reply:
    """What the collector answered to one request."""

    status: int
    headers: dict[str, str]
    body: bytes


class Delivery(RuleBasedStateMachine):
    """One laptop, one collector, and a road that does as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(f"sqlite:///{self.folder}/collector.db")
        self.store.migrate()
        self.store.write(self._enrol)
        (self.folder / "laptop").mkdir()
        self.off = timedelta()
        self.kept: set[str] = set()
        self.request: dict[str, Any] | None = None
        self.old: list[dict[str, Any]] = []
        self.replies: list[Reply] = []
        self.full = False
        self._open()

    def teardown(self) -> None:
        self.full = False
        self._deliver_all()
        self.journal.close()
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize(events=st.integers(0, 3))
    def begin(self, events: int) -> None:
        for _ in range(events):
            self.record()

    @rule()
    def record(self) -> None:
        """An event is recorded; where the disk is full it is refused, and known to be."""
        event = new_event()
        try:
            if self.full:
                raise JournalFull("played")
            self.journal.append(event)
        except JournalFull:
            return
        self.kept.add(event.id)

    @rule()
    def ask(self) -> None:
        """The sender takes the next request; one that it had before is forgotten."""
        given = self.box.request(0)
        if "uri" in given:
            self.request = given
            self.old.append(given)

    @precondition(lambda self: self.request is not None)
    @rule()
    def lose_request(self) -> None:
        self.box.failed(Trouble.UNREACHABLE)
        self.request = None

    @precondition(lambda self: self.request is not None)
    @rule()
    def arrive(self) -> None:
        """The request arrives; its reply is under way."""
        assert self.request is not None
        self.replies.append(self._collector(self.request))
        self.request = None

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Somebody sends an old request once more."""
        self.replies.append(self._collector(data.draw(st.sampled_from(self.old))))

    @precondition(lambda self: self.replies)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """Some reply comes back: this one's, an old one's, in any order."""
        reply = data.draw(st.sampled_from(self.replies))
        self.box.reply(reply.status, reply.headers, reply.body)

    @precondition(lambda self: self.replies)
    @rule(at=st.integers(0, 10_000), bit=st.integers(0, 7))
    def bend(self, at: int, bit: int) -> None:
        """A reply comes back with one bit changed."""
        reply = self.replies[-1]
        body = bytearray(reply.body)
        body[at % len(body)] ^= 1 << bit
        before = self.journal.count()
        self.box.reply(reply.status, reply.headers, bytes(body))
        assert self.journal.count() == before

    @rule(to=st.integers(1, 10_000))
    def forge(self, to: int) -> None:
        """Somebody who has not the collector's key says that everything has arrived."""
        receipt = Receipt(device=DEVICE, last=to, head="a" * 64, received_at=datetime.now(UTC))
        body, nonce = to_json(receipt), "n" * 32
        if self.request is not None:
            nonce = signatures.read(self.request["headers"]).nonce
        headers = signatures.sign_reply(
            DEVICE_KEY, status=200, body=body, nonce=nonce, created=datetime.now(UTC)
        )
        before = self.journal.count()
        self.box.reply(200, headers, body)
        self.request = None
        assert self.journal.count() == before

    @rule()
    def restart(self) -> None:
        """The agent ends, in order or not; what it held in its hands is gone."""
        self.journal.close()
        self.request = None
        self._open()

    @rule(hours=st.sampled_from([-24 * 365, -3, 0, 3, 24 * 365]))
    def set_clock(self, hours: int) -> None:
        self.off = timedelta(hours=hours)

    @rule()
    def fill_or_empty_the_disk(self) -> None:
        self.full = not self.full

    @invariant()
    def nothing_is_lost_and_nothing_is_there_twice(self) -> None:
        with self.store.read() as connection:
            rows = store_events.events_before(connection, DEVICE, None, 10_000)
            faults = store_devices.faults_of(connection, DEVICE)
        stored = [wire.decode(row.body).id for row in rows]
        waiting = {wire.decode(r.body).id for r in self.journal.pending(10_000, 10**9).records}
        assert len(stored) == len(set(stored))
        assert set(stored) | waiting == self.kept
        assert sorted(row.seq for row in rows) == list(range(1, len(rows) + 1))
        assert not faults

    def _open(self) -> None:
        self.journal = Journal(self.folder / "laptop")
        self.box = Outbox(
            self.journal,
            key=lambda: DEVICE_KEY,
            identity=lambda: WHO,
            ca=lambda: "",
            boot_id="0" * 8 + "-0000-0000-0000-" + "0" * 12,
            now=lambda: datetime.now(UTC) + self.off,
        )

    def _collector(self, request: dict[str, Any]) -> Reply:
        """What the collector does with a request, without the network."""
        body, now = request["body"].encode(), datetime.now(UTC)
        signed = signatures.read(request["headers"])
        signatures.verify_request(
            signed, DEVICE_KEY.public_key(), method="POST", uri=request["uri"], body=body
        )
        try:
            if signatures.too_old_or_new(signed, now):
                raise Refused(401, "clock", "the clock is off")
            batch = ingest.read_batch(body, DEVICE)
            judged = ingest.judge(batch)
            told = self.store.write(lambda c: ingest.take_in(c, batch, judged, signed, now))
            assert not isinstance(told, Refused), told
            status, answer = 200, to_json(told)
        except Refused as error:
            status = error.status
            code = {"code": error.code, "message": error.message}
            answer = msgspec.json.encode({"error": code})
        headers = signatures.sign_reply(
            COLLECTOR_KEY, status=status, body=answer, nonce=signed.nonce, created=now
        )
        return Reply(status, headers, answer)

    def _deliver_all(self) -> None:
        """At the end the road is good, and all arrives."""
        for _ in range(50):
            request = self.box.request(0)
            if "uri" not in request:
                break
            reply = self._collector(request)
            self.box.reply(reply.status, reply.headers, reply.body)
        assert self.journal.count() == 0
        with self.store.read() as connection:
            device = store_devices.device(connection, DEVICE)
        assert device is not None
        assert (device.last_seq, device.head) == self.journal.end()
        assert device.events == len(self.kept)

    def _enrol(self, connection: Any) -> None:
        now = datetime.now(UTC)
        token = store_tokens.add_token(connection, "0" * 64, 1, now, now)
        store_devices.add_device(
            connection,
            name=DEVICE,
            public_key=key_text(signatures.public_bytes(DEVICE_KEY)),
            owner="issued",
            agent_version="0.1.0",
            token=token,
            now=now,
        )


Delivery.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestDelivery = Delivery.TestCase

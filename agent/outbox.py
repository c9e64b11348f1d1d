"""The agent's half of sending: signs what leaves and believes only what the collector signed.

The sender has the network and no keys; this half has the keys and no network. ``request`` gives
the next batch as a finished, signed HTTP request; ``reply`` takes whatever came back. Only a reply
that carries the collector's signature over this very request can make the journal forget a row,
and only up to the row whose chain value it names.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import __version__
from agent.identity import Enrolled
from agent.journal import Journal
from agent.wire import signatures
from agent.wire.messages import EVENTS_PATH, Batch, Problem, Receipt, to_json
from collectors.base import Clock

LONG_POLL = 20.0
"""Seconds a sender is kept waiting for something to send."""


class Trouble(StrEnum):
    """Why events are not arriving; ``none`` when they are."""

    NONE = "none"
    NOT_ENROLLED = "not-enrolled"
    UNREACHABLE = "unreachable"
    WRONG_CERTIFICATE = "wrong-certificate"
    WRONG_SIGNATURE = "wrong-signature"
    CLOCK = "clock"
    REFUSED = "refused"
    BUSY = "busy"


ADVICE = {
    Trouble.NONE: "events arrive at the collector",
    Trouble.NOT_ENROLLED: "this laptop was not enrolled yet: dossierwacht enrol --server --token",
    Trouble.UNREACHABLE: "the collector does not answer; events are kept and will be sent later",
    Trouble.WRONG_CERTIFICATE: "another server answers in the collector's place: its certificate"
    " is not from the pinned CA; nothing was sent to it",
    Trouble.WRONG_SIGNATURE: "the reply does not carry the collector's signature; it was ignored",
    Trouble.CLOCK: "the clock of this laptop or of the collector is more than 5 minutes off",
    Trouble.REFUSED: "the collector refuses this laptop; ask IT whether it was revoked",
    Trouble.BUSY: "the collector asks to wait",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sent:
    nonce: str
    last: int
    head: str


class Outbox:
    """Hands out signed requests one at a time and takes the replies."""

    def __init__(
        self,
        journal: Journal,
        key: Ed25519PrivateKey,
        identity: Callable[[], Enrolled | None],
        ca: Callable[[], str],
        boot_id: str,
        now: Clock,
    ) -> None:
        self._journal = journal
        self._key = key
        self._identity = identity
        self._ca = ca
        self._boot_id = boot_id
        self._now = now
        self._lock = threading.Lock()
        self._sent: _Sent | None = None
        self.trouble = Trouble.NONE
        self.last_contact: datetime | None = None

    def request(self, wait: float = LONG_POLL) -> dict[str, Any]:
        """The next request to post, or an empty answer after ``wait`` seconds without news."""
        who = self._identity()
        if who is None:
            self.trouble = Trouble.NOT_ENROLLED
            self._journal.wait_for_news(wait)
            return {}
        if not self._journal.wait_for_pending(wait):
            return {}
        with self._lock:
            return self._signed(who)

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the collector's reply to the last request; an unsigned one changes nothing."""
        who = self._identity()
        with self._lock:
            sent, self._sent = self._sent, None
            if who is None or sent is None:
                return
            try:
                self._verify(who, sent, status, headers, body)
                self._settle(sent, status, body)
            except (signatures.SignatureError, msgspec.MsgspecError, RecursionError):
                self.trouble = Trouble.WRONG_SIGNATURE

    def failed(self, trouble: Trouble) -> None:
        """The request did not reach the collector, or no reply came back."""
        with self._lock:
            self._sent = None
            self.trouble = trouble

    def _signed(self, who: Enrolled) -> dict[str, Any]:
        pending = self._journal.pending()
        if not pending.records:  # receipted since it was asked for
            return {}
        now, nonce = self._now(), secrets.token_urlsafe(24)
        batch = Batch(
            device=who.device,
            agent_version=__version__,
            boot_id=self._boot_id,
            sent_at=now,
            previous=pending.previous,
            records=pending.records,
        )
        uri, body = who.server.rstrip("/") + EVENTS_PATH, to_json(batch)
        headers = signatures.sign_request(
            self._key,
            method="POST",
            uri=uri,
            body=body,
            keyid=who.device,
            nonce=nonce,
            created=now,
        )
        last = pending.records[-1].seq
        self._sent = _Sent(nonce=nonce, last=last, head=self._journal.head_at(last) or "")
        headers["Content-Type"] = "application/json"
        return {"uri": uri, "headers": headers, "body": body.decode(), "ca": self._ca()}

    def _verify(
        self, who: Enrolled, sent: _Sent, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        signed = signatures.read(headers)
        signatures.verify_reply(signed, who.verifier(), status=status, body=body, nonce=sent.nonce)

    def _settle(self, sent: _Sent, status: int, body: bytes) -> None:
        """Act on a reply that is truly the collector's."""
        self.last_contact = self._now()
        if not 200 <= status < 300:
            problem = msgspec.json.decode(body, type=Problem)
            self.trouble = _trouble_of(status, problem.error.code)
            return
        receipt = msgspec.json.decode(body, type=Receipt)
        if (receipt.last, receipt.head) != (sent.last, sent.head):
            self.trouble = Trouble.WRONG_SIGNATURE
            return
        self._journal.acknowledge(receipt, body)
        self.trouble = Trouble.NONE


def _trouble_of(status: int, code: str) -> Trouble:
    if code == "clock":
        return Trouble.CLOCK
    return Trouble.BUSY if status in (429, 503) else Trouble.REFUSED

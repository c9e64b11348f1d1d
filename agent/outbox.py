"""The agent's half of sending: signs what leaves and believes only what the collector signed.

The sender has the network and no keys; this half has the keys and no network. ``request`` gives
the next batch, or a word of how the laptop is, as a finished, signed HTTP request; ``reply`` takes
whatever came back. Only a reply that carries the collector's signature over this very request can
make the journal forget a row, and only up to the row whose chain value it names.

A signed reply tells the collector's time as well. Requests are dated by that, so a laptop whose
clock is wrong goes on delivering; its events keep the moments that its own clock showed.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import __version__
from agent.identity import Enrolled
from agent.in_touch import InTouch
from agent.journal import Journal
from agent.rotation import Rotation
from agent.trouble import LONG_POLL, Trouble
from agent.wire import signatures
from agent.wire.contact import CONTACT_PATH
from agent.wire.messages import EVENTS_PATH, ROTATE_PATH, Batch, Problem, Receipt, to_json
from agent.wire.signatures import Signed
from collectors.base import Clock

SMALL_SKEW = timedelta(seconds=30)
"""What a request takes on its way, and clocks differ by anyway."""
LARGEST_SKEW = timedelta(days=800)
"""A clock that is further off than this is not counted from; no certificate is good for it."""


_BY_CODE = frozenset({Trouble.CLOCK, Trouble.WAITING, Trouble.PARKED, Trouble.REVOKED})
"""Refusals of the collector that have a word of their own here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sent:
    """A request that is out: what its reply must repeat, and what is done with a good one."""

    nonce: str
    settle: Callable[[bytes], bool]


class Outbox:
    """Hands out signed requests one at a time and takes the replies."""

    def __init__(
        self,
        journal: Journal,
        key: Callable[[], Ed25519PrivateKey],
        identity: Callable[[], Enrolled | None],
        ca: Callable[[], str],
        boot_id: str,
        now: Clock,
        in_touch: InTouch | None = None,
        proxy: str = "",
        rotation: Rotation | None = None,
    ) -> None:
        self._proxy = proxy
        self._rotation = rotation
        self._in_touch = in_touch
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
        self.behind = timedelta(0)

    def request(self, wait: float = LONG_POLL) -> dict[str, Any]:
        """The next request to post, or an empty answer after ``wait`` seconds without news."""
        who = self._identity()
        if who is None:
            self.trouble = Trouble.NOT_ENROLLED
            self._journal.wait_for_news(wait)
            return {}
        if self._rotation is not None and self._rotation.due():
            with self._lock:
                return self._new_key(who, self._rotation)
        touch = self._in_touch
        if touch is None or not touch.due():
            wait = wait if touch is None else min(wait, touch.seconds_left())
            waiting = self._journal.wait_for_pending(wait)
            if not waiting and (touch is None or not touch.due()):
                return {}
        with self._lock:
            if touch is not None and touch.due():
                return self._word(who, touch)
            return self._batch(who)

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the collector's reply to the last request; an unsigned one changes nothing."""
        who = self._identity()
        with self._lock:
            sent, self._sent = self._sent, None
            if who is None or sent is None:
                return
            try:
                self._hear(self._verified(who, sent, status, headers, body))
                self._settle(sent, status, body)
            except (signatures.SignatureError, msgspec.MsgspecError, RecursionError):
                self.trouble = Trouble.WRONG_SIGNATURE

    def failed(self, trouble: Trouble) -> None:
        """The request did not reach the collector, or no reply came back."""
        with self._lock:
            self._sent = None
            self.trouble = trouble

    def _word(self, who: Enrolled, touch: InTouch) -> dict[str, Any]:
        """A word of how the laptop is; the reply brings what there is for it."""
        word = touch.word(who, self._boot_id)
        return self._signed(who, CONTACT_PATH, to_json(word), partial(touch.settle, who))

    def _new_key(self, who: Enrolled, rotation: Rotation) -> dict[str, Any]:
        """Ask to be believed by another key from now on."""
        body, key = rotation.request(who)
        return self._signed(who, ROTATE_PATH, body, partial(rotation.settle, who), key)

    def _batch(self, who: Enrolled) -> dict[str, Any]:
        pending = self._journal.pending()
        if not pending.records:  # receipted since it was asked for
            return {}
        batch = Batch(
            device=who.device,
            agent_version=__version__,
            boot_id=self._boot_id,
            sent_at=self._now(),
            previous=pending.previous,
            records=pending.records,
        )
        last = pending.records[-1].seq
        settle = partial(self._receipted, last, self._journal.head_at(last) or "")
        return self._signed(who, EVENTS_PATH, to_json(batch), settle)

    def _signed(
        self,
        who: Enrolled,
        path: str,
        body: bytes,
        settle: Callable[[bytes], bool],
        key: Ed25519PrivateKey | None = None,
    ) -> dict[str, Any]:
        uri, nonce = who.server.rstrip("/") + path, secrets.token_urlsafe(24)
        headers = signatures.sign_request(
            key or self._key(),
            method="POST",
            uri=uri,
            body=body,
            keyid=who.device,
            nonce=nonce,
            created=self._now() + self.behind,
        )
        self._sent = _Sent(nonce=nonce, settle=settle)
        headers["Content-Type"] = "application/json"
        given = {"uri": uri, "headers": headers, "body": body.decode(), "ca": self._ca()}
        return given | ({"proxy": self._proxy} if self._proxy else {})

    def _verified(
        self, who: Enrolled, sent: _Sent, status: int, headers: Mapping[str, str], body: bytes
    ) -> Signed:
        signed = signatures.read(headers)
        signatures.verify_reply(signed, who.verifier(), status=status, body=body, nonce=sent.nonce)
        return signed

    def _hear(self, signed: Signed) -> None:
        """The collector was heard, and told what time it is there."""
        now = self._now()
        self.last_contact = now
        behind = signed.created - now
        off = SMALL_SKEW < abs(behind) < LARGEST_SKEW
        self.behind = behind if off else timedelta(0)

    def _settle(self, sent: _Sent, status: int, body: bytes) -> None:
        """Act on a reply that is truly the collector's."""
        if not 200 <= status < 300:
            problem = msgspec.json.decode(body, type=Problem)
            self.trouble = _trouble_of(status, problem.error.code)
            if self._rotation is not None and problem.error.code == "signature":
                self._rotation.refused()
            return
        self.trouble = Trouble.NONE if sent.settle(body) else Trouble.WRONG_SIGNATURE

    def _receipted(self, last: int, head: str, body: bytes) -> bool:
        receipt = msgspec.json.decode(body, type=Receipt)
        if (receipt.last, receipt.head) != (last, head):
            return False
        self._journal.acknowledge(receipt, body)
        return True


def _trouble_of(status: int, code: str) -> Trouble:
    if code in _BY_CODE:
        return Trouble(code)
    return Trouble.BUSY if status in (429, 503) else Trouble.REFUSED

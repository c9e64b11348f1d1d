"""Another key for this laptop, step by step, so that no crash leaves it without one that counts.

    1 the next key is written beside the one in use
    2 the collector is asked, signed with the old key, with a proof by the new one
    3 it says that the new key counts; the new one takes the old one's place

Whatever is cut off is done again. If only the reply of 2 was lost the old key counts no more, so a
signature that is refused is tried with the new one: the collector answers that as it did before.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import identity
from agent.identity import Enrolled
from agent.wire import signatures
from agent.wire.messages import RotateReply, RotateRequest, rotation, to_json

TRY_AGAIN = 60.0
"""Seconds between two tries; until then other things are sent."""


@dataclass(kw_only=True)
class Rotation:
    """Changes the key, once one lies beside the key in use."""

    state: Path
    monotonic: Callable[[], float] = time.monotonic
    next_at: float = 0.0
    with_new: bool = False

    def due(self) -> bool:
        """Whether a key waits to be taken into use, and it is time to try."""
        return identity.has_next_key(self.state) and self.monotonic() >= self.next_at

    def request(self, who: Enrolled) -> tuple[bytes, Ed25519PrivateKey]:
        """What to ask, and the key to sign it with."""
        self.next_at = self.monotonic() + TRY_AGAIN
        new = identity.next_key(self.state)
        public = identity.key_text(signatures.public_bytes(new))
        proof = base64.b64encode(new.sign(rotation(who.device, public))).decode("ascii")
        body = to_json(RotateRequest(device=who.device, public_key=public, proof=proof))
        return body, new if self.with_new else identity.device_key(self.state)

    def refused(self) -> None:
        """The signature was not good: it may be that the other key counts already."""
        if identity.has_next_key(self.state):
            self.with_new = not self.with_new
            self.next_at = 0.0 if self.with_new else self.next_at

    def settle(self, who: Enrolled, body: bytes) -> bool:
        """Take the new key into use; False if the reply is about another. OSError."""
        reply = msgspec.json.decode(body, type=RotateReply)
        public = identity.key_text(signatures.public_bytes(identity.next_key(self.state)))
        if (reply.device, reply.public_key) != (who.device, public):
            return False
        identity.use_next_key(self.state)
        self.with_new = False
        return True

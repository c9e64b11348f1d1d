"""The running collector: what every request is given."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from anyio import CapacityLimiter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from starlette.requests import Request

from server_stub.config import Config
from server_stub.errors import Refused
from server_stub.intake import exchange
from server_stub.intake.often import Often
from server_stub.intake.pace import Pace
from server_stub.intake.quota import Quota
from server_stub.intake.rush import Rush
from server_stub.pull.metrics import Metrics
from server_stub.storage import store_devices
from server_stub.storage.store import Store
from server_stub.storage.store_together import Together
from server_stub.wording import Wording

HANDS = 6
"""Threads that work on requests of laptops. With many more the one that holds the connections gets
its turn too seldom, and the pages of the console wait with it; with fewer, fewer share a commit."""

MOST_ASKING = 3
"""Threads, of those that answer people, that wait for an identity provider at the same time."""


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceKeys:
    """Public keys of laptops, read once; ``forget`` the one of a laptop that took another."""

    store: Store
    known: dict[str, Ed25519PublicKey] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str) -> Ed25519PublicKey:
        """A laptop's public key. Raises Refused."""
        with self.lock:
            if name in self.known:
                return self.known[name]
        with self.store.read() as connection:
            device = store_devices.device(connection, name)
        if device is None:
            raise Refused(401, "unknown-device", "this laptop is not enrolled here: enrol it")
        key = exchange.public_key(device.public_key)
        with self.lock:
            return self.known.setdefault(name, key)

    def at_hand(self, name: str) -> Ed25519PublicKey | None:
        """A laptop's public key if it need not be read."""
        return self.known.get(name)

    def forget(self, name: str) -> None:
        """Read a laptop's key anew the next time."""
        with self.lock:
            self.known.pop(name, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Collector:
    """Everything that requests share. ``url`` is the address the collector is known by."""

    config: Config
    url: str
    store: Store
    together: Together
    keys: DeviceKeys
    reply_key: Ed25519PrivateKey
    ca_pem: bytes
    stick_key: bytes
    login_key: bytes
    languages: Mapping[str, Wording]
    quota: Quota = field(default_factory=Quota)
    pace: Pace = field(default_factory=Pace)
    metrics: Metrics = field(default_factory=Metrics)
    often: Often = field(default_factory=Often)
    rush: Rush = field(default_factory=Rush)
    asking: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_ASKING)
    )
    hands: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(HANDS))
    now: Callable[[], datetime] = utc_now


def collector_of(request: Request) -> Collector:
    """The collector that a request came to."""
    found = request.app.state.collector
    assert isinstance(found, Collector)
    return found

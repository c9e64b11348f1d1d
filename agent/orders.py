"""Orders, as a laptop takes them: for this laptop, in time, by enough people, and only once."""

import json
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.journal_file import write_durably
from agent.wire import orders
from agent.wire.orders import Order, OrderError
from collectors.base import Clock

FILE = "orders.json"
SKEW = timedelta(minutes=10)
"""How far the clock of whoever signed may be ahead."""


@dataclass(kw_only=True)
class Orders:
    """``keys`` are those of the policy; ``wire.orders.NEEDED`` says how many must have signed, and
    ``two_signers`` of which kinds the policy wants two where one would do."""

    state: Path
    keys: Sequence[str]
    device: Callable[[], str | None]
    follow: Callable[[Order], None]
    now: Clock
    two_signers: Collection[str] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, data: bytes) -> Order:
        """Look at a signed order and follow it. Raises OrderError; then nothing was done.

        It is marked as used after it was followed: what a crash cuts off is followed once more,
        which harms nobody, and never lost.
        """
        with self.lock:
            given = orders.read(data)
            order = orders.order_in(given)
            self._check(order)
            self._check_signers(len(orders.signers(given, self.keys)), order)
            self.follow(order)
            self._mark(order)
            return order

    def _check(self, order: Order) -> None:
        now = self.now()
        if order.device != self.device():
            raise OrderError("it is for another laptop")
        if order.expires_at - order.issued_at > orders.LONGEST_LIFE:
            raise OrderError(f"it is good for longer than {orders.LONGEST_LIFE.days} days")
        if order.issued_at - SKEW > now:
            raise OrderError("it was signed in the future; look at the clocks")
        if order.expires_at <= now:
            raise OrderError("it has expired")
        if order.number in self._used():
            raise OrderError("it was followed before")

    def _check_signers(self, count: int, order: Order) -> None:
        if not count:
            raise OrderError("nobody has signed it whose key stands in the policy")
        needed = max(orders.NEEDED[order.kind], 2 if order.kind in self.two_signers else 1)
        if count < needed:
            raise OrderError(f"{needed} people must sign it, and {count} did")

    def _used(self) -> dict[str, str]:
        """The numbers that were used, and until when each could be. A damaged list refuses all."""
        try:
            given = json.loads((self.state / FILE).read_bytes())
            return {str(number): str(until) for number, until in given.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise OrderError(f"{FILE} cannot be read: {error}") from error

    def _mark(self, order: Order) -> None:
        """Forget only what could not be used any more even if the clock were a month slow."""
        kept = {
            number: until
            for number, until in self._used().items()
            if _moment(until) + orders.LONGEST_LIFE > self.now()
        }
        kept[order.number] = order.expires_at.isoformat()
        write_durably(self.state / FILE, json.dumps(kept).encode("ascii"))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC) - 2 * orders.LONGEST_LIFE

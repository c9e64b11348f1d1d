"""Sealed copies whose time is over are deleted, once the collector's clock says so as well.

A laptop's clock can be set forward, by hand or by an empty battery, and nothing that was deleted
comes back. So time here is what the collector last wrote on a receipt, and never more than what the
laptop's own clock says: whoever hears nothing of the collector deletes nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.journal_file import last_receipt
from agent.own_files import SealedOverdue
from collectors.base import Clock, Observation
from enforcement.vault import Record, State, records

log = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds between two looks."""


@dataclass(kw_only=True)
class Expiry:
    """Looks into the vault now and then."""

    state: Path
    record: Callable[[Observation], object]
    now: Clock

    def keep(self, stop: threading.Event) -> None:
        """Look now and every hour, until told to stop."""
        while not stop.is_set():
            try:
                for one in list(self.overdue()):
                    self.record(one)
            except OSError as error:
                log.error("what is sealed cannot be looked through: %s", error.strerror)
            stop.wait(EVERY)

    def overdue(self) -> Iterator[SealedOverdue]:
        """The sealed copies whose time is over."""
        now = self._certain_now()
        if now is None:
            return
        for one in records(self.state / "vault"):
            if one.state is State.SEALED and (until := kept_until(one)) and until <= now:
                yield SealedOverdue(
                    observed_at=self.now(),
                    subject=one.id,
                    days=int(one.about["keep_days"]),
                    size=one.size,
                    sealed_sha256=one.sealed_sha256,
                )

    def _certain_now(self) -> datetime | None:
        """A moment that has come for certain; None while the collector has never answered."""
        receipt = last_receipt(self.state)
        return None if receipt is None else min(receipt.received_at, self.now())


def kept_until(record: Record) -> datetime | None:
    """Until when a sealed copy is kept; None if until somebody decides."""
    days = record.about.get("keep_days", 0)
    if not isinstance(days, int) or days <= 0 or record.about.get("hand_over"):
        return None
    try:
        sealed_at = datetime.fromisoformat(record.sealed_at)
        return sealed_at.astimezone(UTC) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None

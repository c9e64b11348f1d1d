"""Whether what a laptop says now fits with what it said before: one history, with no hole in it.

A journal that was put back from a copy, a hole in it, and two computers that use one key all look
the same to whoever only stores rows. Each opens a fault entry that a person has to look at; only a
history that differs is refused as well, since it would replace what is known.
"""

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from agent.wire import event as wire
from agent.wire import messages
from agent.wire.contact import Contact
from server_stub.errors import Refused
from server_stub.storage import store_devices, store_events
from server_stub.storage.store_devices import Device, Fault


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A record with the chain's value after it; either an event or the reason against it."""

    seq: int
    body: str
    head: str
    event: wire.Event | None
    reason: str = ""

    @property
    def digest(self) -> str:
        """The digest of its text, which is all that is kept of a record that was refused."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def fork(batch: messages.Batch, judged: list[Judged], known: dict[int, str]) -> Judged | None:
    """The first record at which this history differs from the one that is known."""
    first = judged[0]
    before = wire.CHAIN_START if first.seq == 1 else known.get(first.seq - 1, batch.previous)
    if before != batch.previous:
        return first
    return next((one for one in judged if known.get(one.seq, one.head) != one.head), None)


def report_fork(connection: Connection, device: Device, forked: Judged, now: datetime) -> Refused:
    fault = Fault(
        kind="chain-fork",
        reason="another-history",
        device=device.name,
        seq=forked.seq,
        digest=forked.digest,
        head=forked.head,
    )
    store_devices.open_fault(connection, fault, now)
    return Refused(
        409,
        "chain-fork",
        f"record {forked.seq} belongs to another history than the one received before: the journal "
        "was put back from a copy, or two laptops use one key; enrol this laptop anew",
    )


def report_gap(
    connection: Connection, device: Device, first: int, known: dict[int, str], now: datetime
) -> None:
    """Open a fault entry if rows between the last known one and this batch never came."""
    if first - 1 <= device.last_seq or first - 1 in known:
        return
    fault = Fault(
        kind="chain-gap",
        reason="records-missing",
        device=device.name,
        seq=device.last_seq + 1,
        until_seq=first - 1,
    )
    store_devices.open_fault(connection, fault, now)


def note_two_boots(
    connection: Connection, device: Device, batch: messages.Batch, now: datetime
) -> None:
    """A computer never goes back to an earlier start of itself: two of them use one key."""
    if batch.boot_id not in (device.boot_id, device.boot_before):
        return
    if batch.boot_id != device.boot_id:
        fault = Fault(kind="two-laptops", reason="two-boots", device=device.name)
        store_devices.open_fault(connection, fault, now)


def compare_ends(connection: Connection, device: Device, word: Contact, now: datetime) -> None:
    """Open a fault entry if this laptop's chain ends before what came from it, or elsewhere."""
    if word.last > device.last_seq:
        return
    known = store_events.heads(connection, device.name, word.last, word.last).get(word.last)
    same = word.last == device.last_seq and word.head == device.head
    if same:
        return
    reason = "another-history" if known not in (None, word.head) else "put-back"
    kind = "chain-fork" if reason == "another-history" else "chain-rollback"
    fault = Fault(kind=kind, reason=reason, device=device.name, seq=word.last, head=word.head)
    store_devices.open_fault(connection, fault, now)

"""Events in: judge each record, hold the chain together, store, and answer after COMMIT.

A batch is a run of rows of a laptop's journal. For each row the collector computes the chain's
value as the laptop did. With ``known`` the values it already holds:

    known[seq] equals the computed value    the row came before: nothing to store
    known[seq] is another value             two histories under one name: ``chain-fork``, refused
    known[first - 1] is not ``previous``    the same
    first - 1 is beyond the last row        rows are missing: ``chain-gap``, stored all the same

A record that is not fit to be stored is *refused*: its number, reason and digest open a fault
entry, its text is thrown away, and the queue moves on. Otherwise one bad record would hold up all
that follow it.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from agent.wire import event as wire
from agent.wire import messages, shapes, signatures
from server_stub.errors import Refused
from server_stub.intake import admission, history, own_faults
from server_stub.intake.exchange import decoded, take_nonce
from server_stub.intake.history import Judged
from server_stub.storage import (
    store_daily,
    store_devices,
    store_events,
    store_letters,
    store_newest,
    store_slips,
)
from server_stub.storage.store_devices import Device, Fault

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""A laptop whose clock battery is dead may begin here; nothing real lies before it."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# The header of an age file: version line, stanzas, and the line with the header's own check.
RETIRED = "agent-retired"
"""The last that a laptop tells."""
_AGE = re.compile(
    rb"\Aage-encryption\.org/v1\n"
    rb"(?:-> [\x21-\x7e]+(?: [\x21-\x7e]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+"
    rb"--- [A-Za-z0-9+/]{43}\n"
)
_AGE_PAYLOAD_LEAST = 32


def read_batch(body: bytes, device: str) -> messages.Batch:
    """The batch in a request's body. Raises Refused."""
    try:
        batch = decoded(messages.Batch, body)
    except Refused:
        if _of_another_version(body):
            raise _another_version() from None
        raise
    if batch.wire != wire.WIRE_VERSION:
        raise _another_version()
    if batch.device != device:
        raise Refused(403, "wrong-device", "the batch is not by the laptop that signed it")
    first = batch.records[0].seq
    if any(record.seq != first + index for index, record in enumerate(batch.records)):
        raise Refused(400, "not-a-run", "the numbers of a batch's records must follow each other")
    return batch


def judge(batch: messages.Batch) -> list[Judged]:
    """Each record of a batch, judged on its own, with the chain's values."""
    head, judged = batch.previous, []
    for record in batch.records:
        body = record.body.encode()
        head = wire.link(head, record.seq, body)
        found = _judge_body(body)
        event, reason = (None, found) if isinstance(found, str) else (found, "")
        judged.append(
            Judged(seq=record.seq, body=record.body, head=head, event=event, reason=reason)
        )
    return judged


def take_in(
    connection: Connection,
    batch: messages.Batch,
    judged: list[Judged],
    signed: signatures.Signed,
    now: datetime,
    device: Device | None = None,
) -> messages.Receipt | Refused:
    """Store a judged batch inside a transaction. A fork is handed back as a refusal, so that its
    fault entry is committed with it. ``device`` is the laptop as it was read in this transaction,
    if it was. Raises Refused for a replayed request."""
    take_nonce(connection, signed, now)
    device = admission.listened_to(connection, batch.device, device)
    first, last = judged[0].seq, judged[-1].seq
    known = _known(connection, device, first, last)
    forked = history.fork(batch, judged, known)
    if forked is not None:
        return history.report_fork(connection, device, forked, now)
    history.report_gap(connection, device, first, known, now)
    new = _drop_repeated_ids(connection, device, [one for one in judged if one.seq not in known])
    _store(connection, device, batch, judged[-1], new, now)
    refused = {one.seq: one.reason for one in new if one.event is None}
    if len(new) < len(judged):
        refused |= store_events.refusals(connection, device.name, first, last)
    return _receipt(judged, refused, device, now)


def _known(connection: Connection, device: Device, first: int, last: int) -> dict[int, str]:
    """The chain's values that are held, from the one before ``first`` to ``last``.

    Most batches begin where the one before ended. Nothing is stored beyond that, so the laptop's
    own row says it all."""
    if first == device.last_seq + 1:
        return {device.last_seq: device.head} if device.last_seq else {}
    return store_events.heads(connection, device.name, first - 1, last)


def _judge_body(body: bytes) -> wire.Event | str:
    """The event in a record, or the reason why it cannot be stored."""
    try:
        event = wire.decode(body)
    except msgspec.ValidationError:
        return "wire-version" if _of_another_version(body) else "untyped"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "malformed"
    if event.wire != wire.WIRE_VERSION:
        return "wire-version"
    if wire.encode(event) != body:
        # Two bodies for one event: a key given twice could hide what no check has seen.
        return "not-canonical"
    if not _possible(event.observed_at) or not _possible(event.recorded_at):
        return "impossible-time"
    shape = shapes.forbidden_shape(event)
    if shape is not None:
        return f"shape-{shape}"
    return event if _is_sealed(event.sealed) else "not-sealed"


def _of_another_version(body: str | bytes) -> bool:
    try:
        return msgspec.json.decode(body, type=messages.Spoken).wire != wire.WIRE_VERSION
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _another_version() -> Refused:
    return Refused(
        400,
        "wire-version",
        f"this collector speaks version {wire.WIRE_VERSION} of the wire, the laptop another: "
        "update the collector first; the laptop keeps its events",
    )


def _possible(moment: datetime) -> bool:
    return moment.utcoffset() == timedelta() and EARLIEST <= moment < LATEST


def _is_sealed(sealed: str) -> bool:
    """Whether a sealed part is empty, or an age file as far as its outside shows."""
    if not sealed:
        return True
    try:
        raw = base64.b64decode(sealed, validate=True)
    except binascii.Error:
        return False
    header = _AGE.match(raw)
    return header is not None and len(raw) - header.end() >= _AGE_PAYLOAD_LEAST


def _let_go(connection: Connection, name: str, new: list[Judged], now: datetime) -> None:
    """A laptop that takes part no more has forgotten its key: whoever shows it then has a copy."""
    if any(one.event is not None and one.event.kind == RETIRED for one in new):
        admission.changed(connection, admission.revoke, name, name, "revoked-device", now)


def _drop_repeated_ids(connection: Connection, device: Device, new: list[Judged]) -> list[Judged]:
    """Refuse events whose id this device has used before, under another number."""
    ids = [one.event.id for one in new if one.event is not None]
    used = store_events.known_ids(connection, device.name, ids) if ids else set()
    apart = [one.event.id for one in new if one.event and one.event.kind in wire.APART]
    used |= store_slips.known_ids(connection, device.name, apart) if apart else set()
    kept = []
    for one in new:
        if one.event is not None and one.event.id in used:
            kept.append(msgspec.structs.replace(one, event=None, reason="repeated-id"))
            continue
        if one.event is not None:
            used.add(one.event.id)
        kept.append(one)
    return kept


def _store(
    connection: Connection,
    device: Device,
    batch: messages.Batch,
    end: Judged,
    new: list[Judged],
    now: datetime,
) -> None:
    kept = [_row(device, one, one.event, now) for one in new if one.event is not None]
    # What people report of their own slips goes where no list, figure or feed looks.
    store_slips.add(connection, [row for row in kept if row["kind"] in wire.APART])
    rows = [row for row in kept if row["kind"] not in wire.APART]
    store_events.add_events(connection, rows)
    store_daily.note_events(connection, (row["kind"] for row in rows), now)
    told = [(one.seq, one.event) for one in new if one.event is not None]
    store_newest.note(connection, device.name, told)
    store_letters.note_answers(connection, device.name, told, now)
    for one in new:
        if one.event is None:
            store_devices.open_fault(connection, _refusal(device, one), now)
        elif own_faults.is_own_fault(one.event):
            own_faults.note(connection, device.name, one.seq, one.event, now)
    _let_go(connection, device.name, new, now)
    goes_on = end.seq > device.last_seq
    # A request that was held up on its way, perhaps over a start of the computer, brings nothing
    # new and says nothing about which start is the latest.
    boot_id = batch.boot_id if goes_on else device.boot_id or batch.boot_id
    if goes_on:
        history.note_two_boots(connection, device, batch, now)
    store_devices.note_contact(
        connection,
        device.name,
        agent_version=batch.agent_version,
        boot_id=boot_id,
        last_seq=end.seq if goes_on else device.last_seq,
        head=end.head if goes_on else device.head,
        new_events=len(rows),
        now=now,
        boot_before=device.boot_id if boot_id != device.boot_id else device.boot_before,
    )


def _row(device: Device, one: Judged, event: wire.Event, now: datetime) -> dict[str, Any]:
    return {
        "device": device.name,
        "seq": one.seq,
        "event_id": event.id,
        "kind": event.kind,
        "observed_at": event.observed_at,
        "recorded_at": event.recorded_at,
        "received_at": now,
        "body": one.body,
        "head": one.head,
    }


def _refusal(device: Device, one: Judged) -> Fault:
    return Fault(
        kind=store_events.REFUSED,
        reason=one.reason,
        device=device.name,
        seq=one.seq,
        digest=one.digest,
        head=one.head,
    )


def _receipt(
    judged: list[Judged], refused: dict[int, str], device: Device, now: datetime
) -> messages.Receipt:
    return messages.Receipt(
        device=device.name,
        last=judged[-1].seq,
        head=judged[-1].head,
        received_at=now,
        refused=[messages.Refusal(seq=seq, reason=refused[seq]) for seq in sorted(refused)],
    )

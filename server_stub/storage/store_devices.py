"""Rows about devices: what is known of each, faults, and the nonces of their requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from agent.wire.event import CHAIN_START
from server_stub.storage import store_daily
from server_stub.storage.tables import devices, faults, nonces, old_keys

SILENT_AFTER = timedelta(days=7)
"""How long a laptop may say nothing before somebody should ask."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """An enrolled laptop, with the end of its chain as far as it has been received.

    ``state`` is a word of ``server_stub.intake.admission``: only an active laptop is listened to.
    ``boot_before`` is the start of the computer before the one in ``boot_id``.
    """

    name: str
    public_key: str
    owner: str
    agent_version: str
    boot_id: str | None
    token: int
    enrolled_at: datetime
    last_contact_at: datetime
    last_seq: int
    head: str
    events: int
    state: str
    group: str
    boot_before: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that should not have happened between this collector and its agents.

    ``seen_by`` is who said last that they looked at it, at ``seen_at``."""

    kind: str
    reason: str
    device: str | None = None
    seq: int | None = None
    until_seq: int | None = None
    digest: str | None = None
    head: str | None = None
    id: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    times: int = 1
    seen_at: datetime | None = None
    seen_by: str | None = None

    @property
    def is_seen(self) -> bool:
        """Whether somebody has looked since it last happened."""
        return bool(self.seen_at and self.last_at and self.seen_at >= self.last_at)


def add_device(
    connection: Connection,
    *,
    name: str,
    public_key: str,
    owner: str,
    agent_version: str,
    token: int,
    now: datetime,
    state: str = "active",
    group: str = "",
) -> None:
    """Enrol a laptop."""
    store_daily.note_heard(connection, name, now)
    row = insert(devices).values(
        name=name,
        public_key=public_key,
        owner=owner,
        agent_version=agent_version,
        token=token,
        enrolled_at=now,
        last_contact_at=now,
        last_seq=0,
        head=CHAIN_START,
        events=0,
        state=state,
        group=group,
    )
    connection.execute(row)


def reenrol_device(connection: Connection, name: str, token: int, now: datetime) -> None:
    """Note that a known laptop enrolled again, with another token."""
    store_daily.note_heard(connection, name, now)
    row = update(devices).where(devices.c.name == name).values(token=token, last_contact_at=now)
    connection.execute(row)


def set_state(connection: Connection, name: str, state: str) -> bool:
    """Say whether a laptop may speak; False if there is none of that name."""
    row = update(devices).where(devices.c.name == name).values(state=state)
    return connection.execute(row).rowcount == 1


def set_group(connection: Connection, name: str, group: str) -> bool:
    """Count a laptop to a group; False if there is none of that name."""
    row = update(devices).where(devices.c.name == name).values(group=group)
    return connection.execute(row).rowcount == 1


def let_in_by(connection: Connection, token: int) -> list[Device]:
    """The laptops that a token let in."""
    rows = connection.execute(select(devices).where(devices.c.token == token))
    return [_device(row) for row in rows]


def change_key(connection: Connection, name: str, old: str, new: str, now: datetime) -> None:
    """Believe another key of a laptop from now on; the old one is remembered as one of its own."""
    connection.execute(insert(old_keys).values(device=name, public_key=old, until=now))
    connection.execute(update(devices).where(devices.c.name == name).values(public_key=new))


def was_a_key(connection: Connection, public_key: str) -> bool:
    """Whether a key was some laptop's before, or is one's now."""
    before = select(old_keys.c.device).where(old_keys.c.public_key == public_key)
    now = select(devices.c.name).where(devices.c.public_key == public_key)
    return bool(connection.execute(before).first() or connection.execute(now).first())


def device(connection: Connection, name: str, *, lock: bool = False) -> Device | None:
    """One laptop by name; with ``lock`` nobody else changes it until the transaction ends."""
    found = connection.execute(_LOCKED if lock else _BY_NAME, {"asked": name}).first()
    return _device(found) if found else None


def all_devices(connection: Connection, *, skip: int = 0, most: int = 100) -> list[Device]:
    """Laptops, the most recently heard of first."""
    order = (devices.c.last_contact_at.desc(), devices.c.name)
    rows = connection.execute(select(devices).order_by(*order).offset(skip).limit(most))
    return [_device(row) for row in rows]


def devices_after(connection: Connection, name: str, most: int) -> list[Device]:
    """Laptops by name, beyond a name."""
    rows = select(devices).where(devices.c.name > name).order_by(devices.c.name).limit(most)
    return [_device(row) for row in connection.execute(rows)]


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many laptops may do what, by the word for it."""
    rows = select(devices.c.state, func.count()).group_by(devices.c.state)
    return {state: int(count) for state, count in connection.execute(rows)}


def count_devices(connection: Connection) -> int:
    """How many laptops are enrolled."""
    return int(connection.scalar(select(func.count()).select_from(devices)) or 0)


def count_silent(connection: Connection, state: str, since: datetime) -> int:
    """How many laptops in a state were not heard of since a moment."""
    silent = devices.c.last_contact_at < since
    rows = select(func.count()).select_from(devices).where(silent, devices.c.state == state)
    return int(connection.scalar(rows) or 0)


def note_contact(
    connection: Connection,
    name: str,
    *,
    agent_version: str,
    boot_id: str,
    last_seq: int,
    head: str,
    new_events: int,
    now: datetime,
    boot_before: str | None = None,
) -> None:
    """Note what a batch brought and where the laptop's chain now ends."""
    store_daily.note_heard(connection, name, now)
    row = {
        "asked": name,
        "agent_version": agent_version,
        "boot_id": boot_id,
        "boot_before": boot_before,
        "last_contact_at": now,
        "last_seq": last_seq,
        "head": head,
        "new_events": new_events,
    }
    connection.execute(_CONTACT, row)


def open_fault(connection: Connection, fault: Fault, now: datetime) -> None:
    """Open a fault entry, or count one more time if it is the same as before."""
    mark = "/".join(
        str(part)
        for part in (fault.kind, fault.reason, fault.device, fault.seq, (fault.digest or "")[:32])
    )
    again = update(faults).where(faults.c.mark == mark)
    again = again.values(times=faults.c.times + 1, last_at=now)
    if connection.execute(again).rowcount:
        return
    row = insert(faults).values(
        mark=mark,
        kind=fault.kind,
        reason=fault.reason,
        device=fault.device,
        seq=fault.seq,
        until_seq=fault.until_seq,
        digest=fault.digest,
        head=fault.head,
        first_at=now,
        last_at=now,
        times=1,
    )
    connection.execute(row)


def faults_of(connection: Connection, device_name: str | None, most: int = 100) -> list[Fault]:
    """The faults of one laptop, or those without a laptop; the newest first."""
    rows = select(*_FAULT).where(faults.c.device == device_name)
    rows = rows.order_by(faults.c.last_at.desc(), faults.c.id.desc()).limit(most)
    return [Fault(**row._mapping) for row in connection.execute(rows)]


def fault_counts(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """How many fault entries each of these laptops has."""
    rows = select(faults.c.device, func.count()).where(faults.c.device.in_(names))
    return {name: int(count) for name, count in connection.execute(rows.group_by(faults.c.device))}


def count_faults(connection: Connection) -> int:
    """How many fault entries there are."""
    return int(connection.scalar(select(func.count()).select_from(faults)) or 0)


def count_faults_by_kind(connection: Connection) -> dict[str, int]:
    """How many fault entries of each kind there are."""
    rows = select(faults.c.kind, func.count()).group_by(faults.c.kind)
    return {kind: int(count) for kind, count in connection.execute(rows)}


def fresh_nonce(
    connection: Connection, keyid: str, nonce: str, now: datetime, forget: datetime
) -> bool:
    """Note a request's nonce; False if it was seen before. Those before ``forget`` are dropped."""
    connection.execute(_FORGET, {"forget": forget})
    if connection.execute(_SEEN, {"asked": keyid, "shown": nonce}).first():
        return False
    connection.execute(_NOTE, {"keyid": keyid, "nonce": nonce, "seen_at": now})
    return True


# Every request runs these. Built once, they are compiled once; built anew each time, finding what
# was compiled costs more than the database's own work.
_BY_NAME = select(devices).where(devices.c.name == bindparam("asked"))
_LOCKED = _BY_NAME.with_for_update()
_CONTACT = (
    update(devices)
    .where(devices.c.name == bindparam("asked"))
    .values(
        agent_version=bindparam("agent_version"),
        boot_id=bindparam("boot_id"),
        boot_before=bindparam("boot_before"),
        last_contact_at=bindparam("last_contact_at"),
        last_seq=bindparam("last_seq"),
        head=bindparam("head"),
        events=devices.c.events + bindparam("new_events"),
    )
)
_FORGET = delete(nonces).where(nonces.c.seen_at < bindparam("forget"))
_SEEN = select(nonces.c.nonce).where(
    nonces.c.keyid == bindparam("asked"), nonces.c.nonce == bindparam("shown")
)
_NOTE = insert(nonces).inline()
_FAULT = tuple(faults.c[name] for name in Fault.__slots__)


def _device(row: Row[tuple[object, ...]]) -> Device:
    return Device(**row._mapping)

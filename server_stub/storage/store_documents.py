"""Signed documents in the database: keyrings and policies to hand on, and orders to bring."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from agent.wire import policies
from agent.wire.policies import Keyring, Scope
from agent.wire.signed import Signed
from server_stub.storage.tables import documents, orders

KEYRING, POLICY = "keyring", "policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What is known of a keyring or a policy that was published; ``document`` reads the whole."""

    id: int
    kind: str
    version: int
    scope: str
    names: tuple[str, ...]
    expires_at: datetime | None
    published_at: datetime
    published_by: str
    withdrawn_at: datetime | None

    def meant_for(self, device: str, group: str) -> bool:
        """Whether it is for a laptop of this name and group."""
        scope = msgspec.convert({"kind": self.scope, "names": list(self.names)}, type=Scope)
        return scope.covers(device, group)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An order for one laptop."""

    number: str
    device: str
    kind: str
    expires_at: datetime
    document: str
    given_at: datetime
    given_by: str
    done_at: datetime | None


def newest_version(connection: Connection, kind: str) -> int:
    """The highest version that was ever published of a kind, also of a withdrawn one; 0 if none."""
    rows = select(func.max(documents.c.version)).where(documents.c.kind == kind)
    return int(connection.scalar(rows) or 0)


def add_document(connection: Connection, values: dict[str, Any], names: Sequence[str]) -> None:
    """Publish a document."""
    connection.execute(insert(documents).values(**values, names=json.dumps(list(names))))


def published(connection: Connection, kind: str, after: int = 0) -> list[Published]:
    """What was published of a kind with a version above ``after`` and not withdrawn, in order."""
    rows = select(*_PUBLISHED).where(documents.c.kind == kind, documents.c.version > after)
    rows = rows.where(documents.c.withdrawn_at.is_(None)).order_by(documents.c.version)
    return [_published(row) for row in connection.execute(rows)]


def everything_published(connection: Connection) -> list[Published]:
    """All that was ever published, the newest first."""
    rows = select(*_PUBLISHED).order_by(documents.c.published_at.desc(), documents.c.id.desc())
    return [_published(row) for row in connection.execute(rows)]


def document(connection: Connection, one: Published) -> Signed:
    """A published document itself, as it was signed."""
    text = connection.execute(select(documents.c.document).where(documents.c.id == one.id))
    return msgspec.json.decode(text.scalar_one(), type=Signed)


def newest_keyring(connection: Connection) -> Keyring | None:
    """Who may sign policies now, and the root key that vouches for the next keyring."""
    known = published(connection, KEYRING)
    return policies.keyring_in(document(connection, known[-1])) if known else None


def withdraw(connection: Connection, version: int, now: datetime) -> bool:
    """Hand a policy on no more; False if there is none of that version to withdraw."""
    row = update(documents).where(documents.c.kind == POLICY, documents.c.version == version)
    row = row.where(documents.c.withdrawn_at.is_(None)).values(withdrawn_at=now)
    return connection.execute(row).rowcount == 1


def add_order(connection: Connection, given: Given) -> bool:
    """Keep an order until its laptop has followed it; False if it is kept already."""
    if connection.execute(select(orders.c.number).where(orders.c.number == given.number)).first():
        return False
    values = {name: getattr(given, name) for name in Given.__slots__}
    connection.execute(insert(orders).values(**values))
    return True


def open_orders(connection: Connection, device: str, now: datetime, most: int) -> list[Given]:
    """The oldest orders that a laptop has still to be brought."""
    rows = select(orders).where(orders.c.device == device, orders.c.done_at.is_(None))
    rows = rows.where(orders.c.expires_at > now).order_by(orders.c.given_at).limit(most)
    return [Given(**row._mapping) for row in connection.execute(rows)]


def all_orders(connection: Connection, device: str | None = None, most: int = 200) -> list[Given]:
    """Orders, the newest first; of one laptop where ``device`` names it."""
    rows = select(orders).order_by(orders.c.given_at.desc()).limit(most)
    if device is not None:
        rows = rows.where(orders.c.device == device)
    return [Given(**row._mapping) for row in connection.execute(rows)]


def orders_done(connection: Connection, device: str, numbers: Sequence[str], now: datetime) -> None:
    """A laptop says that these of its orders need not be brought again."""
    row = update(orders).where(orders.c.device == device, orders.c.number.in_(numbers))
    connection.execute(row.where(orders.c.done_at.is_(None)).values(done_at=now))


_PUBLISHED = tuple(documents.c[name] for name in Published.__slots__)


def _published(row: Row[Any]) -> Published:
    values = dict(row._mapping)
    return Published(**{**values, "names": tuple(json.loads(values["names"]))})

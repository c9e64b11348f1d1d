"""What the laptops are held against, which end of a page an address names, and old agents."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from server_stub.storage import store_documents, store_fleet
from server_stub.storage.store_devices import SILENT_AFTER
from server_stub.storage.store_documents import POLICY
from server_stub.storage.store_fleet import FleetRow, Key, Lens

_PREFIX = re.compile(r"[a-z0-9]{0,17}\Z")


def lens_at(connection: Connection, now: datetime, prefix: str = "") -> Lens:
    """The lens of this moment."""
    return Lens(
        silent_before=now - SILENT_AFTER,
        policies=store_documents.published(connection, POLICY),
        old_agents=older(store_fleet.agent_versions(connection)),
        prefix=prefix,
    )


def older(versions: Iterable[str]) -> list[str]:
    """All versions but the newest, by their numbers: 0.10.0 comes after 0.9.1."""
    in_order = sorted(set(versions), key=_numbers)
    return [one for one in in_order if _numbers(one) < _numbers(in_order[-1])]


def prefix_of(text: str) -> str:
    """How the names that somebody looks for begin; of what no name can have nothing is left."""
    written = text.strip().lower()
    return written if _PREFIX.match(written) else ""


def key_text(row: FleetRow) -> str:
    """Where a page ends, for an address."""
    return f"{row.last_contact_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{row.name}"


def key_in(text: str) -> Key | None:
    """Where a page ended; None for what is no such text, and then it is the first page."""
    moment, _, name = text.partition("_")
    try:
        found = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (found, name) if name and prefix_of(name) == name else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version)[:4])

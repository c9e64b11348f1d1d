"""The policies that are handed on: which of them some laptop gets, and what each replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from agent.wire import policies
from agent.wire.policies import Keyring
from agent.wire.signed import DocumentError
from server_stub.console import policy_text
from server_stub.console.policy_text import PolicyText
from server_stub.storage import store_documents, store_fleet
from server_stub.storage.store_documents import POLICY, Published

MOST = 20
"""Policies that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelved:
    """One policy: who signed it, how many laptops go by it, what it says (None: not readable) and
    how that differs from the one ``before``, which was for the same laptops."""

    published: Published
    signers: tuple[str, ...]
    laptops: int
    toml: str
    said: PolicyText | None
    before: int | None
    changes: tuple[str, ...]


def shelf(connection: Connection) -> tuple[list[Shelved], dict[int, int]]:
    """The policies that laptops get, those for everybody first; and how many laptops go by a
    version that none gets any more."""
    known = store_documents.published(connection, POLICY)
    keyring = store_documents.newest_keyring(connection)
    counts = store_fleet.policy_counts(connection)
    shown = [_shelved(connection, one, known, keyring, counts) for one in in_force(known)[:MOST]]
    current = {one.published.version for one in shown}
    return shown, {version: n for version, n in sorted(counts.items()) if version not in current}


def in_force(known: Sequence[Published]) -> list[Published]:
    """Those that some laptop may get: of each group and each laptop the newest, and the newest for
    everybody, which comes first."""
    taken: set[tuple[str, str]] = set()
    found = []
    for one in store_fleet.nearest_first(known):
        wanted = {(one.scope, name) for name in one.names or ("",)}
        if wanted - taken:
            found.append(one)
        taken |= wanted
    return sorted(found, key=lambda one: _ORDER.index(one.scope))


def replaced(one: Published, known: Sequence[Published]) -> Published | None:
    """The newest one before it for any of the same laptops; None if it is the first."""
    earlier = [
        other
        for other in known
        if other.version < one.version and other.scope == one.scope
        if not one.names or set(other.names) & set(one.names)
    ]
    return earlier[-1] if earlier else None


def _shelved(
    connection: Connection,
    one: Published,
    known: Sequence[Published],
    keyring: Keyring | None,
    counts: Mapping[int, int],
) -> Shelved:
    toml, before = _toml(connection, one), replaced(one, known)
    signed = policies.people(store_documents.document(connection, one), keyring) if keyring else ()
    changes = policy_text.difference(_toml(connection, before), toml) if before else ()
    return Shelved(
        published=one,
        signers=tuple(sorted(signed)),
        laptops=counts.get(one.version, 0),
        toml=toml,
        said=policy_text.read(toml),
        before=before.version if before else None,
        changes=tuple(changes),
    )


def _toml(connection: Connection, one: Published) -> str:
    try:
        return policies.policy_in(store_documents.document(connection, one)).toml
    except DocumentError:
        return ""


_ORDER = ("organisation", "group", "device")

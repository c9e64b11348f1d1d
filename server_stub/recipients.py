"""The public halves of the keys that open what laptops seal: the officer's and the reserve's.

They are made in the officer's browser, or elsewhere by ``age-keygen``, and entered here once a test
was opened with them. The collector keeps them for one purpose: whoever writes the policy copies
them from here. They bind no laptop; only the policy that people signed does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from pyrage import RecipientError, x25519
from sqlalchemy import Connection

from server_stub.storage import store_history, store_settings

SLOTS = ("officer", "reserve")
"""Both are needed: a policy seals nothing for one alone."""
_PREFIX = "recipient-"


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: the public half, and who entered it when."""

    key: str
    at: datetime
    who: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Why a public half cannot be entered in a slot, as a closed word."""

    slot: str
    word: str


def all_of(connection: Connection) -> dict[str, Recipient]:
    """Those that were entered, by slot."""
    found = {slot: store_settings.value(connection, _PREFIX + slot) for slot in SLOTS}
    return {
        slot: msgspec.json.decode(value, type=Recipient) for slot, value in found.items() if value
    }


def enter(connection: Connection, slot: str, key: str, who: str, now: datetime) -> Wrong | None:
    """Keep the public half of a key, with a line in the log; what is wrong with it instead."""
    others = [one.key for name, one in all_of(connection).items() if name != slot]
    if word := "no-recipient" if not _is_recipient(key) else "same" if key in others else "":
        return Wrong(slot=slot, word=word)
    made = Recipient(key=key, at=now, who=who)
    store_settings.write(connection, {_PREFIX + slot: msgspec.json.encode(made).decode()})
    store_history.log_view(connection, who, "set-recipient", f"{slot} {key}", now)
    return None


def is_complete(known: Mapping[str, Recipient]) -> bool:
    """Whether everything that is sealed has somebody to open it, and somebody else besides."""
    return all(slot in known for slot in SLOTS)


def as_policy(known: Mapping[str, Recipient]) -> str:
    """The lines for the policy. Each was proven in the page that entered it."""
    tables = [
        f'[[recipients]]\nname = "{slot}"\nkey = "{one.key}"\nproven = true\n'
        for slot, one in known.items()
    ]
    return "\n".join(tables)


def _is_recipient(key: str) -> bool:
    try:
        return str(x25519.Recipient.from_str(key)) == key
    except RecipientError:
        return False

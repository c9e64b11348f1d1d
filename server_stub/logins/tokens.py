"""Making the tokens that let laptops and programs in, and taking them back; each is in the log.

The terminal and the console both go through here. A token's secret is in what these functions give
back and nowhere else: only its digest is stored.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from agent.wire.event import Word
from agent.wire.messages import bound_to, read_token, write_token
from server_stub import tls
from server_stub.intake import enrol
from server_stub.logins import auth
from server_stub.logins.auth import Scope
from server_stub.storage import store_history, store_people, store_tokens

LONGEST_HOURS = 24 * 366
MOST_USES = 100_000
LONGEST_NAME = 64


class Wrong(StrEnum):
    """Why no token can be made."""

    USES = "uses"
    HOURS = "hours"
    GROUP = "group"
    BOUND = "bound"
    """It is for one laptop, and yet has more than one use."""
    NAME = "name"
    TAKEN = "taken"
    SCOPES = "scopes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """The enrolment token that somebody wants. ``host`` and ``serial`` bind it to one laptop."""

    uses: int
    hours: int
    group: str = ""
    approve: bool = False
    host: str = ""
    serial: str = ""

    def wrongs(self) -> list[Wrong]:
        """Everything that is wrong with it."""
        found = {
            Wrong.USES: not 1 <= self.uses <= MOST_USES,
            Wrong.HOURS: not 1 <= self.hours <= LONGEST_HOURS,
            Wrong.GROUP: not is_group(self.group),
            Wrong.BOUND: bool(self.host or self.serial) and self.uses != 1,
        }
        return [wrong for wrong, holds in found.items() if holds]


def make(connection: Connection, state: Path, wish: Wish, who: str, now: datetime) -> str:
    """A new enrolment token; ``wish`` has nothing wrong with it."""
    token = write_token(secrets.token_bytes(17), tls.ca_pin(state))
    secret = read_token(token)[0]
    number = store_tokens.add_token(
        connection,
        enrol.token_digest(secret),
        wish.uses,
        now,
        now + timedelta(hours=wish.hours),
        host=bound_to(secret, wish.host.partition(".")[0]) if wish.host else None,
        serial=bound_to(secret, wish.serial) if wish.serial else None,
        group=wish.group,
        approve=wish.approve,
    )
    store_history.log_view(connection, who, "made-token", str(number), now)
    return token


def withdraw(connection: Connection, number: int, who: str, now: datetime) -> bool:
    """Let nobody in any more with an enrolment token; False if it lets nobody in as it is."""
    if not store_tokens.end_token(connection, number, now):
        return False
    store_history.log_view(connection, who, "withdrew-token", str(number), now)
    return True


def api_wrongs(connection: Connection, name: str, scopes: Iterable[str]) -> list[Wrong]:
    """Everything that is wrong with an API token that somebody wants."""
    chosen = list(scopes)
    known = {scope.value for scope in Scope}
    found = {
        Wrong.NAME: not 1 <= len(name) <= LONGEST_NAME or not name.isprintable(),
        Wrong.TAKEN: store_people.api_token_named(connection, name) is not None,
        Wrong.SCOPES: not chosen or not known.issuperset(chosen),
    }
    return [wrong for wrong, holds in found.items() if holds]


def make_api(
    connection: Connection, name: str, scopes: Iterable[str], who: str, now: datetime
) -> str:
    """A new API token; ``api_wrongs`` finds nothing wrong with it."""
    token, digest = auth.new_api_token()
    store_people.add_api_token(connection, name, digest, " ".join(dict.fromkeys(scopes)), now)
    store_history.log_view(connection, who, "made-api-token", name, now)
    return token


def revoke_api(connection: Connection, name: str, who: str, now: datetime) -> bool:
    """Take an API token back; False if there is none of that name."""
    if not store_people.drop_api_token(connection, name):
        return False
    store_history.log_view(connection, who, "revoked-api-token", name, now)
    return True


def is_group(name: str) -> bool:
    """Whether a text is the name of a group, or empty for none."""
    try:
        return not name or bool(msgspec.convert(name, type=Word))
    except msgspec.ValidationError:
        return False


def command(server: str, token: str) -> str:
    """What is run on a laptop to enrol it."""
    return f"sudo dossierwacht enrol --server {server} --token {token}"

"""Failed logins, counted: after too many from one place the answer is "later".

Passwords, codes of a second factor and answers of single sign-on are counted in one table. A
password that many places guess at is not refused everywhere, or a stranger could shut somebody out;
a code is, for only who has the password gets that far.
"""

import hashlib
import ipaddress
import threading
import unicodedata
from datetime import datetime, timedelta

from server_stub.errors import Refused
from server_stub.storage import store_people
from server_stub.storage.store import Store

FAILURES_SINCE = timedelta(minutes=15)
MOST_FAILURES_NAMED = 5
MOST_FAILURES_HERE = 30
MOST_FAILURES_ANYWHERE = 10
# One check of a password takes 64 MiB: a crowd at the doors must not take the whole memory.
hashing = threading.BoundedSemaphore(3)


def mark_of(name: str, what: str = "") -> str:
    """Under which digest failures of a name are counted; ``what`` is what was wrong with them."""
    text = f"{what}\n{name}" if what else name
    return hashlib.sha256(normal(text).casefold().encode()).hexdigest()


def refuse(store: Store, mark: str, address: str, now: datetime) -> None:
    """Refuse to look at another guess from an address. Raises Refused."""
    with store.read() as connection:
        named, here = store_people.count_failures(
            connection, now - FAILURES_SINCE, mark, network(address)
        )
    if named >= MOST_FAILURES_NAMED or here >= MOST_FAILURES_HERE:
        raise _later()


def refuse_anywhere(store: Store, mark: str, now: datetime) -> None:
    """Refuse after too many failures of one name, wherever they came from. Raises Refused."""
    with store.read() as connection:
        if store_people.count_marked(connection, now - FAILURES_SINCE, mark) < (
            MOST_FAILURES_ANYWHERE
        ):
            return
    raise _later()


def note(store: Store, mark: str, address: str, now: datetime) -> None:
    """Count a failure."""
    place, forget = network(address), now - 4 * FAILURES_SINCE
    store.write(lambda c: store_people.add_failure(c, mark, place, now, forget))


def network(address: str) -> str:
    """Where a caller sits: an IPv4 address, or the /64 network that one IPv6 subscriber has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def normal(text: str) -> str:
    """One spelling for what looks the same, whatever the keyboard sent."""
    return unicodedata.normalize("NFKC", text)


def _later() -> Refused:
    return Refused(
        429,
        "too-many-failures",
        "too many failed logins: try again in 15 minutes",
        retry_after=int(FAILURES_SINCE.total_seconds()),
    )

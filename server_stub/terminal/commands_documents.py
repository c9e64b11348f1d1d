"""The commands about what people signed: policies, the keyring, and orders for one laptop.

What is checked here is checked to help whoever publishes; every laptop checks all of it again.
"""

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from agent.wire import orders as wire_orders
from agent.wire import policies, reports, signed
from agent.wire.policies import Keyring
from agent.wire.signed import DocumentError, Signed
from server_stub.collector import utc_now
from server_stub.errors import AskedError, ConfigError
from server_stub.storage import store_devices, store_documents
from server_stub.storage.store_documents import KEYRING, POLICY, Given, Published
from server_stub.terminal.commands import TERMINAL, config_of, show, write


def publish(arguments: argparse.Namespace) -> int:
    """``policy publish``: a keyring or a policy, whichever the file holds."""
    given, now = _read(arguments.file), utc_now()
    is_keyring = _holds(given, policies.keyring_in)
    if not is_keyring and not _holds(given, policies.policy_in):
        raise AskedError(f"{arguments.file} holds neither a keyring nor a policy")
    add = _add_keyring if is_keyring else _add_policy
    print(write(config_of(arguments), lambda connection: add(connection, given, now)))
    return 0


def withdraw(arguments: argparse.Namespace) -> int:
    """``policy withdraw``: hand a version on no more; where it is gone by already it stays."""

    def work(connection: Connection) -> None:
        if not store_documents.withdraw(connection, arguments.version, utc_now()):
            raise AskedError(f"no policy {arguments.version} is handed on: see `policy list`")

    write(config_of(arguments), work)
    print(f"policy {arguments.version} is handed on no more; laptops that have it keep it")
    return 0


def list_policies(arguments: argparse.Namespace) -> int:
    """``policy list``."""
    found = write(config_of(arguments), store_documents.everything_published)
    rows = [_row(one) for one in found]
    return show(rows, arguments.json, "nothing was published yet")


def send_order(arguments: argparse.Namespace) -> int:
    """``order send``: keep an order until its laptop asks."""
    given, now = _read(arguments.file), utc_now()
    try:
        order = wire_orders.order_in(given)
    except DocumentError as error:
        raise AskedError(f"{arguments.file}: {error}") from error
    if order.expires_at <= now:
        raise AskedError(f"{arguments.file}: the order has expired")
    kept = Given(
        number=order.number,
        device=order.device,
        kind=order.kind,
        expires_at=order.expires_at,
        document=msgspec.json.encode(given).decode(),
        given_at=now,
        given_by=TERMINAL,
        done_at=None,
    )
    write(config_of(arguments), lambda connection: _add_order(connection, kept))
    print(f"{order.kind} for {order.device} is brought at its next contact")
    return 0


def list_orders(arguments: argparse.Namespace) -> int:
    """``order list``."""
    found = write(config_of(arguments), lambda c: store_documents.all_orders(c, arguments.device))
    names = ("number", "device", "kind", "given_at", "expires_at", "done_at")
    rows = [{name: getattr(one, name) for name in names} for one in found]
    return show(rows, arguments.json, "no order was given")


def verify(arguments: argparse.Namespace) -> int:
    """``verify``: whether a report is that of the laptop it names; 1 if it is not."""
    given = _read(arguments.file)
    try:
        device = reports.report_in(given).device
        found = write(
            config_of(arguments), lambda connection: store_devices.device(connection, device)
        )
        if found is None:
            raise AskedError(f"no laptop {device} is enrolled here")
        report = reports.verified(given, found.public_key)
    except DocumentError as error:
        raise AskedError(f"{arguments.file}: {error}") from error
    rows = [{"device": device, "made_at": report.made_at, "state": report.report.get("state")}]
    return show(rows, arguments.json, "")


def _add_keyring(connection: Connection, given: Signed, now: datetime) -> str:
    known = store_documents.newest_keyring(connection)
    roots = (known.root,) if known else ()
    keyring = _checked(lambda: policies.vouched(given, roots))
    _must_rise(connection, KEYRING, keyring.version)
    names = [one.name for one in keyring.signers]
    store_documents.add_document(connection, _values(KEYRING, keyring.version, given, now), ())
    return f"keyring {keyring.version} is published; it names {', '.join(names) or 'nobody'}"


def _add_policy(connection: Connection, given: Signed, now: datetime) -> str:
    known = store_documents.newest_keyring(connection)
    if known is None:
        raise AskedError("publish the keyring first: no laptop would know who may sign a policy")
    document = policies.policy_in(given)
    people = policies.people(given, known)
    if not people:
        raise AskedError("nobody who stands in the keyring has signed it")
    if document.expired(now):
        raise AskedError(f"its time was over at {document.expires_at:%Y-%m-%d %H:%M} UTC")
    _must_rise(connection, POLICY, document.version)
    values = _values(POLICY, document.version, given, now)
    values |= {"scope": document.scope.kind, "expires_at": document.expires_at}
    store_documents.add_document(connection, values, document.scope.names)
    return f"policy {document.version} is published, signed by {', '.join(sorted(people))}"


def _add_order(connection: Connection, order: Given) -> None:
    if store_devices.device(connection, order.device) is None:
        raise AskedError(f"no laptop {order.device} is enrolled here")
    if not store_documents.add_order(connection, order):
        raise AskedError("this order was given before")


def _must_rise(connection: Connection, kind: str, version: int) -> None:
    newest = store_documents.newest_version(connection, kind)
    if version <= newest:
        raise AskedError(f"{kind} {newest} was published before: versions rise")


def _values(kind: str, version: int, given: Signed, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": version,
        "scope": "organisation",
        "expires_at": None,
        "document": msgspec.json.encode(given).decode(),
        "published_at": now,
        "published_by": TERMINAL,
        "withdrawn_at": None,
    }


def _row(one: Published) -> dict[str, Any]:
    names = ("kind", "version", "scope", "names", "published_at", "expires_at", "withdrawn_at")
    return {name: getattr(one, name) for name in names}


def _holds(given: Signed, read: Callable[[Signed], object]) -> bool:
    try:
        read(given)
    except DocumentError:
        return False
    return True


def _checked(work: Callable[[], Keyring]) -> Keyring:
    try:
        return work()
    except DocumentError as error:
        raise AskedError(str(error)) from error


def _read(file: str) -> Signed:
    try:
        with Path(file).open("rb") as opened:
            return signed.read(opened.read(signed.LARGEST + 1))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except DocumentError as error:
        raise AskedError(f"{file}: {error}") from error

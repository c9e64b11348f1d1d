"""``dossierwacht order``: an order for one laptop, and following one.

Making and signing belong on the machine of whoever may give orders, and need no agent there.
"""

import argparse
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import msgspec

from agent import control
from agent.commands import signing_keys
from agent.errors import ConfigError
from agent.wire import orders, signed
from agent.wire.messages import Device
from collectors.base import utc_now

KINDS = tuple(kind for kind in orders.NEEDED if kind != "release")
"""What needs nothing but its name; ``order release`` makes the other one."""
PATIENCE = 60.0
"""Seconds: the screens are locked before the agent answers."""


def add_new(parser: argparse.ArgumentParser) -> None:
    """The options of ``order new``."""
    parser.add_argument("kind", choices=KINDS, help="what the laptop is to know or do")
    parser.add_argument("--device", required=True, metavar="NAME", help="as the console shows it")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="your key")
    parser.add_argument("--item", metavar="NUMBER", help="of the sealed file, for handed-over")
    parser.add_argument("--days", type=int, default=14, help="how long it is good for (14)")


def add_sign(parser: argparse.ArgumentParser) -> None:
    """The options of ``order sign``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="an order that somebody has signed")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="your key")


def add_apply(parser: argparse.ArgumentParser) -> None:
    """The options of ``order apply``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the signed order")


def new(arguments: argparse.Namespace) -> int:
    """``order new``: print a signed order."""
    if not 1 <= arguments.days <= orders.LONGEST_LIFE.days:
        raise ConfigError(f"an order is good for 1 to {orders.LONGEST_LIFE.days} days")
    device = device_named(arguments.device)
    if (arguments.kind == "handed-over") is not (arguments.item is not None):
        raise ConfigError("'handed-over' is about one sealed file, --item, and no other order is")
    now = utc_now().replace(microsecond=0)
    order = orders.Order(
        number=str(uuid.uuid4()),
        kind=arguments.kind,
        device=device,
        issued_at=now,
        expires_at=now + timedelta(days=arguments.days),
        item=arguments.item,
    )
    return show(orders.sign(signed.unsigned(order), signing_keys.read_key(arguments.key)))


def sign(arguments: argparse.Namespace) -> int:
    """``order sign``: show an order, and print it with one more signature."""
    try:
        given = orders.read(signing_keys.read_file(arguments.file, orders.LARGEST))
        order = orders.order_in(given)
    except signed.DocumentError as error:
        raise ConfigError(f"{arguments.file}: {error}") from error
    about = f" about {order.item}" if order.item else ""
    until = f"{order.expires_at:%Y-%m-%d}"
    print(f"signing: {order.kind} for {order.device}{about}, until {until}", file=sys.stderr)
    return show(orders.sign(given, signing_keys.read_key(arguments.key)))


def apply(arguments: argparse.Namespace) -> int:
    """``order apply``: hand an order to the agent of this laptop."""
    text = signing_keys.read_file(arguments.file, orders.LARGEST).decode("ascii", "replace")
    answer = control.ask(arguments.socket, "order", timeout=PATIENCE, order=text)
    print(f"followed: {answer['followed']} ({answer['number']})")
    return 0


def device_named(text: str) -> str:
    """A laptop's name as the console shows it. Raises ConfigError."""
    try:
        return msgspec.convert(text, type=Device)
    except msgspec.ValidationError as error:
        raise ConfigError(f"'{text}' is no laptop's name") from error


def show(given: signed.Signed) -> int:
    """Print a signed order."""
    sys.stdout.write(msgspec.json.encode(given).decode("ascii") + "\n")
    return 0

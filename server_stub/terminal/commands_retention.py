"""The commands about how long events are kept."""

import argparse

from server_stub import retention
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.terminal.commands import config_of


def set_days(arguments: argparse.Namespace) -> int:
    """``retention set``. Raises ConfigError, StoreError."""
    store = states.open_prepared(config_of(arguments))
    try:
        retention.set_days(store, arguments.days)
    finally:
        store.close()
    print(f"events are kept for {arguments.days} days")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """``retention show``. Raises ConfigError, StoreError."""
    store = states.open_prepared(config_of(arguments))
    try:
        print(f"events are kept for {retention.days(store)} days")
    finally:
        store.close()
    return 0


def now(arguments: argparse.Namespace) -> int:
    """``retention now``: delete what was kept long enough. Raises ConfigError, StoreError."""
    store = states.open_prepared(config_of(arguments))
    try:
        count = retention.purge(store, utc_now())
    finally:
        store.close()
    print(f"{count} events deleted")
    return 0

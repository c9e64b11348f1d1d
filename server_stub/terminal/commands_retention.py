"""The commands about how long events are kept."""

import argparse

from server_stub import retention
from server_stub.collector import utc_now
from server_stub.terminal.commands import config_of, opened


def set_days(arguments: argparse.Namespace) -> int:
    """``retention set``. Raises ConfigError, StoreError."""
    with opened(config_of(arguments)) as store:
        retention.set_days(store, arguments.days)
    print(f"events are kept for {arguments.days} days")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """``retention show``. Raises ConfigError, StoreError."""
    with opened(config_of(arguments)) as store:
        print(f"events are kept for {retention.days(store)} days")
    return 0


def now(arguments: argparse.Namespace) -> int:
    """``retention now``: delete what was kept long enough. Raises ConfigError, StoreError."""
    with opened(config_of(arguments)) as store:
        count = retention.purge(store, utc_now())
    print(f"{count} events deleted")
    return 0

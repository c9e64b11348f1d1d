"""The commands about how long events are kept."""

import argparse

from server_stub import retention
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.terminal.commands import config_of


def set_days(arguments: argparse.Namespace) -> int:
    """``retention set``. Raises ConfigError."""
    config = config_of(arguments)
    states.open_prepared(config).close()  # a collector has to be there, and to be ours
    retention.write(config.state, arguments.days)
    print(f"events are kept for {arguments.days} days")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """``retention show``. Raises ConfigError."""
    print(f"events are kept for {retention.read(config_of(arguments).state).days} days")
    return 0


def now(arguments: argparse.Namespace) -> int:
    """``retention now``: delete what was kept long enough. Raises ConfigError, StoreError."""
    config = config_of(arguments)
    store = states.open_prepared(config)
    try:
        count = retention.purge(store, retention.read(config.state).days, utc_now())
    finally:
        store.close()
    print(f"{count} events deleted")
    return 0

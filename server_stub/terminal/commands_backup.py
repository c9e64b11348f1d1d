"""The commands about back-ups: a stream out, and the same stream in."""

import argparse
import sys

from server_stub import backup, restore
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.errors import ConfigError
from server_stub.terminal.commands import config_of, opened


def make(arguments: argparse.Namespace) -> int:
    """``backup``: the tar to standard output, and what it holds to the terminal."""
    if sys.stdout.isatty():
        raise ConfigError(
            "a back-up is no text: send it into a file, `dossierwacht-collector backup > FILE`"
        )
    config = config_of(arguments)
    with opened(config):  # it is there, whole, and this account's
        names = backup.write(config, sys.stdout.buffer)
    sys.stdout.flush()
    print(f"backed up: {', '.join(names)}", file=sys.stderr)
    return 0


def put_back(arguments: argparse.Namespace) -> int:
    """``restore``: from standard input."""
    if sys.stdin.isatty():
        raise ConfigError("give it the back-up: `dossierwacht-collector restore < FILE`")
    config, now = config_of(arguments), utc_now()
    before = restore.read(config, sys.stdin.buffer, now)
    states.prepare(config, now)
    print(f"restored into {config.state}; start the collector now")
    if before is not None:
        print(f"what was there before lies in {before}: delete it when all is well")
    return 0

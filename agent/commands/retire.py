"""``dossierwacht retire``: this laptop takes part no more, and nothing that is sealed is lost.

For an administrator, before the package is purged. What is not settled is counted and never named.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from agent import config, retired
from agent.errors import AgentError, ConfigError
from agent.retirement import PATIENCE, Retired, Retirement, StillSealed, sealed_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``retire``."""
    parser.add_argument(
        "--force", action="store_true", help="although sealed files stay behind; they are kept"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """``dossierwacht retire``: 1 if it was not retired because of what is sealed."""
    state: Path = arguments.state
    if not state.is_dir():
        raise ConfigError(f"{state} is no agent's state folder; name it with --state")
    if not os.access(state, os.W_OK | os.X_OK):
        raise AgentError(f"not allowed at {state}; run this as root")
    if (at := retired.retired_at(state)) and not retired.tied(state):
        done = Retired(at=at, sealed=sealed_in(state), undelivered=0)
        return _say(arguments.json, done, again=True)
    loaded = config.load(arguments.config, state, arguments.socket)
    try:
        done = Retirement(config=loaded).go(force=arguments.force)
    except StillSealed as found:
        return _refuse(arguments.json, found.number, state / "vault")
    return _say(arguments.json, done)


def _refuse(as_json: bool, number: int, vault: Path) -> int:
    if as_json:
        print(json.dumps({"retired": False, "sealed": number, "vault": str(vault)}))
        return 1
    print(f"not retired: sealed files that did not go back, and may be the only copies: {number}")
    print("  give them back:   dossierwacht order release, by the privacy officer")
    print(f"  or take them out: copy {vault} to the officer's machine, sealed restore there")
    print("  or wait:          those whose rule says for how long are deleted after that")
    print("  or leave them:    dossierwacht retire --force")
    print("with --force, and when the package is purged, that folder stays as it is, with a note")
    return 1


def _say(as_json: bool, done: Retired, *, again: bool = False) -> int:
    if as_json:
        told = {"retired": True, "retired_at": done.at.isoformat(timespec="seconds")}
        print(json.dumps(told | {"sealed": done.sealed, "undelivered": done.undelivered}))
        return 0
    if again:
        print(f"this laptop was retired on {done.at:%Y-%m-%d} already")
        return 0
    print("retired: the agent does not start here any more, and the collector is not contacted")
    if done.sealed:
        print(f"sealed files that stay, with a note, also by a purge: {done.sealed}")
    if done.undelivered:
        print(
            f"events that did not reach the collector within {PATIENCE:.0f} seconds:"
            f" {done.undelivered}; revoke this laptop there",
            file=sys.stderr,
        )
    print("to remove the rest: apt purge dossierwacht-agent")
    return 0

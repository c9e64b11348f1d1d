"""``dossierwacht sealed list``, ``restore`` and ``proof``: what is kept, the way back, what went.

Restoring needs an officer's identity file and is therefore done where that file is: on the
officer's machine, with a copy of the agent's state folder, or in the demo.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from agent.errors import ConfigError
from agent.printable import printable
from agent.restore import explained, give_back, note_returned
from enforcement import age, stage, vault
from enforcement.tombstone import tombstones

OPEN = "open"
"""Taken into the stage and not yet at its end; the agent goes on with it at its next start."""


def add_list(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed list``."""
    parser.add_argument("--json", action="store_true", help="for programs")


def add_restore(parser: argparse.ArgumentParser) -> None:
    """The options of ``sealed restore``."""
    parser.add_argument("id", metavar="ID", help="as 'sealed list' shows it")
    parser.add_argument(
        "--identity", metavar="KEYFILE", type=Path, required=True, help="an age identity file"
    )
    parser.add_argument(
        "--to", metavar="PATH", type=Path, help="a new file or a folder; default: where it lay"
    )


def listing(arguments: argparse.Namespace) -> int:
    """``dossierwacht sealed list``: 1 if something in the vault is damaged."""
    found = rows(arguments.state)
    if arguments.json:
        print(json.dumps(found, indent=2))
    elif not found:
        print("nothing is sealed here")
    else:
        print(f"{'ID':36}  {'SEALED AT':25}  {'BYTES':>12}  STATE")
        for row in found:
            print(f"{row['id']:36}  {row['sealed_at']:25}  {row['size']:12}  {row['state']}")
    return int(any(row["state"] == vault.State.DAMAGED for row in found))


def proof(arguments: argparse.Namespace) -> int:
    """``dossierwacht sealed proof``: what was deleted, when, by which rule; 1 if one is damaged."""
    with explained(arguments.state):
        stones = tombstones(arguments.state / "vault")
    if arguments.json:
        print(json.dumps([asdict(stone) for stone in stones], indent=2))
    elif not stones:
        print("nothing was deleted here")
    else:
        print(f"{'ID':36}  {'SEALED AT':25}  {'DELETED AT':25}  {'RULE':24}  DELETED AS EVENT")
        for one in stones:
            rule = str(one.record.about.get("rule", ""))
            when = f"{one.record.sealed_at:25}  {one.expired_at:25}"
            print(f"{one.record.id:36}  {when}  {rule:24}  {one.by}")
    return int(any(one.record.state == vault.State.DAMAGED for one in stones))


def restore(arguments: argparse.Namespace) -> int:
    """``dossierwacht sealed restore``."""
    keys = identities(arguments.identity)
    back = give_back(arguments.state, arguments.id, keys, arguments.to)
    if arguments.to is None:
        note_returned(arguments.state, arguments.id)
    print(f"restored {printable(back.path)}")
    for what in back.left:
        print(f"not given back: its {printable(what)}", file=sys.stderr)
    return 0


def rows(state: Path) -> list[dict[str, str | int]]:
    """Everything sealed, and what is under way, oldest first. Raises AgentError."""
    with explained(state):
        if not state.is_dir():
            raise ConfigError(f"{state} is no agent's state folder; name it with --state")
        under_way = {
            attempt_id for path in stage.stages_in(os.fspath(state)) for attempt_id in _ids(path)
        }
        known = [one for one in vault.records(state / "vault") if one.id not in under_way]
    found: list[dict[str, str | int]] = [
        {"id": one.id, "state": one.state, "sealed_at": one.sealed_at, "size": one.size}
        for one in known
    ]
    return found + [
        {"id": one, "state": OPEN, "sealed_at": "", "size": 0} for one in sorted(under_way)
    ]


def _ids(path: str) -> set[str]:
    with stage.opened(path) as here:
        return here.ids()


def identities(path: Path) -> age.Identities:
    """The officer's keys. Raises ConfigError."""
    try:
        return age.read_identities(path.read_text("ascii"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no age identity file") from error
    except age.KeyFileError as error:
        raise ConfigError(f"{path} {error}") from error

"""What the package's scripts have done before its files go: nobody's file is left in between.

Started as root by ``prerm remove`` after the services were stopped. Transactions that a crash left
open are brought to their end, sticks are given back, stages that are empty go, and a note is left
beside sealed files. What cannot be done is said and left where it is; it never stops a removal.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from agent import config, places, vault_note
from agent.config import Config
from agent.errors import AgentError
from agent.retirement import give_sticks_back, owned
from enforcement import stage, vault
from enforcement.base import EnforcementError

PATIENCE = 30.0
"""Seconds for the agent's journal to be let go."""
SYSFS = Path("/sys")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what can be done, and say what stays. The exit code is 1 if a part of it failed."""
    parser = argparse.ArgumentParser(prog="before_removal")
    parser.add_argument("--config", type=Path, default=places.CONFIG)
    parser.add_argument("--state", type=Path, default=places.STATE)
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds")
    arguments = parser.parse_args(argv)
    fine = _all_steps(arguments.config, arguments.state, arguments.patience)
    if arguments.state.is_dir():
        _tell_what_stays(arguments.state)
    return 0 if fine else 1


def _all_steps(folder: Path, state: Path, patience: float) -> bool:
    """Whether each of them could be done. What needs no settings is done first."""
    fine = _done(lambda: give_sticks_back(config.gate_for(state), SYSFS))
    if not state.is_dir():
        return fine
    try:
        loaded = config.load(folder, state)
    except AgentError as error:
        _say(str(error))
        return False
    steps = (
        partial(finish, loaded, patience),
        partial(fold_stages, state),
        partial(vault_note.leave, loaded),
    )
    done = [_done(step) for step in steps]
    return fine and all(done)


def _done(step: Callable[[], object]) -> bool:
    try:
        step()
    except (AgentError, EnforcementError, OSError) as error:
        _say(str(error))
        return False
    return True


def finish(loaded: Config, patience: float) -> None:
    """Bring every open transaction to its end. AgentError."""
    with owned(loaded, patience) as (_, daemon):
        daemon.resume()


def fold_stages(state: Path) -> None:
    """Remove the stages that hold nothing; what is in another stays."""
    for path in stage.stages_in(os.fspath(state)):
        with suppress(OSError):
            os.rmdir(path)


def _tell_what_stays(state: Path) -> None:
    if number := len(vault.unsettled(state / "vault")):
        _say(f"sealed files stay in {state / 'vault'}, also when it is purged: {number}")
    for path in stage.stages_in(os.fspath(state)):
        _say(f"{path} holds a file that could not go back; it stays there")
    if (state / "journal.db").exists():
        _say(f"the journal and the keys stay in {state} until the package is purged")


def _say(text: str) -> None:
    print(f"dossierwacht-agent: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""``dossierwacht posture``: how this laptop is set up, a sentence for each check.

It looks for itself and answers without an agent, by the settings of the policy. What only root may
read is "not known" to anybody else.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from agent.commands.policy_in_force import in_force
from agent.texts import language_of, say
from collectors.checks.told import Check, Told, Why
from collectors.posture import Checks, judged, this_machine

Row = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``posture``."""
    parser.add_argument("--json", action="store_true", help="a list of objects")


def main(arguments: argparse.Namespace) -> int:
    """``dossierwacht posture``: always 0, for nothing here is an error."""
    policy = in_force(arguments)
    _, checks = this_machine(policy.collectors["posture"])
    return list_posture(checks, language_of(os.environ) or policy.language, arguments.json)


def list_posture(checks: Checks, language: str, as_json: bool) -> int:
    """Print each check with its state and its sentence."""
    rows = [row(check, judged(find_out), language) for check, find_out in checks.items()]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print(rows)
    return 0


def row(check: Check, told: Told, language: str) -> Row:
    """One check, as ``--json`` gives it."""
    return {
        "check": check,
        "state": told.state,
        "why": told.why,
        "count": told.count,
        "names": list(told.names),
        "says": sentence(check, told, language),
    }


def sentence(check: Check, told: Told, language: str) -> str:
    """A check in a plain sentence of a language."""
    state, why = say(language, f"state-{told.state}"), say(language, f"posture-{told.why}")
    names = f" ({', '.join(told.names)})" if told.names else ""
    return f"{say(language, f'check-{check}')}: {state}; {why}{names}."


def _print(rows: Iterable[Row]) -> None:
    hidden = False
    for one in rows:
        print(f"{one['state']:<13} {one['says']}")
        hidden |= one["why"] == Why.NOT_READABLE
    if hidden and os.geteuid() != 0:
        print("dossierwacht: root may read more of this", file=sys.stderr)

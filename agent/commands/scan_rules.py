"""Which of the organisation's own rules a command on the terminal goes by.

Those of the policy that is named, else of the one that is installed, so that a scan says what the
agent would say.
"""

import argparse
from pathlib import Path

from agent import policy_file
from agent.places import CONFIG
from collectors.recognise.rules.own import NONE, OwnRules, read_own

INSTALLED = "policy.toml"


def add_policy(parser: argparse.ArgumentParser) -> None:
    """The option that names a policy."""
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="go by the own rules in this policy; default: the one in the folder of settings",
    )


def own_of(arguments: argparse.Namespace) -> OwnRules:
    """The organisation's own rules. Raises ConfigError if their policy cannot be used."""
    installed: Path = getattr(arguments, "config", CONFIG) / INSTALLED
    chosen: Path | None = arguments.policy or (installed if installed.exists() else None)
    if chosen is None:
        return NONE
    return read_own(policy_file.read(chosen).collectors.get("pupil_files", {}))

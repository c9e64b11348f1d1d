"""The command line's part about several organisations in one installation."""

import argparse
from collections.abc import Callable

from server_stub.terminal import commands_organisation
from server_stub.terminal.commands import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_organisation(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``organisation add`` and ``list``."""
    top = commands_of.add_parser("organisation", help="several organisations, strictly apart")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = add(verbs, "add", "make an organisation of its own", commands_organisation.add)
    new.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
    new.add_argument(
        "--public-url", metavar="URL", required=True, help="the address its laptops and people use"
    )
    listed = add(verbs, "list", "show the organisations", commands_organisation.list_all)
    listed.add_argument("--json", action="store_true", help="print JSON")

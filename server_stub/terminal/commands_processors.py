"""The command about the organisation's processors, and its part of the command line."""

import argparse
from collections.abc import Callable

from server_stub.collector import utc_now
from server_stub.storage import store_processors
from server_stub.terminal.commands import Command, config_of, opened, show

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_processor(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``processor list``."""
    top = commands_of.add_parser("processor", help="the organisation's processors")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = add(verbs, "list", "show processors and their agreements", list_processors)
    one.add_argument("--json", action="store_true", help="print JSON")


def list_processors(arguments: argparse.Namespace) -> int:
    """``processor list``: with everything in JSON, else what fits on a line."""
    today = f"{utc_now():%Y-%m-%d}"
    with opened(config_of(arguments)) as store, store.read() as connection:
        found = store_processors.all_processors(connection)
    rows = [
        {
            "name": one.name,
            "standing": one.standing(today),
            "agreed_on": one.agreed_on or None,
            "ends_on": one.ends_on or None,
            "contact": one.contact or None,
            **({"purpose": one.purpose, "agreement": one.agreement} if arguments.json else {}),
            **({"sub_processors": list(one.subs)} if arguments.json else {}),
        }
        for one in found
    ]
    return show(rows, arguments.json, "no processor is in the list: add them in the console")

"""The command line's part about the collector as a whole: settings, back-ups, roll-outs."""

import argparse
from collections.abc import Callable

from server_stub.terminal import (
    commands_backup,
    commands_opening,
    commands_package,
    commands_retention,
)
from server_stub.terminal.commands import Command
from server_stub.two_people import People

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_retention(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``retention set``, ``show`` and ``now``."""
    kept = commands_of.add_parser("retention", help="how long events are kept")
    verbs = kept.add_subparsers(title="commands", metavar="COMMAND", required=True)
    chosen = add(verbs, "set", "say how long events are kept", commands_retention.set_days)
    chosen.add_argument("--days", type=int, required=True, metavar="N", help="30 to 3650")
    add(verbs, "show", "show how long events are kept", commands_retention.show)
    add(verbs, "now", "delete what was kept long enough", commands_retention.now)


def add_opening(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``opening set`` and ``show``."""
    top = commands_of.add_parser("opening", help="how many people opening sealed details takes")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    chosen = add(verbs, "set", "say how many people it takes", commands_opening.set_people)
    chosen.add_argument("people", choices=[one.value for one in People])
    add(verbs, "show", "show how many people it takes", commands_opening.show)


def add_backup(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``backup`` and ``restore``."""
    add(commands_of, "backup", "write keys and database as one tar", commands_backup.make)
    add(commands_of, "restore", "put such a tar back", commands_backup.put_back)


def add_package(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``make-package``."""
    text = "make what a roll-out puts on each laptop"
    one = add(commands_of, "make-package", text, commands_package.make)
    one.add_argument("--agent", metavar="FILE.deb", required=True, help="the agent's package")
    one.add_argument("--out", metavar="FOLDER", required=True, help="where to")
    one.add_argument("--token", metavar="T", help="one that was made before; else one is made")
    one.add_argument("--uses", type=int, default=100, help="how many laptops it lets in (100)")
    one.add_argument("--hours", type=int, default=336, help="how long it is good for (336)")
    one.add_argument("--group", metavar="NAME", default="", help="where they are counted")
    one.add_argument("--approve", action="store_true", help="each waits until IT has looked")
    one.add_argument(
        "--policy-root", metavar="KEY", help="root key of policies; else that of the keyring"
    )
    one.add_argument("--json", action="store_true", help="print JSON")

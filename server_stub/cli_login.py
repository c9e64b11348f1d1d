"""The command line's part about how people log in: its sub-commands and their options."""

import argparse
from collections.abc import Callable

from server_stub import commands_login
from server_stub.commands import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_user_factor(verbs: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``user factor-reset``."""
    text = "take back a second factor that was lost"
    add(verbs, "factor-reset", text, commands_login.reset_factor).add_argument("name")


def add_login(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``login set`` and ``show``."""
    top = commands_of.add_parser("login", help="how people log in to the console")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = add(verbs, "set", "say who must have a second factor", commands_login.set_login)
    one.add_argument(
        "--require-factor", metavar="ROLE,ROLE", required=True, help="these roles; '' for nobody"
    )
    shown = add(verbs, "show", "show how people log in", commands_login.show_login)
    shown.add_argument("--json", action="store_true", help="print JSON")

"""The command line's part about how people log in: its sub-commands and their options."""

import argparse
from collections.abc import Callable

from server_stub.terminal import commands_login
from server_stub.terminal.commands import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_user_factor(verbs: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``user factor-reset`` and ``user sso``."""
    text = "take back a second factor that was lost"
    add(verbs, "factor-reset", text, commands_login.reset_factor).add_argument("name")
    one = add(verbs, "sso", "say who somebody is at the provider", commands_login.link_user)
    one.add_argument("name")
    one.add_argument("sso", metavar="SUBJECT-OR-MAIL", help="'' for nobody")


def add_login(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``login set``, ``show``, ``oidc`` and ``oidc-off``."""
    top = commands_of.add_parser("login", help="how people log in to the console")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = add(verbs, "set", "say who must have a second factor", commands_login.set_login)
    one.add_argument(
        "--require-factor", metavar="ROLE,ROLE", required=True, help="these roles; '' for nobody"
    )
    _oidc(add(verbs, "oidc", "set single sign-on up", commands_login.set_oidc))
    add(verbs, "oidc-off", "end single sign-on", commands_login.end_oidc)
    shown = add(verbs, "show", "show how people log in", commands_login.show_login)
    shown.add_argument("--json", action="store_true", help="print JSON")


def _oidc(one: argparse.ArgumentParser) -> None:
    one.add_argument("--issuer", metavar="URL", required=True, help="the provider's own address")
    one.add_argument("--client-id", metavar="ID", required=True, help="as the provider named it")
    one.add_argument(
        "--client-secret-stdin", action="store_true", required=True, help="read it from there"
    )
    one.add_argument("--ca-file", metavar="FILE", help="believe this authority, in PEM")

"""The command line's part about what opens sealed details: keys, and the file for offline use."""

import argparse
from collections.abc import Callable

from server_stub import wording
from server_stub.recipients import SLOTS
from server_stub.terminal import commands_keys, commands_opener
from server_stub.terminal.commands import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_keys(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``keys new``, ``enter`` and ``show``."""
    top = commands_of.add_parser("keys", help="keys that open what is sealed")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = add(
        verbs, "new", "make and prove the officer's and the reserve key", commands_keys.new_keys
    )
    new.add_argument("--out", metavar="DIR", required=True, help="folder for the identity files")
    new.add_argument("--director", action="store_true", help="instead, one for reports of slips")
    given = add(verbs, "enter", "enter a public half that was made elsewhere", commands_keys.enter)
    given.add_argument("slot", choices=SLOTS)
    given.add_argument("key", metavar="age1...", help="the public half")
    shown = add(verbs, "show", "print the public halves for the policy", commands_keys.show)
    shown.add_argument("--json", action="store_true", help="print JSON")


def add_opener(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``opener make`` and ``opener verify``."""
    top = commands_of.add_parser("opener", help="a file that opens sealed details offline")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    made = add(verbs, "make", "write the file and print its SHA-256", commands_opener.make)
    made.add_argument("file", metavar="FILE.html")
    languages = sorted(wording.load())
    made.add_argument("--language", choices=languages, default="en", help="of the file (en)")
    made.add_argument(
        "--key", metavar="FILE", help="sign it with a key of `dossierwacht policy key`"
    )
    seen = add(verbs, "verify", "did this key sign exactly this file?", commands_opener.verify)
    seen.add_argument("file", metavar="FILE.html")
    seen.add_argument(
        "--signer", metavar="KEY", required=True, help="public, as `dossierwacht policy key` prints"
    )

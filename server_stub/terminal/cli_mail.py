"""The command line's part about mail: its sub-commands and their options."""

import argparse
from collections.abc import Callable

from server_stub import wording
from server_stub.post.mail_settings import Tls
from server_stub.terminal import commands_mail, commands_register
from server_stub.terminal.commands import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_user_mail(verbs: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``user mail`` and ``user team``."""
    team = add(verbs, "team", "take somebody into the crisis team", commands_register.user_team)
    team.add_argument("name")
    team.add_argument("inside", choices=("yes", "no"))
    one = add(verbs, "mail", "say where somebody is reminded by mail", commands_mail.user_mail)
    one.add_argument("name")
    one.add_argument("address", metavar="ADDRESS", help="'' for nowhere")
    _language(one, "of the mails to this person")


def add_mail(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``mail set``, ``show``, ``status``, ``test`` and ``off``."""
    top = commands_of.add_parser("mail", help="reminders of the breach register by mail")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _set(add(verbs, "set", "say how mail goes out", commands_mail.set_mail))
    shown = add(verbs, "show", "show how mail goes out and who is told", commands_mail.show_mail)
    state = add(verbs, "status", "say whether reminders get through", commands_mail.status)
    for one in (shown, state):
        one.add_argument("--json", action="store_true", help="print JSON")
    trial = add(verbs, "test", "send a test mail and say what is wrong", commands_mail.test)
    trial.add_argument("address", metavar="ADDRESS")
    _language(trial, "of the test mail")
    add(verbs, "off", "send no mail any more", commands_mail.off)


def _set(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", metavar="HOST", help="the mail server")
    one.add_argument("--port", metavar="N", type=int, help="its port (587; 465 with implicit)")
    one.add_argument("--tls", choices=[tls.value for tls in Tls], help="how TLS begins (starttls)")
    one.add_argument("--from", dest="sender", metavar="ADDRESS", help="whom mail comes from")
    one.add_argument("--user", metavar="NAME", help="login at the server, '' for none")
    one.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    one.add_argument("--ca-file", metavar="FILE", help="believe this authority ('': the system's)")
    one.add_argument("--allow-plain", action="store_true", help="send without TLS to another host")
    one.add_argument("--reports-to", metavar="ADDRESS", help="mailbox told of reported leaks")
    one.add_argument("--copy-to", metavar="ADDRESS", help="mailbox told of entries and decisions")
    _language(one, "of the mails to these two mailboxes")


def _language(one: argparse.ArgumentParser, text: str) -> None:
    one.add_argument("--language", choices=sorted(wording.load()), help=text)

"""The command line: one table of sub-commands, each with its module; exit codes 0, 1 and 2.

0: fine. 1: the thing asked about is not fine, or the request failed. 2: usage or configuration.
A module is imported only when its command is chosen, so that ``status`` need not wait for the
libraries of ``scan``.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from agent import __version__, places
from agent.errors import AgentError, ConfigError


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: its words, what it does, its module, and the two functions there."""

    words: str
    help: str
    module: str
    add: str = "add_arguments"
    main: str = "main"


COMMANDS: tuple[Command, ...] = (
    Command(
        "run", "run the agent in the foreground, with all its processes", "agent.cli", main="run"
    ),
    Command("demo", "collector, agent and a sample home on this machine", "agent.demo.command"),
    Command("scan", "look through files once", "agent.commands.scan"),
    Command("usb list", "attached storage devices", "agent.commands.listings", "add_usb", "usb"),
    Command("usb encrypt", "make an encrypted stick of one", "agent.commands.usb_encrypt"),
    Command("usb override", "say why you need a blocked stick", "agent.commands.usb_override"),
    Command("lock", "I walk away: lock my screen now", "agent.commands.lock"),
    Command("session list", "sessions", "agent.commands.listings", "add_session", "session"),
    Command("posture", "how this laptop is set up", "agent.commands.posture"),
    Command("status", "how the agent is", "agent.commands.status", main="status"),
    Command(
        "report",
        "everything IT may know of this laptop",
        "agent.commands.status",
        "add_report",
        "report",
    ),
    Command("doctor", "checks to read out over the phone", "agent.commands.status", main="doctor"),
    Command("leak report", "report a data leak", "agent.commands.leak"),
    Command("protect", "an encrypted copy of files, to send", "agent.commands.protect"),
    Command("hand-over", "give the agent what waited for it", "agent.commands.hand_over"),
    Command("open", "a page of your own in the browser", "agent.commands.open"),
    Command(
        "letter list", "what was written to you", "agent.commands.letter", "add_list", "listing"
    ),
    Command("letter answer", "answer a question", "agent.commands.letter", "add_answer", "answer"),
    Command("ask", "may I use this app or this stick?", "agent.commands.ask"),
    Command("enrol", "give this laptop its name and its collector", "agent.commands.enrol"),
    Command("retire", "this laptop takes part no more", "agent.commands.retire"),
    Command(
        "policy check", "can this policy be used?", "agent.commands.policy", "add_check", "check"
    ),
    Command("policy key", "a key to sign policies with", "agent.commands.signing_keys"),
    Command(
        "policy keyring",
        "say who may sign policies",
        "agent.commands.policy_sign",
        "add_keyring",
        "keyring",
    ),
    Command("policy sign", "sign a policy", "agent.commands.policy_sign", "add_sign", "sign"),
    Command("policy try", "what would it have done?", "agent.commands.policy_try"),
    Command("policy papers", "drafts for who has to agree", "agent.commands.policy_papers"),
    Command("policy show", "the policy in force", "agent.commands.policy", "add_show", "show"),
    Command("policy explain", "who decides?", "agent.commands.policy", "add_explain", "explain"),
    Command("sealed list", "what was sealed", "agent.commands.sealed", "add_list", "listing"),
    Command(
        "sealed restore", "give a file back", "agent.commands.sealed", "add_restore", "restore"
    ),
    Command("sealed ask", "I need a file back", "agent.commands.sealed_ask"),
    Command("sealed evidence", "a bundle that proves itself", "agent.commands.sealed_evidence"),
    Command("sealed proof", "what was deleted", "agent.commands.sealed", "add_list", "proof"),
    Command("breaker", "are files still sealed here?", "agent.commands.breaker"),
    Command(
        "dispute report", "this verdict is wrong", "agent.commands.dispute", "add_report", "report"
    ),
    Command("dispute list", "what was disputed", "agent.commands.dispute", "add_list", "listing"),
    Command(
        "dispute export", "hand it over, sealed", "agent.commands.dispute", "add_export", "export"
    ),
    Command("dispute test", "do today's rules get it right?", "agent.commands.dispute_trial"),
    Command("order key", "a key to sign orders with", "agent.commands.signing_keys"),
    Command("order new", "an order for one laptop", "agent.commands.order", "add_new", "new"),
    Command("order release", "give a sealed file back", "agent.commands.order_release"),
    Command("order sign", "sign it as well", "agent.commands.order", "add_sign", "sign"),
    Command("order apply", "follow an order here", "agent.commands.order", "add_apply", "apply"),
    Command("mine", "what is recorded about me", "agent.commands.mine"),
    Command("unlock", "this laptop was found: give its code", "agent.commands.unlock"),
    Command("tray", "the icon in the staff member's session", "agent.tray.panel"),
)
GROUPS = {
    "usb": "storage devices",
    "session": "sessions of this laptop",
    "leak": "data leaks",
    "letter": "what the organisation wrote to you",
    "policy": "the organisation's rules",
    "sealed": "files that were sealed",
    "dispute": "verdicts that are wrong",
    "order": "what people tell one laptop to do",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = build_parser(_chosen(given)).parse_args(given)
    _complete(arguments)
    command: Command = arguments.command
    try:
        return int(getattr(import_module(command.module), command.main)(arguments))
    except ConfigError as error:
        print(f"dossierwacht: {error}", file=sys.stderr)
        return 2
    except AgentError as error:
        print(f"dossierwacht: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1


def build_parser(chosen: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """The parser, with the options of the chosen commands (all of them unless told otherwise)."""
    parser = argparse.ArgumentParser(
        prog="dossierwacht",
        description="Keeps pupil and client files from wandering about on staff laptops.",
        epilog="Exit codes: 0 fine, 1 not fine, 2 usage or configuration.",
    )
    parser.add_argument("--version", action="version", version=f"dossierwacht {__version__}")
    top = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in COMMANDS:
        group, _, word = command.words.rpartition(" ")
        if group and group not in groups:
            nested = top.add_parser(group, help=GROUPS[group], description=GROUPS[group])
            groups[group] = nested.add_subparsers(metavar="COMMAND", required=True)
        place = groups[group] if group else top
        own = place.add_parser(word, help=command.help, description=command.help)
        own.set_defaults(command=command)
        _add_places(own)
        if command in chosen:
            getattr(import_module(command.module), command.add)(own)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht run``."""
    parser.add_argument("--no-sender", action="store_true", help="a service of its own sends")
    parser.add_argument("--verbose", action="store_true", help="say more about what is done")


def run(arguments: argparse.Namespace) -> int:
    """``dossierwacht run``."""
    from agent import config  # and the whole agent: not for the other commands
    from agent import run as running

    level = logging.DEBUG if arguments.verbose else logging.INFO
    logging.basicConfig(stream=sys.stderr, level=level, format="%(threadName)s: %(message)s")
    told = running.Told()
    running.until_signal(told)
    running.log_without_words()
    running.run_again(
        lambda: config.load(arguments.config, arguments.state, arguments.socket),
        told,
        with_sender=not arguments.no_sender,
    )
    return 0


def _chosen(given: Sequence[str]) -> list[Command]:
    """The command the words name; only its options are needed."""
    words = [word for word in given[:2] if not word.startswith("-")]
    both, one = " ".join(words), " ".join(words[:1])
    return [command for command in COMMANDS if command.words in (both, one)]


def _add_places(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("places")
    group.add_argument("--config", type=Path, default=places.CONFIG, help="folder of settings")
    group.add_argument("--state", type=Path, default=places.STATE, help="folder of the agent")
    group.add_argument("--socket", type=Path, default=None, help="control socket of the agent")


def _complete(arguments: argparse.Namespace) -> None:
    if arguments.socket is None:
        arguments.socket = places.socket_for(arguments.state)


if __name__ == "__main__":
    sys.exit(main())

"""``dossierwacht-collector``: the command line. Each sub-command is one function in commands*.py.

Exit codes: 0 fine, 1 the thing asked about is not fine, 2 usage or configuration.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from server_stub.breaches import register_export
from server_stub.errors import (
    AskedError,
    CollectorError,
    ConfigError,
    MailError,
    Refused,
    SsoError,
    StoreError,
)
from server_stub.logins.auth import Role, Scope
from server_stub.pull import feed_targets
from server_stub.terminal import (
    cli_login,
    cli_mail,
    cli_opener,
    cli_organisation,
    cli_settings,
    commands,
    commands_devices,
    commands_documents,
    commands_feeds,
    commands_people,
    commands_processors,
    commands_register,
    commands_routing,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    arguments = build_parser().parse_args(argv)
    before = os.umask(0o077)  # a database is nobody else's to read
    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        return _say(error, 2)
    except (StoreError, AskedError, MailError, SsoError) as error:
        return _say(error, 1)
    except Refused as error:
        return _say(error, 2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a listing had seen enough
        return 0
    finally:
        os.umask(before)


def build_parser() -> argparse.ArgumentParser:
    """Every sub-command with its options."""
    top = argparse.ArgumentParser(
        prog="dossierwacht-collector",
        description="Receives what laptops report, shows it, and keeps the breach register.",
    )
    top.add_argument("--state", metavar="DIR", help="state folder of the collector")
    top.add_argument(
        "--database", metavar="URL", help="database, if not SQLite in the state folder"
    )
    top.add_argument("--organisation", metavar="NAME", help="of several in the state folder")
    commands_of = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        _serve,
        _migrate,
        _user,
        _token,
        _device,
        _policy,
        _order,
        _verify,
        _report,
        _feed,
        _breach,
        _keys,
        _retention,
        _opening,
    ):
        add(commands_of)
    for add_with in (
        cli_settings.add_backup,
        cli_settings.add_package,
        cli_mail.add_mail,
        cli_opener.add_opener,
        cli_login.add_login,
        cli_organisation.add_organisation,
        commands_processors.add_processor,
        commands_routing.add_routing,
    ):
        add_with(commands_of, _command)
    return top


Commands = argparse._SubParsersAction  # argparse has no public name for it


def _serve(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    one = _command(commands_of, "serve", "run the collector over HTTPS", commands.serve)
    one.add_argument("--listen", metavar="HOST:PORT", help="where to listen (127.0.0.1:8443)")
    one.add_argument("--public-url", metavar="URL", help="the address laptops and people use")
    one.add_argument("--certificate", metavar="FILE", help="of a name for people, with its key")
    one.add_argument("--timezone", metavar="NAME", help="time zone of the console's times")


def _migrate(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    _command(commands_of, "migrate", "make or update keys and database", commands.migrate)


def _user(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    users = commands_of.add_parser("user", help="people who log in to the console")
    verbs = users.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = _command(verbs, "add", "give somebody a login", commands_people.add_user)
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--sso", metavar="WHO", default="", help="subject or mail at the provider")
    add.add_argument("--case", metavar="NUMBER", help="the entry that a reader reads")
    _password_options(add)
    change = _command(verbs, "password", "set a new password", commands_people.set_password)
    change.add_argument("name")
    _password_options(change)
    drop = _command(verbs, "remove", "take a login away", commands_people.remove_user)
    drop.add_argument("name")
    cli_mail.add_user_mail(verbs, _command)
    cli_login.add_user_factor(verbs, _command)
    listed = _command(verbs, "list", "show who can log in", commands_people.list_users)
    _json(listed)


def _token(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    tokens = commands_of.add_parser("token", help="tokens for laptops and for programs")
    verbs = tokens.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = _command(verbs, "new", "make an enrolment token for laptops", commands_people.new_token)
    new.add_argument("--hours", type=int, default=24, help="how long it is good for (24)")
    new.add_argument("--uses", type=int, default=1, help="how many laptops it lets in (1)")
    new.add_argument("--host", metavar="NAME", default="", help="only a laptop of this host name")
    new.add_argument("--serial", metavar="TEXT", default="", help="only one of this serial number")
    new.add_argument("--group", metavar="NAME", default="", help="where that laptop is counted")
    new.add_argument("--approve", action="store_true", help="it waits until IT has looked")
    _json(new)
    api = _command(verbs, "api", "make a token for a program that pulls", commands_people.api_token)
    api.add_argument("name", help="which program it is for")
    api.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="what it may pull; repeat it for more (devices and events)",
    )
    _json(api)
    drop = _command(verbs, "revoke", "take a program's token back", commands_people.drop_api_token)
    drop.add_argument("name")
    listed = _command(verbs, "list", "show tokens, without secrets", commands_people.list_tokens)
    _json(listed)


def _device(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    device = commands_of.add_parser("device", help="laptops, and whether they are listened to")
    verbs = device.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = _command(verbs, "list", "show laptops", commands_devices.list_devices)
    _json(listed)
    for name, text, run in (
        ("approve", "listen to a laptop that waits or is parked", commands_devices.approve),
        ("revoke", "believe a laptop no more", commands_devices.revoke),
    ):
        _command(verbs, name, text, run).add_argument("device", metavar="NAME")
    move = _command(verbs, "group", "count a laptop to a group", commands_devices.set_group)
    move.add_argument("device", metavar="NAME")
    move.add_argument("group", metavar="GROUP", help="'' for none")


def _policy(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    policy = commands_of.add_parser("policy", help="policies that people signed")
    verbs = policy.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = _command(verbs, "publish", "hand a policy or a keyring on", commands_documents.publish)
    new.add_argument("file", metavar="FILE", help="signed, from `dossierwacht policy sign`")
    old = _command(verbs, "withdraw", "hand a version on no more", commands_documents.withdraw)
    old.add_argument("version", type=int)
    listed = _command(verbs, "list", "show what was published", commands_documents.list_policies)
    _json(listed)


def _order(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    order = commands_of.add_parser("order", help="orders that people signed, for one laptop")
    verbs = order.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = _command(verbs, "send", "bring an order to its laptop", commands_documents.send_order)
    new.add_argument("file", metavar="FILE", help="signed, from `dossierwacht order new`")
    listed = _command(verbs, "list", "show orders", commands_documents.list_orders)
    listed.add_argument("--device", metavar="D", help="for this laptop only")
    _json(listed)


def _verify(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    one = _command(
        commands_of, "verify", "is this report that laptop's own?", commands_documents.verify
    )
    one.add_argument("file", metavar="FILE", help="from `dossierwacht report --out`")
    _json(one)


def _report(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    one = _command(commands_of, "report", "print events, as the API gives them", commands.report)
    one.add_argument("--device", metavar="D", help="of this laptop only")
    one.add_argument("--kind", metavar="K", action="append", help="of this kind; repeat for more")
    one.add_argument("--since", metavar="T", help="received since, such as 2026-11-23T14:05:00Z")
    one.add_argument("--until", metavar="T", help="received before")
    one.add_argument("--format", choices=("csv", "json", "jsonl", "ocsf"), default="csv")
    one.add_argument("--json", action="store_const", dest="format", const="json", help="print JSON")


def _feed(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    feed = commands_of.add_parser("feed", help="where events are sent on to")
    verbs = feed.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = _command(verbs, "add", "send events on to a target", commands_feeds.add)
    new.add_argument("way", choices=feed_targets.WAYS, help="how")
    new.add_argument("target", metavar="URL", help="https://... or tls://HOST:PORT")
    new.add_argument("--name", metavar="NAME", help="what to call it (the way)")
    new.add_argument("--kinds", metavar="K,K", default="", help="only these kinds of events")
    new.add_argument("--format", choices=("ocsf", "json"), default="ocsf")
    new.add_argument("--ca", metavar="FILE", help="believe only this authority, in PEM")
    new.add_argument("--from-start", action="store_true", help="also what was received before")
    _json(new)
    listed = _command(verbs, "list", "show feeds and how far each is", commands_feeds.list_feeds)
    _json(listed)
    drop = _command(verbs, "remove", "send nothing on to a target", commands_feeds.remove)
    drop.add_argument("name")


def _breach(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    breach = commands_of.add_parser("breach", help="the breach register")
    verbs = breach.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = _command(
        verbs, "list", "show every entry with what is due", commands_register.list_breaches
    )
    _json(listed)
    export = _command(verbs, "export", "write out the whole register", commands_register.export)
    export.add_argument("--format", choices=tuple(register_export.FORMATS), default="csv")
    export.add_argument("--json", action="store_const", dest="format", const="json", help="as JSON")
    export.add_argument("--language", choices=("nl", "da", "en"), default="en")
    export.add_argument("--out", metavar="FILE", help="into this file, not to the terminal")
    old = _command(verbs, "import", "take over an old log", commands_register.take_over)
    old.add_argument("file", metavar="FILE", help="CSV with the heads date and description")
    text = "check that no line of the history, nor of the log, was changed"
    _command(verbs, "verify", text, commands_register.verify)


def _retention(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    cli_settings.add_retention(commands_of, _command)


def _opening(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    cli_settings.add_opening(commands_of, _command)


def _keys(commands_of: "Commands[argparse.ArgumentParser]") -> None:
    cli_opener.add_keys(commands_of, _command)


def _json(one: argparse.ArgumentParser) -> None:
    one.add_argument("--json", action="store_true", help="print JSON")


def _password_options(one: argparse.ArgumentParser) -> None:
    ways = one.add_mutually_exclusive_group()
    ways.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    ways.add_argument("--generate", action="store_true", help="make one and print it")
    _json(one)


def _command(
    commands_of: "Commands[argparse.ArgumentParser]",
    name: str,
    text: str,
    run: commands.Command,
) -> argparse.ArgumentParser:
    one = commands_of.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    # Also after the sub-command, where most people write them.
    for option, kind in (("--state", "DIR"), ("--database", "URL"), ("--organisation", "NAME")):
        one.add_argument(option, metavar=kind, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    one.set_defaults(run=run)
    return one


def _say(error: CollectorError, code: int) -> int:
    print(f"dossierwacht-collector: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

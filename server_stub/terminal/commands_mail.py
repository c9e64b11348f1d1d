"""The commands about mail: how it goes out, who is told what, and whether it gets through."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from server_stub import state as states
from server_stub import wording
from server_stub.collector import utc_now
from server_stub.config import Config
from server_stub.errors import AskedError, ConfigError
from server_stub.post import letters, mail, mail_rounds, mail_settings, reminders
from server_stub.post.mail_settings import PORTS, Settings, Tls
from server_stub.post.reminders import Reader, Step
from server_stub.storage import store_mail, store_people
from server_stub.storage.store_mail import SERVER, Trouble
from server_stub.terminal.commands import config_of, show, user_asked, write
from server_stub.terminal.commands_people import url_of

_OPTIONS = ("host", "port", "sender", "user", "ca_file", "reports_to", "copy_to", "language")
"""Of ``mail set``; one that is not given leaves what is there."""


def user_mail(arguments: argparse.Namespace) -> int:
    """``user mail``: where somebody is reminded, and in which language."""
    address = mail_settings.check_address(arguments.address) if arguments.address else None

    def work(connection: Connection) -> str:
        user = user_asked(connection, arguments.name)
        language = arguments.language or user.language
        store_people.set_mail(connection, user.id, address, language)
        store_mail.retry_now(connection, utc_now())
        return user.role

    role = write(config_of(arguments), work)
    told = address and role in reminders.BY_ROLE
    print(
        f"{arguments.name} is told of the register's clocks at {address}"
        if told
        else f"{arguments.name} is told nothing by mail"
    )
    return 0


def set_mail(arguments: argparse.Namespace) -> int:
    """``mail set``."""
    config = config_of(arguments)
    states.open_prepared(config).close()  # a collector has to be there, and to be ours
    before = mail_settings.read_if_good(config.state)
    settings = _settings(arguments, before)
    secret = _secret(arguments)
    mail_settings.write(config.state, settings, secret)
    write(config, lambda c: store_mail.retry_now(c, utc_now()))
    print("mail is set up: try it with `dossierwacht-collector mail test ADDRESS`")
    return 0


def off(arguments: argparse.Namespace) -> int:
    """``mail off``."""
    config = config_of(arguments)
    write(config, store_mail.drop_all_troubles)
    was = mail_settings.forget(config.state)
    print("no mail is sent any more" if was else "no mail was sent before either")
    return 0


def show_mail(arguments: argparse.Namespace) -> int:
    """``mail show``: how mail goes out, and who is told what. The password is not shown."""
    config = config_of(arguments)
    settings = _there(config)
    whom = write(config, lambda c: mail_rounds.readers(c, settings))
    if arguments.json:
        rows = {"settings": settings, "told": [_row(one) for one in whom]}
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return 0
    for name, value in msgspec.to_builtins(settings).items():
        print(f"{name}: {value if value != '' else '-'}")
    print()
    return show([_row(one) for one in whom], False, "nobody has a mail address: see `user mail`")


def test(arguments: argparse.Namespace) -> int:
    """``mail test``. Raises MailError."""
    config = config_of(arguments)
    settings = _there(config)
    address = mail_settings.check_address(arguments.address)
    chosen = wording.choose(wording.load(), arguments.language or settings.language, None)
    desk = letters.Desk(wording=chosen, zone=config.zone, url=url_of(config) or "https://...")
    secret = mail_settings.password(config.state) if settings.user else ""
    with mail.connected(settings, secret) as courier:
        courier.send(letters.trial(desk, address), utc_now())
    print(f"{settings.host}:{settings.port} took a mail for {address}: see whether it arrives")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """``mail status``: whether reminders get through; 1 if they do not, or nobody gets any."""
    config = config_of(arguments)
    settings = _there(config)

    def work(connection: Connection) -> tuple[list[Reader], list[Trouble], datetime | None]:
        whom = mail_rounds.readers(connection, settings)
        return whom, store_mail.troubles(connection), store_mail.last_sent(connection)

    whom, troubles, last = write(config, work)
    heard = any(Step.OVER in one.steps and not one.brief for one in whom)
    fine = heard and not troubles
    if arguments.json:
        told = {"fine": fine, "officer_has_address": heard, "last_sent_at": last}
        print(
            msgspec.json.encode(told | {"troubles": [_trouble(one) for one in troubles]}).decode()
        )
        return 0 if fine else 1
    print(f"last reminder sent: {_moment(last) if last else 'none yet'}")
    if not heard:
        print("no privacy officer has a mail address: give one with `user mail`")
    for one in troubles:
        print(_said(one))
    if fine:
        print("no reminder is held up")
    return 0 if fine else 1


def _settings(arguments: argparse.Namespace, before: Settings | None) -> Settings:
    """The settings before with what is given now. Raises ConfigError."""
    given = _given(arguments)
    if before is not None:
        return msgspec.structs.replace(before, **given)
    if not {"host", "sender"} <= given.keys():
        raise ConfigError("mail is not set up yet: give at least --host and --from")
    first: dict[str, Any] = {"port": PORTS[Tls.STARTTLS], "since": utc_now()}
    return Settings(**(first | given))


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of the settings."""
    told = {name: getattr(arguments, name) for name in _OPTIONS}
    given = {name: value for name, value in told.items() if value is not None}
    if given.get("ca_file"):
        given["ca_file"] = str(Path(given["ca_file"]).absolute())
    if arguments.tls:
        given = {"port": PORTS[Tls(arguments.tls)], "tls": Tls(arguments.tls)} | given
    if arguments.allow_plain or arguments.tls or arguments.host:
        # What was allowed for one way of sending was not allowed for another.
        given["allow_plain"] = arguments.allow_plain
    return given


def _secret(arguments: argparse.Namespace) -> str | None:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if arguments.user:
        raise ConfigError("--user needs its password: give it with --password-stdin")
    return None


def _there(config: Config) -> Settings:
    states.open_prepared(config).close()
    found = mail_settings.read(config.state)
    if found is None:
        raise AskedError("mail is not set up: do it with `dossierwacht-collector mail set`")
    return found


def _row(reader: Reader) -> dict[str, Any]:
    return {
        "who": reader.who,
        "address": reader.address,
        "language": reader.language or wording.DEFAULT,
        "told": [str(step) for step in Step if step in reader.steps],
    }


def _trouble(one: Trouble) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Trouble.__slots__}


def _said(one: Trouble) -> str:
    whom = "reminders cannot be sent" if one.to_whom == SERVER else f"nothing gets to {one.to_whom}"
    return (
        f"{whom} since {_moment(one.since)}: {one.reason} "
        f"(tries: {one.tries}, the next at {_moment(one.retry_at)})"
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"

"""The commands about who comes in: users of the console, tokens for laptops and for programs."""

import argparse
import getpass
import sys
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from server_stub.collector import utc_now
from server_stub.config import Config
from server_stub.errors import AskedError, ConfigError
from server_stub.logins import auth, oidc, tokens
from server_stub.logins.tokens import Wish, Wrong
from server_stub.storage import store_people, store_readers, store_sso, store_tokens
from server_stub.storage.store_tokens import EnrolmentToken
from server_stub.terminal.commands import TERMINAL, config_of, show, user_asked, write

_RANGE = f"--hours is between 1 and {tokens.LONGEST_HOURS}, --uses between 1 and {tokens.MOST_USES}"
_WRONG = {
    Wrong.USES: _RANGE,
    Wrong.HOURS: _RANGE,
    Wrong.BOUND: "a token that is bound to one laptop has one use",
}


def add_user(arguments: argparse.Namespace) -> int:
    """``user add``."""
    name, sso = _name(arguments.name), oidc.linked_name(arguments.sso)

    def work(connection: Connection) -> None:
        if store_people.user_by(connection, name):
            raise AskedError(
                f"there is a user {name!r} already: change the password with `user password`"
            )
        store_sso.check_free(connection, sso)
        role, case = arguments.role, arguments.case
        store_readers.check_case(connection, role, case)
        store_people.add_user(connection, name, role, stored, utc_now(), sso=sso, reads=case)

    by_password = not sso or arguments.generate or arguments.password_stdin
    password = _password(arguments) if by_password else ""
    stored = auth.hash_password(password) if by_password else ""
    write(config_of(arguments), work)
    _say_password(arguments, name, password)
    return 0


def set_password(arguments: argparse.Namespace) -> int:
    """``user password``."""

    def work(connection: Connection) -> None:
        user = user_asked(connection, arguments.name)
        store_people.set_password(connection, user.id, stored)

    password = _password(arguments)
    stored = auth.hash_password(password)
    write(config_of(arguments), work)
    _say_password(arguments, arguments.name, password)
    return 0


def remove_user(arguments: argparse.Namespace) -> int:
    """``user remove``."""

    def work(connection: Connection) -> None:
        user = user_asked(connection, arguments.name)
        store_people.drop_user(connection, user.id)

    write(config_of(arguments), work)
    print(f"{arguments.name} can no longer log in")
    return 0


def list_users(arguments: argparse.Namespace) -> int:
    """``user list``."""
    found = write(config_of(arguments), store_people.all_users)
    rows = [
        {
            "name": u.name,
            "role": u.role,
            "created_at": u.created_at,
            "mail": u.mail,
            "factor": u.factor is not None,
            "sso": u.sso,
            "case": u.reads,
        }
        for u in found
    ]
    return show(rows, arguments.json, "nobody can log in yet: add somebody with `user add`")


def new_token(arguments: argparse.Namespace) -> int:
    """``token new``: the token is printed this once."""
    config, now = config_of(arguments), utc_now()
    wish = Wish(
        uses=arguments.uses,
        hours=arguments.hours,
        group=group_name(arguments.group),
        approve=arguments.approve,
        host=arguments.host or "",
        serial=arguments.serial or "",
    )
    wrong_wish(wish)
    token = write(config, lambda c: tokens.make(c, config.state, wish, TERMINAL, now))
    server, expires_at = url_of(config), now + timedelta(hours=wish.hours)
    if arguments.json:
        row = {"token": token, "uses": wish.uses, "expires_at": expires_at, "server": server}
        print(msgspec.json.encode(row).decode())
        return 0
    print(token)
    line = tokens.command(server or "https://...", token)
    print(f"on the laptop: {line}", file=sys.stderr)
    return 0


def wrong_wish(wish: Wish) -> None:
    """Raises ConfigError if no such token can be made."""
    for wrong in wish.wrongs():
        raise ConfigError(_WRONG[wrong])


def api_token(arguments: argparse.Namespace) -> int:
    """``token api``: the token is printed this once."""
    name = _name(arguments.name)
    scopes = list(dict.fromkeys(arguments.scope or auth.USUAL_SCOPES))

    def work(connection: Connection) -> str:
        for _ in tokens.api_wrongs(connection, name, scopes):
            raise AskedError(
                f"there is an API token {name!r} already: take it back with `token revoke`"
            )
        return tokens.make_api(connection, name, scopes, TERMINAL, utc_now())

    token = write(config_of(arguments), work)
    row = {"name": name, "token": token, "scopes": scopes}
    print(msgspec.json.encode(row).decode() if arguments.json else token)
    return 0


def drop_api_token(arguments: argparse.Namespace) -> int:
    """``token revoke``."""

    def work(connection: Connection) -> None:
        if not tokens.revoke_api(connection, arguments.name, TERMINAL, utc_now()):
            raise AskedError(f"there is no API token {arguments.name!r}: see `token list`")

    write(config_of(arguments), work)
    print(f"the API token {arguments.name!r} is no longer good")
    return 0


def list_tokens(arguments: argparse.Namespace) -> int:
    """``token list``: enrolment tokens and API tokens, without their secrets."""
    config = config_of(arguments)
    rows = [_token_row(one) for one in write(config, store_tokens.tokens)]
    for one in write(config, store_people.all_api_tokens):
        row = dict.fromkeys(("for", "name", "created_at", "expires_at", "uses", "used", "scopes"))
        row |= {"for": "program", "name": one.name, "created_at": one.created_at}
        rows.append(row | {"scopes": one.scopes.split()})
    return show(rows, arguments.json, "there are no tokens: make one with `token new`")


def group_name(name: str) -> str:
    """A group's name, a word in small letters; empty for none. Raises ConfigError."""
    if not tokens.is_group(name):
        raise ConfigError(f"{name!r} is no name of a group: small letters and hyphens")
    return name


def _token_row(token: EnrolmentToken) -> dict[str, Any]:
    return {
        "for": "laptops",
        "name": str(token.id),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "uses": token.uses,
        "used": token.used,
        "scopes": None,
    }


def _password(arguments: argparse.Namespace) -> str:
    if arguments.generate:
        return auth.generate_password()
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on: use --password-stdin or --generate")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("The same again: "):
        raise AskedError("the two passwords differ: nothing was changed")
    return password


def _say_password(arguments: argparse.Namespace, name: str, password: str) -> None:
    """Say that it is done; a password only if it was made here, for this is the only time."""
    made = {"password": password} if arguments.generate else {}
    if arguments.json:
        print(msgspec.json.encode({"name": name} | made).decode())
    else:
        print(f"{name} can log in" + (f" with this password: {password}" if made else ""))


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise AskedError(f"{text!r} is no name: use 1 to 64 printable characters")
    return name


def url_of(config: Config) -> str | None:
    """The address that ``serve`` said it is known by; None before it ever ran."""
    try:
        return config.public_url_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None

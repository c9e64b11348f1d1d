"""The commands about who comes in: users of the console, tokens for laptops and for programs."""

import argparse
import getpass
import secrets
import sys
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from agent.wire.event import Word
from agent.wire.messages import bound_to, read_token, write_token
from server_stub import auth, enrol, oidc, store_people, store_readers, store_sso, store_tokens, tls
from server_stub.collector import utc_now
from server_stub.commands import config_of, show, write
from server_stub.config import Config
from server_stub.errors import AskedError, ConfigError
from server_stub.store_tokens import EnrolmentToken

LONGEST_HOURS = 24 * 366
MOST_USES = 100_000


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
        user = store_people.user_by(connection, arguments.name)
        if user is None:
            raise AskedError(f"there is no user {arguments.name!r}: see `user list`")
        store_people.set_password(connection, user.id, stored)

    password = _password(arguments)
    stored = auth.hash_password(password)
    write(config_of(arguments), work)
    _say_password(arguments, arguments.name, password)
    return 0


def remove_user(arguments: argparse.Namespace) -> int:
    """``user remove``."""

    def work(connection: Connection) -> None:
        user = store_people.user_by(connection, arguments.name)
        if user is None:
            raise AskedError(f"there is no user {arguments.name!r}: see `user list`")
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
    if not 1 <= arguments.hours <= LONGEST_HOURS or not 1 <= arguments.uses <= MOST_USES:
        raise ConfigError(
            f"--hours is between 1 and {LONGEST_HOURS}, --uses between 1 and {MOST_USES}"
        )
    if (arguments.host or arguments.serial) and arguments.uses != 1:
        raise ConfigError("a token that is bound to one laptop has one use")
    config, now = config_of(arguments), utc_now()
    expires_at = now + timedelta(hours=arguments.hours)

    def work(connection: Connection) -> str:
        token = write_token(secrets.token_bytes(17), tls.ca_pin(config.state))
        secret = read_token(token)[0]
        store_tokens.add_token(
            connection,
            enrol.token_digest(secret),
            arguments.uses,
            now,
            expires_at,
            host=bound_to(secret, arguments.host.partition(".")[0]) if arguments.host else None,
            serial=bound_to(secret, arguments.serial) if arguments.serial else None,
            group=group_name(arguments.group),
            approve=arguments.approve,
        )
        return token

    token = write(config, work)
    row = {
        "token": token,
        "uses": arguments.uses,
        "expires_at": expires_at,
        "server": url_of(config),
    }
    if arguments.json:
        print(msgspec.json.encode(row).decode())
        return 0
    print(token)
    server = url_of(config) or "https://..."
    print(
        f"on the laptop: sudo dossierwacht enrol --server {server} --token {token}", file=sys.stderr
    )
    return 0


def api_token(arguments: argparse.Namespace) -> int:
    """``token api``: the token is printed this once."""
    name = _name(arguments.name)
    scopes = " ".join(dict.fromkeys(arguments.scope or auth.USUAL_SCOPES))
    token, digest = auth.new_api_token()

    def work(connection: Connection) -> None:
        if store_people.api_token_named(connection, name):
            raise AskedError(
                f"there is an API token {name!r} already: take it back with `token revoke`"
            )
        store_people.add_api_token(connection, name, digest, scopes, utc_now())

    write(config_of(arguments), work)
    row = {"name": name, "token": token, "scopes": scopes.split()}
    print(msgspec.json.encode(row).decode() if arguments.json else token)
    return 0


def drop_api_token(arguments: argparse.Namespace) -> int:
    """``token revoke``."""

    def work(connection: Connection) -> None:
        if not store_people.drop_api_token(connection, arguments.name):
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
    try:
        return msgspec.convert(name, type=Word) if name else ""
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name!r} is no name of a group: small letters and hyphens") from error


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

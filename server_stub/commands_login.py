"""The commands about how people log in: who needs a second factor, and taking one back."""

import argparse

import msgspec
from sqlalchemy import Connection

from server_stub import login_settings, store_factors, store_people, store_register
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.commands import TERMINAL, config_of, write
from server_stub.config import Config
from server_stub.errors import AskedError


def reset_factor(arguments: argparse.Namespace) -> int:
    """``user factor-reset``: for who has lost it; their open logins end."""

    def work(connection: Connection) -> None:
        user = store_people.user_by(connection, arguments.name)
        if user is None:
            raise AskedError(f"there is no user {arguments.name!r}: see `user list`")
        if not store_factors.drop_factor(connection, user.id):
            raise AskedError(f"{arguments.name} has no second factor: nothing was changed")
        store_people.end_sessions(connection, user.id)
        store_register.log_view(connection, TERMINAL, "factor-reset", user.name, utc_now())

    write(config_of(arguments), work)
    print(f"{arguments.name} logs in without a second factor until a new one is set up")
    return 0


def set_login(arguments: argparse.Namespace) -> int:
    """``login set``."""
    config = _prepared(arguments)
    roles = login_settings.read_roles(arguments.require_factor)
    before = login_settings.read(config.state)
    login_settings.write(config.state, msgspec.structs.replace(before, require_factor=roles))
    note(config, "login-settings", f"require-factor {','.join(roles)}".strip())
    print(
        f"a second factor is required of: {', '.join(roles)}"
        if roles
        else "a second factor is required of nobody"
    )
    return 0


def show_login(arguments: argparse.Namespace) -> int:
    """``login show``."""
    settings = login_settings.read(_prepared(arguments).state)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(settings), indent=2).decode())
        return 0
    print(f"second factor required of: {', '.join(settings.require_factor) or 'nobody'}")
    return 0


def note(config: Config, act: str, subject: str) -> None:
    """Note in the log what was set on the terminal."""
    write(config, lambda c: store_register.log_view(c, TERMINAL, act, subject[:160], utc_now()))


def _prepared(arguments: argparse.Namespace) -> Config:
    config = config_of(arguments)
    states.open_prepared(config).close()  # a collector has to be there, and to be ours
    return config

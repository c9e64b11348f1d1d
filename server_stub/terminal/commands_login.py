"""The commands about how people log in: second factors, and single sign-on."""

import argparse
import sys
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.config import Config
from server_stub.errors import AskedError
from server_stub.logins import login_settings, oidc, oidc_provider
from server_stub.storage import store_factors, store_history, store_people, store_sso
from server_stub.terminal.commands import TERMINAL, config_of, user_asked, write
from server_stub.terminal.commands_people import url_of


def reset_factor(arguments: argparse.Namespace) -> int:
    """``user factor-reset``: for who has lost it; their open logins end."""

    def work(connection: Connection) -> None:
        user = user_asked(connection, arguments.name)
        if not store_factors.drop_factor(connection, user.id):
            raise AskedError(f"{arguments.name} has no second factor: nothing was changed")
        store_people.end_sessions(connection, user.id)
        store_history.log_view(connection, TERMINAL, "factor-reset", user.name, utc_now())

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
    config = _prepared(arguments)
    settings = login_settings.read(config.state)
    if arguments.json:
        told = {"settings": settings, "redirect_uri": _return_address(config)}
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return 0
    print(f"second factor required of: {', '.join(settings.require_factor) or 'nobody'}")
    provider = settings.provider
    print(f"single sign-on: {provider.issuer if provider else 'off'}")
    if provider:
        print(f"client: {provider.client_id}\nredirect URI: {_return_address(config)}")
    return 0


def set_oidc(arguments: argparse.Namespace) -> int:
    """``login oidc``. Raises ConfigError, SsoError."""
    config = _prepared(arguments)
    before = login_settings.read(config.state)
    ca_file = str(Path(arguments.ca_file).absolute()) if arguments.ca_file else ""
    provider = oidc_provider.discover(arguments.issuer, arguments.client_id, ca_file)
    login_settings.write_secret(config.state, sys.stdin.readline().rstrip("\r\n"))
    # A subject of one provider is somebody else at another.
    other = before.linked_to not in ("", provider.issuer)
    unlinked = write(config, store_sso.unlink_all) if other else []
    settings = msgspec.structs.replace(before, provider=provider, linked_to=provider.issuer)
    login_settings.write(config.state, settings)
    note(config, "login-settings", f"oidc {provider.issuer}")
    print(f"single sign-on is set up: register {_return_address(config)} with the provider")
    if unlinked:
        print(f"link anew with `user sso`: {', '.join(unlinked)}")
    return 0


def end_oidc(arguments: argparse.Namespace) -> int:
    """``login oidc-off``."""
    config = _prepared(arguments)
    before = login_settings.read(config.state)
    login_settings.write(config.state, msgspec.structs.replace(before, provider=None))
    (config.state / login_settings.SECRET).unlink(missing_ok=True)
    note(config, "login-settings", "oidc-off")
    print("there is no single sign-on any more; logins that are open stay so until they end")
    return 0


def link_user(arguments: argparse.Namespace) -> int:
    """``user sso``: whom somebody is at the identity provider; their open logins end."""
    sso = oidc.linked_name(arguments.sso)

    def work(connection: Connection) -> None:
        user = user_asked(connection, arguments.name)
        store_sso.check_free(connection, sso, but=user.name)
        store_sso.link(connection, user.id, sso)
        store_people.end_sessions(connection, user.id)
        store_history.log_view(connection, TERMINAL, "linked-login", user.name, utc_now())

    write(config_of(arguments), work)
    print(
        f"{arguments.name} is linked to {sso}" if sso else f"{arguments.name} is linked to nobody"
    )
    return 0


def _return_address(config: Config) -> str:
    return (url_of(config) or "https://...") + oidc.RETURN_PATH


def note(config: Config, act: str, subject: str) -> None:
    """Note in the log what was set on the terminal."""
    write(config, lambda c: store_history.log_view(c, TERMINAL, act, subject[:160], utc_now()))


def _prepared(arguments: argparse.Namespace) -> Config:
    config = config_of(arguments)
    states.open_prepared(config).close()  # a collector has to be there, and to be ours
    return config

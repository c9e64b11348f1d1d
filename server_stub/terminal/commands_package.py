"""``make-package``: what a roll-out puts on each laptop, ready to be installed."""

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from agent.wire.messages import read_token
from server_stub import deb_file, keys, settings_package, tls
from server_stub.collector import utc_now
from server_stub.config import Config
from server_stub.errors import ConfigError
from server_stub.logins import tokens
from server_stub.logins.tokens import Wish
from server_stub.settings_package import AGENT, Told
from server_stub.storage import store_documents
from server_stub.terminal.commands import TERMINAL, config_of, opened, write
from server_stub.terminal.commands_people import group_name, url_of, wrong_wish

_HERE = ("localhost", "127.0.0.1", "::1")


def make(arguments: argparse.Namespace) -> int:
    """``make-package``: the agent's package and the one beside it. Raises ConfigError."""
    config, now = config_of(arguments), utc_now().replace(microsecond=0)
    agent, out = Path(arguments.agent), Path(arguments.out)
    if deb_file.fields(agent).get("Package") != AGENT:
        raise ConfigError(f"{agent} is not the package {AGENT}: name that one with --agent")
    server = url_of(config)
    if server is None:
        raise ConfigError("laptops know no address yet: run `serve` with --public-url first")
    if urlsplit(server).hostname in _HERE:
        print(f"no other machine reaches {server}: set PUBLIC_URL first", file=sys.stderr)
    _prepare(out)
    told = Told(
        server=server,
        token=_token(arguments, config),
        policy_root=arguments.policy_root or _root(config),
    )
    package = out / settings_package.file_name(now)
    _place(package, settings_package.build(told, now), agent, out)
    names = [agent.name, package.name]
    if arguments.json:
        print(msgspec.json.encode({"folder": str(out), "packages": names}).decode())
        return 0
    print(f"{out} holds what each laptop gets. Copy the two files there, and run as root:")
    print(f"  apt install {' '.join(f'./{name}' for name in names)}")
    return 0


def _token(arguments: argparse.Namespace, config: Config) -> str:
    """The token that was given, if it is one of this collector's, or a new one."""
    if arguments.token:
        try:
            pin = read_token(arguments.token)[1]
        except ValueError as error:
            raise ConfigError("--token is no enrolment token: see `token new`") from error
        if pin != tls.ca_pin(config.state):
            raise ConfigError("--token is one of another collector: see `token new`")
        return str(arguments.token)
    wish = Wish(
        uses=arguments.uses,
        hours=arguments.hours,
        group=group_name(arguments.group),
        approve=arguments.approve,
    )
    wrong_wish(wish)
    return str(write(config, lambda c: tokens.make(c, config.state, wish, TERMINAL, utc_now())))


def _root(config: Config) -> str:
    """The root key of the keyring that laptops get; empty if there is none."""
    with opened(config) as store, store.read() as connection:
        keyring = store_documents.newest_keyring(connection)
    return keyring.root if keyring else ""


def _prepare(out: Path) -> None:
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = out / ".written"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"cannot write into {out}: {error.strerror}; name a folder that belongs to the account "
            "dossierwacht-collector, as `install -d -o dossierwacht-collector FOLDER` makes it"
        ) from error


def _place(package: Path, content: bytes, agent: Path, out: Path) -> None:
    """Both files into the folder; the one with the token for its owner alone."""
    try:
        keys.replace(package, content)
        if agent.resolve() != (out / agent.name).resolve():
            shutil.copyfile(agent, out / agent.name)
    except OSError as error:
        raise ConfigError(f"cannot write into {out}: {error.strerror}") from error

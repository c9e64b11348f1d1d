"""The commands about several organisations in one installation."""

import argparse
import sys

from sqlalchemy import make_url

from server_stub import organisations
from server_stub.collector import utc_now
from server_stub.config import Config, configure
from server_stub.errors import ConfigError
from server_stub.organisation_file import Organisation
from server_stub.organisations import Found
from server_stub.terminal.commands import show


def add(arguments: argparse.Namespace) -> int:
    """``organisation add``. Raises ConfigError, AskedError, StoreError."""
    installation = _installation(arguments)
    url = organisations.check_host(arguments.public_url)
    one = Organisation(name=arguments.name, public_url=url, database=arguments.database or "")
    config = organisations.add(installation.state, one, utc_now())
    print(f"organisation {one.name} is ready in {config.state}")
    print(
        "a collector that runs already serves it after SIGHUP; its commands take "
        f"--organisation {one.name}",
        file=sys.stderr,
    )
    return 0


def list_all(arguments: argparse.Namespace) -> int:
    """``organisation list``: 1 if one of them cannot be served as it stands there."""
    found = organisations.found(_installation(arguments).state)
    rows = [_row(one) for one in found]
    show(rows, arguments.json, "there is no organisation yet: make one with `organisation add`")
    return int(any(one.kept is None for one in found))


def _row(one: Found) -> dict[str, str | None]:
    kept = one.kept
    return {
        "name": one.name,
        "public_url": kept.public_url if kept else None,
        # Without the password that may stand in it.
        "database": (_shown(kept.database) if kept else None),
        "wrong": one.wrong or None,
    }


def _shown(database: str) -> str:
    return make_url(database).render_as_string() if database else "sqlite"


def _installation(arguments: argparse.Namespace) -> Config:
    """The folder above all organisations. Raises ConfigError."""
    if arguments.organisation is not None:
        raise ConfigError("`organisation` is about all of them: leave --organisation out")
    return configure(state=arguments.state, database=None)

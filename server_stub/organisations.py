"""Several organisations in one installation: each has a whole state folder of its own.

Authority, keys, database, people, tokens, policies and settings lie in that folder, so there is no
query that could cross from one to another. ``INSTALLATION/organisations/NAME`` is such a folder.
"""

import fcntl
import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server_stub import keys, organisation_file, state, tls
from server_stub.config import Config, check_url
from server_stub.errors import AskedError, ConfigError
from server_stub.organisation_file import FOLDER, Organisation
from server_stub.storage import store_claim
from server_stub.storage.store import Store

_HERE = frozenset({"", "localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A folder of an organisation. ``wrong`` says why ``kept`` is None."""

    name: str
    folder: Path
    kept: Organisation | None
    wrong: str = ""


def holds(installation: Path) -> bool:
    """Whether a folder is an installation of organisations."""
    return (installation / FOLDER).is_dir()


def found(installation: Path) -> list[Found]:
    """Every organisation, by name, also those whose file cannot be read."""
    try:
        folders = sorted((installation / FOLDER).iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"cannot look into {installation}: {error.strerror}") from error
    return [_found(one) for one in folders if organisation_file.is_name(one.name) and one.is_dir()]


def _found(folder: Path) -> Found:
    try:
        kept = organisation_file.read(folder)
        if kept is None:
            raise organisation_file.missing(folder)
        if kept.name != folder.name:
            raise ConfigError(f"{folder} is the folder of another organisation: name it as it was")
        check_host(kept.public_url)
    except ConfigError as error:
        return Found(name=folder.name, folder=folder, kept=None, wrong=str(error))
    return Found(name=folder.name, folder=folder, kept=kept)


def check_host(url: str) -> str:
    """A public URL with a host name that a connection can be told apart by. Raises ConfigError."""
    text = check_url(url)
    host = organisation_file.host_of(urlsplit(text).netloc)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        if host and host != "localhost" and host.isascii() and "*" not in host:
            return text
    raise ConfigError(
        f"organisations are told apart by host name, and {url!r} has none: "
        "write it such as https://noord.dossierwacht.example"
    )


def add(installation: Path, one: Organisation, now: datetime) -> Config:
    """Make an organisation, or take up the folder of a collector that was moved to its place.

    Raises ConfigError, AskedError, StoreError; then there is no new organisation."""
    folder = organisation_file.folder_of(installation, one.name)
    check_host(one.public_url)
    _check_database(one.database)
    _check_installation(installation)
    default = f"sqlite:///{folder / 'collector.db'}"
    config = Config(
        state=folder,
        database=one.database or default,
        organisation=one.name,
        public_url=one.public_url,
    )
    with _alone(installation):
        _check_apart(installation, one)
        if one.database and not (folder / tls.CA).exists():
            _check_unused(one)
        state.prepare(config, now)
        url = f"{one.public_url}\n".encode("ascii")
        keys.replace(config.public_url_file, url, 0o644)
        organisation_file.write(folder, one)
    return config


def _check_installation(installation: Path) -> None:
    if (installation / organisation_file.FILE).exists():
        raise ConfigError(f"{installation} is an organisation's own folder: name the one above")
    if (installation / tls.CA).exists():
        raise ConfigError(
            f"{installation} is the folder of one collector: choose another, and to keep that "
            f"collector move its folder to {FOLDER}/NAME in there"
        )


def _check_database(url: str) -> None:
    if url and not url.startswith("postgresql"):
        raise ConfigError(
            "an organisation has SQLite in its own folder, or a database of PostgreSQL: "
            "write --database postgresql+psycopg://user@host/name, or leave it out"
        )
    try:
        _ = url and make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"cannot use the database URL: {error}") from error


def _check_apart(installation: Path, one: Organisation) -> None:
    """Refuse what another organisation has. Raises AskedError, ConfigError."""
    for other in found(installation):
        if other.name == one.name and (other.folder / organisation_file.FILE).exists():
            raise AskedError(f"there is an organisation {one.name!r} already")
        if other.kept is None:
            continue
        if other.kept.host == one.host:
            raise ConfigError(f"{one.host} is the host of organisation {other.name!r} already")
        if one.database and _place(one.database) == _place(other.kept.database):
            raise ConfigError(f"this is the database of organisation {other.name!r} already")


def _check_unused(one: Organisation) -> None:
    """Refuse a database in which another collector works. Raises ConfigError, StoreError."""
    store = Store(one.database)
    try:
        with store.read() as connection:
            if store_claim.is_empty(connection) or _is_held_by(store, one.name):
                return
    finally:
        store.close()
    raise ConfigError(
        "another collector works in this database: name an empty one; to go on with that "
        f"collector, move its state folder to {FOLDER}/{one.name} first"
    )


def _is_held_by(store: Store, name: str) -> bool:
    if not store.is_current():
        return False
    with store.read() as connection:
        return store_claim.holder(connection) == name


def _place(url: str) -> tuple[str, str, str]:
    """Server and database of a URL, however these are spelled, as far as can be told from it."""
    if not url:
        return "", "", ""
    parsed = make_url(url)
    asked = {name: str(value) for name, value in parsed.query.items()}
    host = asked.get("hostaddr") or parsed.host or asked.get("host") or ""
    host = host.casefold().removesuffix(".")
    port = str(parsed.port or asked.get("port") or 5432)
    name = parsed.database or asked.get("dbname") or parsed.username or ""
    return "" if host in _HERE else host, port, name


@contextmanager
def _alone(installation: Path) -> Iterator[None]:
    """Nobody else adds an organisation meanwhile. Raises ConfigError."""
    folder = installation / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"cannot use {folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)

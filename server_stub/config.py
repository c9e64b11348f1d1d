"""Where the collector keeps its things and how it is reached: options first, then environment.

The public URL matters beyond links: agents sign the full address of each request, so the collector
checks signatures against the address it is known by, whatever a proxy in front of it did.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server_stub import organisation_file
from server_stub.errors import ConfigError

DEFAULT_STATE = "/var/lib/dossierwacht-collector"
DEFAULT_LISTEN = "127.0.0.1:8443"
WILDCARDS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  (recognised, not bound)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The collector's place on the machine. ``zone`` is None for the machine's own time zone.

    ``organisation`` and its ``public_url`` are empty for a collector that serves only one."""

    state: Path
    database: str
    zone: ZoneInfo | None = None
    organisation: str = ""
    public_url: str = ""

    @property
    def public_url_file(self) -> Path:
        """Where ``serve`` notes the address it is known by, for other commands to print."""
        return self.state / "public-url"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listen:
    """A host and a port; port 0 lets the system choose."""

    host: str
    port: int

    def url(self, port: int) -> str:
        """The address of this host with the port that was really bound."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if port == 443 else f"https://{host}:{port}"


def configure(
    *,
    state: str | None,
    database: str | None,
    organisation: str | None = None,
    zone: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """The configuration from options and environment. Raises ConfigError."""
    folder = Path(state or environ.get("DOSSIERWACHT_COLLECTOR_STATE") or DEFAULT_STATE).absolute()
    if organisation is not None:
        folder = organisation_file.folder_of(folder, organisation)
    default = f"sqlite:///{folder / 'collector.db'}"
    found_zone = _zone(zone or environ.get("DOSSIERWACHT_COLLECTOR_TIMEZONE"))
    kept = organisation_file.read(folder)
    if kept is None and organisation is not None:
        raise organisation_file.missing(folder)
    if kept is None:
        named = database or environ.get("DATABASE_URL") or default
        return Config(state=folder, database=named, zone=found_zone)
    if database:
        raise ConfigError(
            f"organisation {kept.name!r} has a database of its own: leave --database out"
        )
    return Config(
        state=folder,
        database=kept.database or default,
        zone=found_zone,
        organisation=kept.name,
        public_url=kept.public_url,
    )


def read_listen(text: str | None) -> Listen:
    """``HOST:PORT`` as a Listen. Raises ConfigError."""
    host, _, port = (text or DEFAULT_LISTEN).rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(
            f"cannot listen on {text!r}: write it as HOST:PORT, such as {DEFAULT_LISTEN}"
        )
    return Listen(host=host.strip("[]"), port=int(port))


def public_url(given: str | None, listen: Listen, port: int) -> str:
    """The address agents and people use. Raises ConfigError if it cannot be known."""
    if not given:
        if listen.host in WILDCARDS:
            raise ConfigError(
                "listening on every address needs --public-url, the address laptops use, "
                "such as https://dossierwacht.school.example:8443"
            )
        return listen.url(port)
    return check_url(given)


def check_url(given: str) -> str:
    """An address without a path, as agents sign it. Raises ConfigError."""
    text = given.rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        usable = False
    if not usable or parts.scheme != "https" or not parts.hostname or parts.username:
        usable = False
    if not usable or parts.path or parts.query or parts.fragment:
        raise ConfigError(
            f"cannot use {given!r} as public URL: write https://, a host name and, if it is not "
            "443, a port; nothing after it"
        )
    return text


def _zone(name: str | None) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"unknown time zone {name!r}: use a name such as Europe/Amsterdam"
        ) from error

"""How mail goes out: ``mail.json`` in the state folder, and the password in a file beside it.

Both are for the owner alone. ``serve`` reads them anew each time, so a change needs no restart.
Without TLS nothing goes further than this machine, unless the administrator said so in as many
words, and a password never does.
"""

import ipaddress
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from server_stub import keys
from server_stub.errors import ConfigError

FILE, PASSWORD = "mail.json", "mail-password"
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
LONGEST_ADDRESS = 254


class Tls(StrEnum):
    """How the connection to the mail server is kept from others."""

    STARTTLS = "starttls"
    """It begins in the clear and changes over before anything is said."""
    IMPLICIT = "implicit"
    """TLS from the first byte."""
    NONE = "none"


PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}
"""Where a mail server listens for each, if nothing else is said."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mail goes out. ``since`` is when it was first set up: older news is not sent.

    ``reports_to`` and ``copy_to`` are mailboxes of the organisation, written to in ``language``."""

    host: str
    port: int
    sender: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]
    tls: Tls = Tls.STARTTLS
    user: str = ""
    ca_file: str = ""
    allow_plain: bool = False
    reports_to: str = ""
    copy_to: str = ""
    language: str = ""


def read(state: Path) -> Settings | None:
    """The settings; None if mail was never set up. Raises ConfigError."""
    path = state / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} cannot be read: set mail up anew with `mail set`") from error
    check(found)
    return found


def read_if_good(state: Path) -> Settings | None:
    """The settings, to be changed; None if there are none that can be read."""
    try:
        return read(state)
    except ConfigError:
        return None


def write(state: Path, settings: Settings, password: str | None) -> None:
    """Keep the settings, and the password unless it is None. Raises ConfigError."""
    check(settings)
    if password is not None:
        _check_secret(settings, password)
        keys.replace(state / PASSWORD, password.encode("ascii"))
    if not settings.user:
        (state / PASSWORD).unlink(missing_ok=True)
    keys.replace(state / FILE, msgspec.json.encode(settings))


def forget(state: Path) -> bool:
    """Send no mail any more; whether any was sent before."""
    there = (state / FILE).exists()
    for name in (FILE, PASSWORD):
        (state / name).unlink(missing_ok=True)
    return there


def password(state: Path) -> str:
    """The password of the mail server. Raises ConfigError."""
    path = state / PASSWORD
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"others may read {path}: chmod it to 600, and change the password")
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: give the password with `mail set --user ... --password-stdin`"
        ) from error


def check(settings: Settings) -> None:
    """Refuse settings that cannot be used, or that would show mail to others. ConfigError."""
    if not _HOST.fullmatch(settings.host) or not 0 < settings.port < 65_536:
        raise ConfigError(f"cannot send mail through {settings.host!r}, port {settings.port}")
    for address in (settings.sender, *filter(None, (settings.reports_to, settings.copy_to))):
        check_address(address)
    if not settings.user.isascii() or not (settings.user or "-").isprintable():
        raise ConfigError("the mail server's login name is no line of plain ASCII text")
    if settings.tls is Tls.NONE and not is_loopback(settings.host):
        _check_plain(settings)


def check_address(text: str) -> str:
    """An address that mail can be sent to, as it is. Raises ConfigError."""
    if len(text) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(text):
        raise ConfigError(
            f"{text!r} is no mail address: write it as name@school.example, in plain ASCII letters"
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether a connection to this host stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_plain(settings: Settings) -> None:
    if settings.user:
        raise ConfigError("a password goes out by TLS only: use --tls starttls or implicit")
    if not settings.allow_plain:
        raise ConfigError(
            f"without TLS everybody between here and {settings.host} could read and change mail: "
            "use --tls starttls or implicit, or say --allow-plain if you accept that"
        )


def _check_secret(settings: Settings, text: str) -> None:
    if not settings.user:
        raise ConfigError("a password is for a login: name it with --user")
    if not text or not text.isascii() or not text.isprintable():
        raise ConfigError("the mail server's password is no line of plain ASCII text")

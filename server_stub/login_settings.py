"""How people log in: ``login.json`` in the state folder, for the owner alone.

``serve`` reads it anew each time, so a change needs no restart. A file that cannot be read shuts
people out, since it may say that a second factor is required.
"""

from pathlib import Path

import msgspec

from server_stub import keys
from server_stub.auth import Role
from server_stub.errors import ConfigError

FILE = "login.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people log in. ``require_factor`` are the roles that must have a second factor."""

    require_factor: tuple[Role, ...] = ()


def read(state: Path) -> Settings:
    """The settings; the usual ones if nothing was ever set. Raises ConfigError."""
    path = state / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{path} cannot be read: take it away and set it up anew with `login set`"
        ) from error


def write(state: Path, settings: Settings) -> None:
    """Keep the settings."""
    keys.replace(state / FILE, msgspec.json.encode(settings))


def read_roles(text: str) -> tuple[Role, ...]:
    """Roles with commas between them; none for an empty text. Raises ConfigError."""
    try:
        return tuple(dict.fromkeys(Role(one.strip()) for one in text.split(",") if one.strip()))
    except ValueError as error:
        known = ", ".join(Role)
        raise ConfigError(f"{text!r} are no roles: write some of {known}, with commas") from error

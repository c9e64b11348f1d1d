"""How people log in: ``login.json`` in the state folder, and a provider's secret beside it.

Both are for the owner alone. ``serve`` reads them anew each time, so a change needs no restart.
Settings that cannot be read shut people out: they may say that a second factor is required.
"""

from pathlib import Path

import msgspec

from server_stub import keys
from server_stub.errors import ConfigError
from server_stub.logins.auth import Role

FILE, SECRET = "login.json", "oidc-secret"


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identity provider, as it described itself when it was set up.

    ``secret_in_form`` says how it wants the secret; ``ca_file`` is empty for the usual ones."""

    issuer: str
    client_id: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_form: bool = False
    ca_file: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people log in. ``require_factor`` are the roles that must have a second factor.

    ``linked_to`` is the issuer that people are linked to, also while there is no single sign-on."""

    require_factor: tuple[Role, ...] = ()
    provider: Provider | None = None
    linked_to: str = ""


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


def write_secret(state: Path, text: str) -> None:
    """Keep the secret that the provider gave this collector. Raises ConfigError."""
    if not text or not text.isascii() or not text.isprintable():
        raise ConfigError("the client secret is no line of plain ASCII text")
    keys.replace(state / SECRET, text.encode("ascii"))


def secret(state: Path) -> str:
    """The secret that the provider gave this collector. Raises ConfigError."""
    path = state / SECRET
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"others may read {path}: chmod it to 600, and change the secret")
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: set it anew with `login oidc`") from error


def read_roles(text: str) -> tuple[Role, ...]:
    """Roles with commas between them; none for an empty text. Raises ConfigError."""
    try:
        return tuple(dict.fromkeys(Role(one.strip()) for one in text.split(",") if one.strip()))
    except ValueError as error:
        known = ", ".join(Role)
        raise ConfigError(f"{text!r} are no roles: write some of {known}, with commas") from error

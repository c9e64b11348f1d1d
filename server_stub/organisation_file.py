"""What makes a state folder that of one organisation among several: ``organisation.json``.

It says by which name and address the organisation is known and, with PostgreSQL, which database is
its own. That may hold a password, so the file is for the owner alone. Every command finds it in the
folder; the variable ``DATABASE_URL`` counts for no organisation, or all would share one database.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from server_stub import keys
from server_stub.errors import ConfigError

FOLDER = "organisations"
FILE = "organisation.json"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


class Organisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One organisation. ``database`` is empty for SQLite in its folder."""

    name: str
    public_url: str
    database: str = ""

    @property
    def host(self) -> str:
        """The host name by which it is told apart."""
        return host_of(urlsplit(self.public_url).netloc)


def is_name(text: str) -> bool:
    """Whether an organisation can be called so: it is also the name of a folder."""
    return _NAME.fullmatch(text) is not None


def folder_of(installation: Path, name: str) -> Path:
    """Where an organisation's things lie. Raises ConfigError."""
    if not is_name(name):
        raise ConfigError(
            f"{name!r} is no name for an organisation: write up to 40 small letters, digits and "
            "hyphens, such as school-noord"
        )
    return installation / FOLDER / name


def read(folder: Path) -> Organisation | None:
    """What a folder says of its organisation; None if it is of no organisation among several.

    Raises ConfigError."""
    path = folder / FILE
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"others may read {path}: chmod it to 600")
        return msgspec.json.decode(path.read_bytes(), type=Organisation)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} cannot be read: put it back from your backup") from error


def missing(folder: Path) -> ConfigError:
    """What to say of an organisation whose file is not there."""
    if not folder.exists():
        return ConfigError(
            f"there is no organisation {folder.name!r} in {folder.parent.parent}: "
            "see `organisation list`"
        )
    return ConfigError(
        f"there is no {folder / FILE}: put it back from your backup, or say what stood in it with "
        "`organisation add`"
    )


def write(folder: Path, one: Organisation) -> None:
    """Keep what a folder says of its organisation."""
    keys.replace(folder / FILE, msgspec.json.encode(one))


def host_of(text: str) -> str:
    """A host name without port, in the one spelling that is compared; empty if it is none."""
    name = text.rpartition(":")[0] if re.search(r":\d*\Z", text) else text
    try:
        return name.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""

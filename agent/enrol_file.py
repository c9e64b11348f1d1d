"""Enrolling without a person: server and token in a file that a roll-out puts on each laptop.

``/etc/dossierwacht/enrol.toml`` is for its owner alone, since whoever reads a token can enrol in
this laptop's place. It is deleted once it has served, and a laptop that is enrolled already at that
collector is left as it is, so that the same roll-out can run again and again.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.policy_file import suggest

NAME = "enrol.toml"
LARGEST = 16 * 1024
"""Bytes."""
_KEYS = ("server", "token")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Where a laptop is to be enrolled, and with what."""

    server: str
    token: str


def read(path: Path) -> Wish:
    """What the file asks for. Raises ConfigError."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(LARGEST)
        given = tomllib.loads(raw.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others, and holds a token: chmod 600 it")
    for key in given:
        if key not in _KEYS:
            raise ConfigError(f"{path}: unknown key '{key}'{suggest(key, _KEYS)}")
    for key in _KEYS:
        if not isinstance(given.get(key), str) or not given[key]:
            raise ConfigError(f"{path}: give {' and '.join(_KEYS)}, each as a text in quotes")
    return Wish(server=given["server"].rstrip("/"), token=given["token"])

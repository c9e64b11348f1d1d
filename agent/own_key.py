"""A person's own key: what is kept of them on this laptop is sealed to it, and opened with it here.

The key is made once, in the person's own folder, by a process of theirs. Whoever loses it loses
sight of the names that were kept before, and of nothing else.
"""

import base64
import binascii
import json
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyrage

from agent import control
from agent.errors import AgentError
from agent.journal_file import sync_folder

log = logging.getLogger(__name__)

NAME = "own-key.txt"
_LARGEST = 4096
Details = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The key, and its public half."""

    identity: pyrage.x25519.Identity

    @property
    def public(self) -> str:
        """To what is sealed."""
        return str(self.identity.to_public())

    def opened(self, shown: str) -> Details | None:
        """Details that were sealed to this key; None if they were not."""
        try:
            plain = pyrage.decrypt(base64.b64decode(shown, validate=True), [self.identity])
            given = json.loads(plain)
        except (pyrage.DecryptError, binascii.Error, ValueError):
            return None
        known = given.items() if isinstance(given, dict) else ()
        return {str(name): said for name, said in known if isinstance(said, str | int)}


def own_key(place: Path) -> OwnKey:
    """The key in the person's folder, made if there is none. Raises AgentError."""
    file = place / NAME
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(file):
            _make(file)
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "r", encoding="ascii") as opened:
            return OwnKey(pyrage.x25519.Identity.from_str(opened.read(_LARGEST).strip()))
    except OSError as error:
        raise AgentError(f"your key in {file} cannot be used: {error.strerror}") from error
    except (pyrage.IdentityError, ValueError) as error:
        why = "is damaged; move it away, and a new one is made"
        raise AgentError(f"your key in {file} {why}") from error


def bring(socket: Path, key: OwnKey) -> bool:
    """Have the agent seal to this key from now on; whether it will. If not, the next time may."""
    try:
        control.ask(socket, "mine-key", timeout=5.0, key=key.public)
    except control.ControlError as error:
        log.info("the key was not taken: %s", error)
        return False
    return True


def bring_own(socket: Path, place: Path) -> None:
    """Have the agent seal to the key in the person's folder, if both are there."""
    with suppress(AgentError):
        bring(socket, own_key(place))


def _make(file: Path) -> None:
    """Beside its place and linked there, so that two processes never make two keys."""
    new = file.with_name(f"{NAME}.{secrets.token_hex(8)}")
    text = f"{pyrage.x25519.Identity.generate()}\n"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(new, file)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(file.parent)

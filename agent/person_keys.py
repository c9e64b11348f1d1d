"""The public keys of the people of this laptop, to which what is kept for them is sealed.

Each key's other half lies in the person's own folder (``agent.own_key``). The last one that a
person's process brings counts: whoever has their session could read that folder as well, so to
refuse them would keep nothing from them, and would lock out a person who lost their key. When it
came is kept and shown to the person, so that a key they did not bring does not stay unseen.
"""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

from agent.control_server import Caller, Refused
from agent.hourly import Hourly
from agent.journal_file import write_durably
from collectors.base import Clock

log = logging.getLogger(__name__)

PER_HOUR = 10
"""Keys that one person may bring."""
MOST = 1000
"""People of one laptop."""
_LONGEST = 128
"""Characters of a key."""
_LARGEST_FILE = 512 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonKey:
    """A public key (age X25519), and when it came."""

    key: str
    since: str


class PersonKeys:
    """Keeps them in a file of the state folder. Safe between threads."""

    def __init__(self, state: Path, now: Clock) -> None:
        self._file, self._now = state / "person-keys.json", now
        self._lock = threading.Lock()
        self._recent = Hourly(PER_HOUR)
        self._keys = _read(self._file)

    def of(self, uid: int) -> str | None:
        """The key of a user, if one is known."""
        found = self._keys.get(uid)
        return found.key if found else None

    def since(self, uid: int) -> str:
        """When it came; empty if there is none."""
        found = self._keys.get(uid)
        return found.since if found else ""

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        """Take the caller's own key, for them and nobody else. Raises Refused."""
        key = _checked(given.get("key"))
        with self._lock:
            if self.of(caller.uid) != key:
                self._put(caller.uid, key)
        return {"key": key, "since": self.since(caller.uid)}

    def _put(self, uid: int, key: str) -> None:
        now = self._now()
        if not self._recent.spend(uid, now):
            raise Refused("too-many", f"{PER_HOUR} keys within an hour; try again later")
        if uid not in self._keys and len(self._keys) >= MOST:
            raise Refused("full", f"keys of {MOST} people are kept already")
        keys = {**self._keys, uid: PersonKey(key=key, since=now.isoformat(timespec="seconds"))}
        try:
            _write(self._file, keys)
        except OSError as error:
            raise Refused("full", f"the key was not kept: {error.strerror}") from error
        self._keys = keys


def _checked(given: object) -> str:
    if isinstance(given, str) and len(given) <= _LONGEST:
        try:
            return str(pyrage.x25519.Recipient.from_str(given))
        except pyrage.RecipientError:
            pass
    raise Refused("key", "a key is the public half of an age identity, age1...")


def _write(file: Path, keys: Mapping[int, PersonKey]) -> None:
    rows = {str(uid): [one.key, one.since] for uid, one in keys.items()}
    write_durably(file, json.dumps(rows).encode("ascii"))


def _read(file: Path) -> dict[int, PersonKey]:
    """What was kept; a file that is no good is as none, and each person's process brings its key
    again."""
    try:
        with file.open("rb") as opened:
            rows = json.loads(opened.read(_LARGEST_FILE))
        return {
            int(uid): PersonKey(key=_checked(key), since=str(since))
            for uid, (key, since) in rows.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, Refused) as error:
        log.error("%s cannot be read: %s", file, type(error).__name__)
        return {}

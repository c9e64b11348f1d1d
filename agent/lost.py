"""A laptop that is lost knows it: by an order, by a long silence, or by a clock that was set back.

It then seals every pupil file it finds, whatever the rules say and without any grace, and locks
each screen that is opened. Private files are not touched, and everything sealed can be given back.
It ends by an order, or by the unlock code that the privacy officer has.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from agent.journal_file import write_durably

FILE = "lost.json"
CODE = "unlock.hash"
WIPE = "wipe"
"""Stands there while what is sealed is to be deleted."""
_BYTES = 16
"""128 bits: nobody guesses it, so no salt and no slow hash are needed."""


class Cause(StrEnum):
    """How it came to count as lost."""

    ORDER = "order"
    SILENCE = "silence"
    """Nothing was heard of the collector for as many days as the policy says."""
    CLOCK = "clock"
    """The clock was set to before the last time the collector was heard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """``at`` in ISO 8601, UTC."""

    cause: Cause
    at: str


class Lost:
    """Whether this laptop counts as lost; kept in the state folder, so a restart ends nothing."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def since(self) -> Since | None:
        """None if it does not. What cannot be read was written by nobody but the agent: lost."""
        try:
            given = json.loads((self._state / FILE).read_bytes())
            return Since(cause=Cause(given["cause"]), at=str(given["at"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            return Since(cause=Cause.ORDER, at="")

    def __call__(self) -> bool:
        return (self._state / FILE).exists()

    def declare(self, cause: Cause, now: datetime) -> bool:
        """From now on it is lost; False if it was already. OSError."""
        if self():
            return False
        said = {"cause": cause, "at": now.astimezone(UTC).isoformat(timespec="seconds")}
        write_durably(self._state / FILE, json.dumps(said).encode("ascii"))
        return True

    def end(self) -> bool:
        """It was found again; False if it was not lost. OSError."""
        was = self()
        (self._state / WIPE).unlink(missing_ok=True)
        (self._state / FILE).unlink(missing_ok=True)
        return was

    def wipe(self) -> None:
        """From now on what is sealed is to be deleted, until it is found. OSError."""
        write_durably(self._state / WIPE, b"")

    def wipes(self) -> bool:
        """Whether what is sealed is to be deleted."""
        return self() and (self._state / WIPE).exists()

    def has_code(self) -> bool:
        """Whether there is an unlock code."""
        return (self._state / CODE).exists()

    def keep_code(self, code: str) -> None:
        """Know this code from now on, and only this one; the code itself is not kept. OSError."""
        write_durably(self._state / CODE, _hashed(code))

    def opens(self, code: str) -> bool:
        """Whether it is the unlock code, however it is spelled."""
        try:
            known = (self._state / CODE).read_bytes()
        except OSError:
            return False
        return hmac.compare_digest(known, _hashed(code))


def new_code() -> str:
    """A code that can be read out: groups of letters and digits without 0, 1, 8 and 9."""
    text = b32encode(secrets.token_bytes(_BYTES)).decode("ascii").rstrip("=")
    return "-".join(text[at : at + 5] for at in range(0, len(text), 5))


def _hashed(code: str) -> bytes:
    plain = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest().encode("ascii")

"""What the collector's login key seals: secrets that a stolen database must not give away.

The key lies in the state folder, never in the database. Each purpose has a key of its own that
follows from it, so what was sealed for one can be opened for no other.
"""

import base64
import hmac
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken


def seal(key: bytes, purpose: str, text: str, now: datetime) -> str:
    """A text that only this collector can open, and only for this purpose."""
    sealed = _fernet(key, purpose).encrypt_at_time(text.encode(), int(now.timestamp()))
    return sealed.decode("ascii")


def unseal(
    key: bytes, purpose: str, sealed: str, now: datetime, longest: timedelta | None = None
) -> str | None:
    """What was sealed; None if it was not, not for this, or longer ago than ``longest``."""
    fernet = _fernet(key, purpose)
    try:
        if longest is None:
            return fernet.decrypt(sealed).decode()
        seconds = int(longest.total_seconds())
        return fernet.decrypt_at_time(sealed, seconds, int(now.timestamp())).decode()
    except (InvalidToken, ValueError):
        return None


def digest(key: bytes, purpose: str, text: str) -> str:
    """A digest that nobody can compute without the key."""
    return hmac.digest(_derived(key, purpose), text.encode(), "sha256").hex()


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"dossierwacht login 1\n{purpose}".encode(), "sha256")


def _fernet(key: bytes, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(key, purpose)))

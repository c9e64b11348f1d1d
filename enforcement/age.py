"""Sealing in the age format: to people who hold the keys, by a laptop that holds none.

What is sealed here opens with the plain ``age`` command or ``rage`` and an officer's identity file.
The laptop never keeps a key that opens any of it. To prove a sealed file before the original goes,
an identity is made for that one file, used for a test decryption, and either forgotten or sealed to
the officers itself (``enforcement.return_key``).

pyrage streams in pieces of 64 KiB, so the memory used does not grow with the file.
"""

import hashlib
import os
from collections.abc import Callable, Iterable

import pyrage

from enforcement import durable
from enforcement.base import EnforcementError, Reason, Recipient

Keys = tuple[str, ...]
"""Checked recipients, each ``age1...``."""


class OpenError(Exception):
    """Something sealed could not be opened: the message says whether key or file is to blame."""


class KeyFileError(Exception):
    """An identity file cannot be used; the message says what to give instead."""


def check(recipient: Recipient) -> str:
    """The recipient's key in its one spelling. Raises EnforcementError if it is no X25519 key."""
    try:
        return str(pyrage.x25519.Recipient.from_str(recipient.key))
    except pyrage.RecipientError as error:
        note = f"the key of {recipient.name!r} is no age recipient (age1...): {error}"
        raise EnforcementError(Reason.NO_RECIPIENTS, note) from error


def proven_keys(recipients: Iterable[Recipient], at_least: int = 2) -> Keys:
    """The distinct keys whose holders proved that they can open.

    Raises EnforcementError (``no-recipients``) if these are fewer than ``at_least``: an officer
    and an offline reserve are needed before a file may be sealed.
    """
    keys = tuple(dict.fromkeys(check(one) for one in recipients if one.proven))
    if len(keys) < at_least:
        note = f"{len(keys)} proven recipient(s), {at_least} needed"
        raise EnforcementError(Reason.NO_RECIPIENTS, note)
    return keys


def seal_bytes(data: bytes, recipients: Iterable[Recipient]) -> bytes:
    """Seal a few bytes (the sealed part of an event) to every proven recipient, at least one.

    Raises EnforcementError (``no-recipients``).
    """
    return seal_to(data, proven_keys(recipients, at_least=1))


def seal_to(data: bytes, keys: Keys) -> bytes:
    """Seal a few bytes to checked keys."""
    sealed: bytes = pyrage.encrypt(data, _recipients(keys))
    return sealed


def seal_stream(source: int, target: int, keys: Keys) -> None:
    """Seal everything from one descriptor into another. OSError as reading or writing raises it."""
    outlet = _Outlet(target)
    os.lseek(source, 0, os.SEEK_SET)
    with open(source, "rb", closefd=False) as plain:
        inlet = _Inlet(plain.read)
        try:
            pyrage.encrypt_io(inlet, outlet, _recipients(keys))
        except (pyrage.EncryptError, OSError) as error:
            raise (outlet.error or inlet.error or OSError(str(error))) from error
    if outlet.error is not None:  # of the very last bytes pyrage itself does not say it
        raise outlet.error


def open_stream(source: int, sink: Callable[[bytes], object], identities: "Identities") -> None:
    """Open everything from a descriptor, piece by piece into ``sink``.

    Raises OpenError when the key is not for it or a byte is not as it was sealed (pieces that came
    before the damage have then been given out already), OSError as reading or ``sink`` raises it.
    """
    outlet = _Outlet(sink)
    os.lseek(source, 0, os.SEEK_SET)
    with open(source, "rb", closefd=False) as sealed:
        inlet = _Inlet(sealed.read)
        try:
            pyrage.decrypt_io(inlet, outlet, identities.keys)
        except (pyrage.DecryptError, OSError) as error:
            # Damage past the header comes as an OSError of pyrage's own, without a number.
            raise (outlet.error or inlet.error or _blame(error)) from error
    if outlet.error is not None:
        raise outlet.error


def open_bytes(sealed: bytes, identities: "Identities") -> bytes:
    """Open a few bytes. Raises OpenError."""
    try:
        data: bytes = pyrage.decrypt(sealed, identities.keys)
    except pyrage.DecryptError as error:
        raise _blame(error) from error
    return data


class Identities:
    """Secret keys that open what was sealed to them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Raises pyrage.IdentityError if one is no X25519 identity."""
        self.keys = [pyrage.x25519.Identity.from_str(secret) for secret in secrets]


class Witness(Identities):
    """An identity for one file: proves that it opens. Never written down unsealed."""

    def __init__(self) -> None:
        self.keys = [pyrage.x25519.Identity.generate()]
        self.key = str(self.keys[0].to_public())

    def secret(self) -> str:
        """The secret key, as it stands in an identity file."""
        return str(self.keys[0])

    def digest(self, sealed: int) -> str:
        """SHA-256, in hex, of what a sealed file holds. Raises OpenError or OSError."""
        seen = hashlib.sha256()
        open_stream(sealed, seen.update, self)
        return seen.hexdigest()


def read_identities(text: str) -> Identities:
    """The secret keys in an identity file as ``age-keygen`` writes it. Raises KeyFileError."""
    lines = [line.strip() for line in text.splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    if not secrets:
        raise KeyFileError("holds no key; give the file that age-keygen wrote")
    if secrets[0].startswith(("age-encryption.org", "-----BEGIN AGE")):
        raise KeyFileError("is locked with a passphrase; open it first with 'age -d'")
    try:
        return Identities(secrets)
    except pyrage.IdentityError:
        raise KeyFileError(
            "holds a line that is no age identity (AGE-SECRET-KEY-1...)"
        ) from None  # the error's text may hold part of the secret


def recipient_of(text: str) -> str:
    """The recipient (``age1...``) of the first key in an identity file. Raises KeyFileError."""
    return str(read_identities(text).keys[0].to_public())


def _recipients(keys: Keys) -> list[object]:
    return [pyrage.x25519.Recipient.from_str(key) for key in keys]


def _blame(error: Exception) -> OpenError:
    if "No matching keys" in str(error):
        return OpenError("it was not sealed to this key")
    return OpenError(f"it is damaged: {error}")


class _Inlet:
    """Reads for pyrage and keeps an OSError, which pyrage would flatten to text."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.error: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._read(size)
        except OSError as error:
            self.error = error
            raise


class _Outlet:
    """Writes for pyrage, every byte, to a descriptor or a function; keeps an OSError likewise."""

    def __init__(self, target: int | Callable[[bytes], object]) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self._pass_on(data)
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def _pass_on(self, data: bytes) -> None:
        if callable(self._target):
            self._target(data)
            return
        durable.write_all(self._target, data)

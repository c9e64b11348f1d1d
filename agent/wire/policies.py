"""Policies as they travel: TOML for people, signed by people, whose keys a root key vouches for.

The *root key* lies offline and signs one thing: the *keyring*, which names those who may sign a
policy, and with which key. A keyring may name the root key that counts from then on; then the old
and the new one must both have signed. Versions rise, and an older one is never gone back to. So
whoever takes over the collector can hold a policy back, and can make none.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from agent.wire import signed
from agent.wire.event import LARGEST_NUMBER, WIRE_VERSION, Wire, Word
from agent.wire.messages import Device, Key, Moment
from agent.wire.signed import DocumentError, Signed

POLICY_LINE = b"dossierwacht policy 1\n"
KEYRING_LINE = b"dossierwacht keyring 1\n"
LARGEST_TOML = 98_304
"""Characters of a policy."""
MOST_SIGNERS = 20
MOST_NAMES = 200
"""Groups or laptops that one policy can be for."""

Rising = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_NUMBER)]


class Signer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who may sign policies; two keys under one name are one person."""

    name: Word
    key: Key


class Keyring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may sign policies. ``root`` is the key that signs the next keyring."""

    version: Rising
    issued_at: Moment
    root: Key
    signers: Annotated[list[Signer], msgspec.Meta(max_length=MOST_SIGNERS)]
    wire: Wire = WIRE_VERSION


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which laptops a policy is for: all of the organisation's, or groups or laptops by name."""

    kind: Literal["organisation", "group", "device"] = "organisation"
    names: Annotated[list[Word], msgspec.Meta(max_length=MOST_NAMES)] = []

    def covers(self, device: Device, group: str) -> bool:
        """Whether a laptop with this name and of this group (empty: of none) is meant."""
        if self.kind == "organisation":
            return True
        return (device if self.kind == "device" else group) in self.names


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the policy. ``expires_at`` ends that it can be taken up, not that it holds
    where it was."""

    version: Rising
    issued_at: Moment
    expires_at: Moment
    scope: Scope
    toml: Annotated[str, msgspec.Meta(max_length=LARGEST_TOML)]
    wire: Wire = WIRE_VERSION

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at <= now


def keyring_in(given: Signed) -> Keyring:
    """The keyring of a document; who signed it is not looked at. Raises DocumentError."""
    return signed.decoded(given, Keyring, "keyring")


def policy_in(given: Signed) -> PolicyDocument:
    """The policy of a document; who signed it is not looked at. Raises DocumentError."""
    return signed.decoded(given, PolicyDocument, "policy")


def vouched(given: Signed, roots: Sequence[str]) -> Keyring:
    """The keyring of a document that every one of ``roots`` and the root it names have signed.

    Raises DocumentError.
    """
    keyring = keyring_in(given)
    needed = {*roots, keyring.root}
    if signed.signers(given, needed, KEYRING_LINE) != needed:
        raise DocumentError("the keyring is not signed by the root key")
    return keyring


def people(given: Signed, keyring: Keyring) -> set[str]:
    """The names of those in the keyring who have signed a policy."""
    name_of = {one.key: one.name for one in keyring.signers}
    return {name_of[key] for key in signed.signers(given, name_of, POLICY_LINE)}

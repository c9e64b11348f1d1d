"""The signed policy that this laptop goes by, as it is kept in the state folder.

It is kept with the keyring by which it was taken up, so that damage shows at the next start
without asking anybody; then the one before is gone by. Whether somebody may sign is asked once,
when a policy is taken up: a running policy stays when its signer leaves the keyring, and when its
time is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from agent.errors import AgentError, ConfigError
from agent.journal_file import write_durably
from agent.policy import Policy
from agent.policy_file import read_text
from agent.wire import policies
from agent.wire.messages import Moment
from agent.wire.policies import Keyring, PolicyDocument
from agent.wire.signed import DocumentError, Signed

FILE, BEFORE = "policy.signed.json", "policy.before.json"
KEYRING = "keyring.json"


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as it came, and the keyring that vouches for its signers."""

    policy: Signed
    keyring: Signed
    taken_at: Moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Managed:
    """A signed policy that is gone by. ``damaged``: the newest one could not be read, and this is
    the one before it."""

    document: PolicyDocument
    policy: Policy
    people: tuple[str, ...]
    taken_at: datetime
    damaged: bool = False


def managed(state: Path) -> Managed | None:
    """The signed policy in force; None if none was ever taken up.

    Raises ConfigError if there is one that cannot be read, nor the one before; AgentError if the
    caller may not look.
    """
    found = _read(state / FILE)
    if isinstance(found, Managed):
        return found
    before = _read(state / BEFORE)
    if isinstance(before, Managed):
        return replace(before, damaged=True)
    if found is None and before is None:
        return None
    raise ConfigError(f"{state / FILE} is damaged: {found or before}")


def keep(state: Path, kept: Kept) -> None:
    """Go by this one from now on, and keep the one before. OSError."""
    if (state / FILE).exists():
        write_durably(state / BEFORE, (state / FILE).read_bytes())
    write_durably(state / FILE, msgspec.json.encode(kept))


def keyring(state: Path) -> tuple[Signed, Keyring] | None:
    """The newest keyring that was believed. Raises DocumentError if it is damaged; OSError."""
    try:
        given = msgspec.json.decode((state / KEYRING).read_bytes(), type=Signed)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise DocumentError(f"{KEYRING} is damaged: {error}") from error
    return given, policies.vouched(given, ())


def keep_keyring(state: Path, given: Signed) -> None:
    """Believe this one from now on. OSError."""
    write_durably(state / KEYRING, msgspec.json.encode(given))


def policy_of(document: PolicyDocument) -> Policy:
    """The policy that a document's text says. Raises DocumentError."""
    try:
        policy = read_text(document.toml, f"policy {document.version}")
    except ConfigError as error:
        raise DocumentError(str(error)) from error
    if policy.version != document.version:
        raise DocumentError(f"it is version {document.version}, and its text {policy.version}")
    return policy


def _read(path: Path) -> Managed | str | None:
    """What a file holds; why it cannot be used; or None if it is not there."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        keyring_then = policies.vouched(kept.keyring, ())
        document = policies.policy_in(kept.policy)
        people = policies.people(kept.policy, keyring_then)
        if not people:
            return "its signatures do not hold"
        policy = policy_of(document)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise AgentError(f"{path.parent} may be read by the agent's owner only") from error
    except (OSError, msgspec.DecodeError, DocumentError) as error:
        return str(error)
    return Managed(
        document=document, policy=policy, people=tuple(sorted(people)), taken_at=kept.taken_at
    )

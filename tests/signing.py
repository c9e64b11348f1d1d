"""People with keys, who sign policies and orders in the tests as they would at their own desks."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.commands.signing_keys import public_text
from agent.wire import orders, policies, signed
from agent.wire.orders import Order
from agent.wire.policies import Keyring, PolicyDocument, Scope, Signer
from agent.wire.signed import Signed

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


def new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@dataclass
class Office:
    """An organisation: a root key, and people who may sign."""

    root: Ed25519PrivateKey = field(default_factory=new_key)
    people: dict[str, Ed25519PrivateKey] = field(
        default_factory=lambda: {name: new_key() for name in ("it", "officer", "head")}
    )

    def keyring(self, version: int = 1, *, new_root: Ed25519PrivateKey | None = None) -> Signed:
        root = new_root or self.root
        made = Keyring(
            version=version,
            issued_at=NOW,
            root=public_text(root),
            signers=[Signer(name=n, key=public_text(k)) for n, k in self.people.items()],
        )
        given = signed.sign(signed.unsigned(made), self.root, policies.KEYRING_LINE)
        return signed.sign(given, root, policies.KEYRING_LINE)

    def policy(
        self,
        version: int,
        toml: str = "",
        *names: str,
        scope: Scope | None = None,
        until: datetime = NOW + timedelta(days=90),
    ) -> Signed:
        """A policy signed by these people, by two unless told otherwise."""
        document = PolicyDocument(
            version=version,
            issued_at=NOW,
            expires_at=until,
            scope=scope or Scope(),
            toml=toml or text(version),
        )
        given = signed.unsigned(document)
        for name in names or ("it", "officer"):
            given = signed.sign(given, self.people[name], policies.POLICY_LINE)
        return given


def text(version: int, more: str = "", mode: str = "report") -> str:
    """A policy's text."""
    return f'name = "office"\nversion = {version}\nmode = "{mode}"\n{more}\n'


def order(device: str, kind: str, *keys: Ed25519PrivateKey, now: datetime = NOW) -> Signed:
    """An order for a laptop."""
    made = Order(
        number=str(uuid.uuid4()),
        kind=kind,  # type: ignore[arg-type]
        device=device,
        issued_at=now,
        expires_at=now + timedelta(days=14),
    )
    given = signed.unsigned(made)
    for key in keys:
        given = orders.sign(given, key)
    return given


def encoded(given: Signed) -> bytes:
    return msgspec.json.encode(given)

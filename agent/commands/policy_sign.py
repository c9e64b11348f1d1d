"""``dossierwacht policy keyring|sign``: who may sign policies, and signing one.

``policy sign`` takes a policy as people write it, and prints a signed document; given such a
document it shows what is signed and prints it with one more signature. Both belong on the machines
of those who sign, and need no agent there.
"""

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path

import msgspec

from agent import policy_file
from agent.commands import signing_keys
from agent.errors import ConfigError
from agent.policy import Policy
from agent.wire import policies, signed
from agent.wire.policies import Keyring, PolicyDocument, Scope, Signer
from agent.wire.signed import DocumentError, Signed
from collectors.base import utc_now

USUAL_DAYS, LONGEST_DAYS = 90, 366
_SCOPE = re.compile(r"\A(organisation|group|device)(?::(.+))?\Z")


def add_keyring(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy keyring``."""
    parser.add_argument("--root-key", type=Path, required=True, metavar="FILE", help="kept offline")
    parser.add_argument("--version", type=int, required=True, help="higher than the one before")
    parser.add_argument(
        "--signer",
        action="append",
        default=[],
        metavar="NAME=KEY",
        help="somebody who may sign policies; once for each person",
    )
    parser.add_argument(
        "--new-root-key", type=Path, metavar="FILE", help="the root key from then on"
    )


def add_sign(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy sign``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a policy, or a signed one")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="your key")
    parser.add_argument(
        "--scope",
        help="organisation (the default), group:NAME or device:NAME, also several with commas",
    )
    parser.add_argument(
        "--days", type=int, help=f"for how long laptops may take it up ({USUAL_DAYS})"
    )


def keyring(arguments: argparse.Namespace) -> int:
    """``policy keyring``: print a keyring that the root key has signed."""
    root = signing_keys.read_key(arguments.root_key)
    new = signing_keys.read_key(arguments.new_root_key) if arguments.new_root_key else root
    try:
        made = msgspec.convert(
            {
                "version": arguments.version,
                "issued_at": utc_now().replace(microsecond=0),
                "root": signing_keys.public_text(new),
                "signers": [_signer(text) for text in arguments.signer],
            },
            type=Keyring,
        )
    except msgspec.ValidationError as error:
        raise ConfigError(f"that makes no keyring: {error}") from error
    given = signed.sign(signed.unsigned(made), root, policies.KEYRING_LINE)
    return _print(signed.sign(given, new, policies.KEYRING_LINE))


def sign(arguments: argparse.Namespace) -> int:
    """``policy sign``: print a policy with one more signature."""
    key = signing_keys.read_key(arguments.key)
    data = signing_keys.read_file(arguments.file, signed.LARGEST)
    given = _again(arguments, data) if data.lstrip()[:1] == b"{" else _new(arguments)
    document = policies.policy_in(given)
    policy = policy_file.read_text(document.toml, str(arguments.file))
    print(_summary(document, policy), file=sys.stderr)
    return _print(signed.sign(given, key, policies.POLICY_LINE))


def _new(arguments: argparse.Namespace) -> Signed:
    policy = policy_file.read(arguments.file)
    days = USUAL_DAYS if arguments.days is None else arguments.days
    if not 1 <= days <= LONGEST_DAYS:
        raise ConfigError(f"a policy can be taken up for 1 to {LONGEST_DAYS} days")
    text, now = arguments.file.read_text("utf-8"), utc_now().replace(microsecond=0)
    if len(text) > policies.LARGEST_TOML:
        raise ConfigError(f"a policy that is signed has at most {policies.LARGEST_TOML} characters")
    return signed.unsigned(
        PolicyDocument(
            version=policy.version,
            issued_at=now,
            expires_at=now + timedelta(days=days),
            scope=_scope(arguments.scope or "organisation"),
            toml=text,
        )
    )


def _again(arguments: argparse.Namespace, data: bytes) -> Signed:
    """A document that somebody has signed; what it says is settled."""
    if arguments.scope or arguments.days is not None:
        raise ConfigError(f"{arguments.file} is signed: its scope and its time are settled")
    try:
        given = signed.read(data)
        policies.policy_in(given)
    except DocumentError as error:
        raise ConfigError(f"{arguments.file}: {error}") from error
    return given


def _scope(text: str) -> Scope:
    found = _SCOPE.match(text)
    if found is None or (found[1] == "organisation") is not (found[2] is None):
        raise ConfigError(f"'{text}' is no scope: organisation, group:NAME or device:NAME")
    names = found[2].split(",") if found[2] else []
    try:
        return msgspec.convert({"kind": found[1], "names": names}, type=Scope)
    except msgspec.ValidationError as error:
        raise ConfigError(f"'{text}' is no scope: {error}") from error


def _signer(text: str) -> Signer:
    name, _, key = text.partition("=")
    try:
        return msgspec.convert({"name": name, "key": key}, type=Signer)
    except msgspec.ValidationError as error:
        raise ConfigError(f"'{text}' is no signer: NAME=KEY, as 'policy key' prints it") from error


def _summary(document: PolicyDocument, policy: Policy) -> str:
    scope = document.scope
    whom = ", ".join(scope.names) if scope.names else "every laptop"
    until = f"{document.expires_at:%Y-%m-%d}"
    mode = f"mode {policy.mode}, {len(policy.rules)} rules, usb {policy.usb.mode}"
    return f"signing: {policy.name} version {document.version} for {whom}, {mode}, until {until}"


def _print(given: Signed) -> int:
    data = msgspec.json.encode(given)
    if len(data) > signed.LARGEST:
        raise ConfigError(f"it is larger than {signed.LARGEST} bytes once it is signed")
    sys.stdout.write(data.decode("ascii") + "\n")
    return 0

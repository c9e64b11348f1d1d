"""The evidence bundle: whole, signed, names nobody, and shows any later change."""

import base64
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.cli import main
from agent.commands.sealed_evidence import FIRST_LINE
from tests.test_seal_file import action, attempt, home, pupil_file

__all__ = ["home"]

ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def bundle(home, tmp_path):
    action(home).apply(attempt(pupil_file(home), ID))
    out = tmp_path / "bundle"
    state = str(home.parent / "state")
    assert main(["sealed", "evidence", ID, "--out", str(out), "--state", state]) == 0
    return out


def holds(bundle):
    statement = (bundle / "statement.json").read_bytes()
    given = json.loads((bundle / "statement.sig.json").read_text())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["key"]))
    try:
        key.verify(base64.b64decode(given["signature"]), FIRST_LINE + statement)
    except InvalidSignature:
        return False
    return all(
        hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
        for name, digest in json.loads(statement)["sha256"].items()
    )


def test_it_holds_every_part_as_it_is_and_proves_itself(bundle, home):
    vault = home.parent / "state" / "vault"
    for part in ("age", "meta.age", "json"):
        assert (bundle / f"{ID}.{part}").read_bytes() == (vault / f"{ID}.{part}").read_bytes()
    assert holds(bundle)
    assert bundle.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", [f"{ID}.age", f"{ID}.meta.age", f"{ID}.json", "statement.json"])
def test_a_later_change_shows(bundle, name):
    data = (bundle / name).read_bytes()
    (bundle / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert not holds(bundle)


def test_nobody_is_named(bundle):
    raw = b"".join(file.read_bytes() for file in bundle.iterdir())
    assert b"leerlingen" not in raw
    assert b"anna" not in raw


@pytest.mark.parametrize(("sealed_id", "code"), [("nothing", 1), ("../x", 1), ("", 1)])
def test_what_is_not_sealed_is_no_evidence(bundle, home, tmp_path, sealed_id, code):
    out, state = tmp_path / "other", str(home.parent / "state")
    assert main(["sealed", "evidence", sealed_id, "--out", str(out), "--state", state]) == code
    assert not out.exists()


def test_nothing_is_overwritten(bundle, home):
    state = str(home.parent / "state")
    assert main(["sealed", "evidence", ID, "--out", str(bundle), "--state", state]) == 2
    assert holds(bundle)

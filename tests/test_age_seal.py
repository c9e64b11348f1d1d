"""Sealing in the age format: who can open, what is refused, and how much memory it takes."""

import errno
import hashlib
import os
import random
import subprocess
import sys

import pyrage
import pytest

from enforcement import age
from enforcement.base import EnforcementError, Reason, Recipient


def officer(name="officer", proven=True):
    identity = pyrage.x25519.Identity.generate()
    return identity, Recipient(name=name, key=str(identity.to_public()), proven=proven)


def sealed_file(tmp_path, data, keys):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(data)
    with plain.open("rb") as source, sealed.open("w+b") as target:
        age.seal_stream(source.fileno(), target.fileno(), keys)
    return sealed


def test_every_recipient_opens_what_was_sealed_and_nobody_else():
    first, one = officer()
    second, two = officer("reserve")
    stranger, _ = officer()
    sealed = age.seal_bytes(b"a plan for an invented child", [one, two])
    assert pyrage.decrypt(sealed, [first]) == pyrage.decrypt(sealed, [second])
    assert age.open_bytes(sealed, age.read_identities(str(first))).endswith(b"child")
    with pytest.raises(age.OpenError, match="not sealed to this key"):
        age.open_bytes(sealed, age.read_identities(str(stranger)))


def test_two_different_proven_recipients_are_needed_for_a_file():
    _, one = officer()
    _, unproven = officer(proven=False)
    same_shouted = Recipient(name="again", key=one.key.upper(), proven=True)
    for few in ([], [one], [one, unproven], [one, one], [one, same_shouted]):
        with pytest.raises(EnforcementError) as refused:
            age.proven_keys(few)
        assert refused.value.reason is Reason.NO_RECIPIENTS
    _, two = officer()
    assert len(age.proven_keys([one, two, one])) == 2


def test_one_proven_recipient_is_enough_for_the_sealed_part_of_an_event():
    identity, one = officer()
    assert pyrage.decrypt(age.seal_bytes(b"x", [one]), [identity]) == b"x"
    with pytest.raises(EnforcementError):
        age.seal_bytes(b"x", [officer(proven=False)[1]])


@pytest.mark.parametrize("key", ["", "age1x", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1QQ", "age1\n"])
def test_a_key_that_is_no_recipient_is_named(key):
    with pytest.raises(EnforcementError, match="Anna") as refused:
        age.check(Recipient(name="Anna", key=key, proven=True))
    assert refused.value.reason is Reason.NO_RECIPIENTS


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_a_stream_comes_back_byte_for_byte_and_its_witness_agrees(tmp_path, size):
    identity, one = officer()
    witness = age.Witness()
    data = os.urandom(size)
    sealed = sealed_file(tmp_path, data, (one.key, witness.key))
    assert pyrage.decrypt(sealed.read_bytes(), [identity]) == data
    with sealed.open("rb") as source:
        assert witness.digest(source.fileno()) == hashlib.sha256(data).hexdigest()


def test_no_flipped_bit_and_no_cut_is_let_through(tmp_path):
    witness = age.Witness()
    _, one = officer()
    whole = sealed_file(tmp_path, os.urandom(3000), (one.key, witness.key)).read_bytes()
    chance = random.Random(7)
    places = chance.sample(range(len(whole)), 300)
    flips = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    cuts = [whole[:at] for at in chance.sample(range(len(whole)), 300)]
    for damaged in [*flips, *cuts, whole + b"x"]:
        (tmp_path / "damaged").write_bytes(damaged)
        with (tmp_path / "damaged").open("rb") as source, pytest.raises(age.OpenError):
            witness.digest(source.fileno())


def test_a_full_disk_is_told_as_the_full_disk_it_is(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this machine")
    (tmp_path / "plain").write_bytes(os.urandom(200_000))
    with (tmp_path / "plain").open("rb") as source, open("/dev/full", "wb", buffering=0) as full:
        with pytest.raises(OSError, match="No space left"):
            age.seal_stream(source.fileno(), full.fileno(), (officer()[1].key,))


def test_an_error_of_the_receiver_comes_through_opening_too(tmp_path):
    witness = age.Witness()
    sealed = sealed_file(tmp_path, b"x" * 100, (witness.key,))

    def refuse(piece):
        raise OSError(28, "No space left on device")

    with sealed.open("rb") as source, pytest.raises(OSError, match="No space left"):
        age.open_stream(source.fileno(), refuse, witness)


def test_an_identity_file_is_read_as_age_keygen_writes_it():
    identity, one = officer()
    text = f"# created: 2026-11-02\n# public key: {one.key}\n{identity}\n"
    assert age.open_bytes(age.seal_bytes(b"x", [one]), age.read_identities(text)) == b"x"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no key"),
        ("# only a comment\n", "holds no key"),
        ("age-encryption.org/v1\n-> scrypt", "passphrase"),
        ("AGE-SECRET-KEY-1NOTAKEY", "no age identity"),
    ],
)
def test_a_wrong_identity_file_gets_a_clear_error_without_the_secret(text, told):
    with pytest.raises(age.KeyFileError, match=told) as refused:
        age.read_identities(text)
    assert "NOTAKEY" not in str(refused.value)


_LARGE = """
import os, resource, sys
from enforcement import age
source, target = os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
witness = age.Witness()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
age.seal_stream(source, target, (witness.key,))
witness.digest(target)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    with (tmp_path / "large").open("wb") as large:
        large.truncate(100_000_000)
    command = [sys.executable, "-c", _LARGE, tmp_path / "large", tmp_path / "sealed"]
    grown = subprocess.run(command, check=True, capture_output=True, timeout=120).stdout
    assert int(grown) < 20_000, "kilobytes"


@pytest.mark.parametrize("size", [10, 65_535, 65_536, 65_537, 200_000])
def test_an_error_with_the_very_last_bytes_comes_through_too(tmp_path, monkeypatch, size):
    """pyrage writes the last piece as it ends, and says nothing of what went wrong there."""
    identity, one = officer()
    sealed = sealed_file(tmp_path, os.urandom(size), (one.key,))
    last_piece = (size % 65_536 or 65_536) + 16

    def short(descriptor, data):
        if len(data) == last_piece or size < 100:  # a small file goes in one piece with its head
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(age.durable, "write_all", short)
    with (tmp_path / "plain").open("rb") as source, pytest.raises(OSError) as full:
        age.seal_stream(source.fileno(), 0, (one.key,))
    assert full.value.errno == errno.ENOSPC
    came = []

    def last(piece):
        came.append(len(piece))
        if sum(came) >= size:
            raise OSError(errno.ENOSPC, "no space left on device")

    with sealed.open("rb") as source, pytest.raises(OSError) as full:
        age.open_stream(source.fileno(), last, age.Identities([str(identity)]))
    assert full.value.errno == errno.ENOSPC

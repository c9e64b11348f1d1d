"""What was sealed opens with the public ``age`` command, as the documentation says."""

import hashlib
import json
import subprocess

import pytest

from tests.test_seal_file import DATA, OFFICER, RESERVE, action, attempt, home, pupil_file

__all__ = ["home"]

ID = "00000000-0000-4000-8000-000000000001"


def opened(key, sealed, *, expected=0):
    done = subprocess.run(
        ["age", "--decrypt", "-i", key, sealed], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == expected, done.stderr
    return done.stdout


@pytest.mark.parametrize("identity", [OFFICER, RESERVE])
def test_each_officer_opens_file_and_attributes_with_age(home, tmp_path, identity):
    file = pupil_file(home)
    where = str(file)
    action(home).apply(attempt(file, ID))
    key = tmp_path / "officer.txt"
    key.write_text(f"# an invented officer\n{identity}\n")
    vault = home.parent / "state/vault"
    assert opened(key, vault / f"{ID}.age") == DATA
    about = json.loads(opened(key, vault / f"{ID}.meta.age"))
    assert (about["path"], about["sha256"]) == (where, hashlib.sha256(DATA).hexdigest())


def test_nobody_else_does(home, tmp_path):
    action(home).apply(attempt(pupil_file(home), ID))
    key = tmp_path / "somebody.txt"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    assert opened(key, home.parent / f"state/vault/{ID}.age", expected=1) == b""

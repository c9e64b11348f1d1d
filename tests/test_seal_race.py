"""Sealing against a person who swaps files and folders as fast as the kernel can.

Another process exchanges two names without a pause (RENAME_EXCHANGE) while one file after the other
is being sealed: the folder with a link to a folder elsewhere, the file with a link to a file
elsewhere, or the file with another file of the same person. The sealing process has every right
the test has, so nothing but the method keeps it from the wrong file. As many tries as a few seconds
hold; not one may touch a file outside or take an innocent one.
"""

import collections
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time

import pyrage
import pytest

from enforcement import seal_file, stage
from enforcement.base import Attempt, EnforcementError, Recipient, Settings

SECONDS = 4
FEWEST = 200
ATTACKER: list[str] = []
"""The command that swaps two names; none is the one below."""
OFFICER, RESERVE = (pyrage.x25519.Identity.generate() for _ in range(2))
RECIPIENTS = tuple(
    Recipient(name="officer", key=str(identity.to_public()), proven=True)
    for identity in (OFFICER, RESERVE)
)
OUTSIDE = b"a file of somebody else"
INNOCENT = b"a shopping list" * 300

SWAP = """
import ctypes, os, sys
swap = ctypes.CDLL(None).renameat2
here, one, other, exchange = -100, os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), 2
print("ready", flush=True)
while True:
    for _ in range(1000):
        swap(here, one, here, other, exchange)
"""


@contextlib.contextmanager
def swapping(one, other):
    """A process that exchanges two names until the end."""
    command = [*(ATTACKER or [sys.executable, "-c", SWAP]), one, other]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as attacker:
        assert attacker.stdout.readline() == b"ready\n"
        try:
            yield attacker
        finally:
            attacker.send_signal(signal.SIGCONT)
            attacker.kill()


@contextlib.contextmanager
def lasting(tries, attacker=None):
    """So many tries instead of a few seconds of them, against another attacker if one is given."""
    global SECONDS, FEWEST
    before = SECONDS, FEWEST
    SECONDS, FEWEST = 0, tries
    ATTACKER[:] = [str(attacker)] if attacker else []
    try:
        yield
    finally:
        SECONDS, FEWEST = before
        ATTACKER.clear()


@contextlib.contextmanager
def paused(attacker):
    """Nothing is swapped inside."""
    attacker.send_signal(signal.SIGSTOP)
    os.waitpid(attacker.pid, os.WUNTRACED)
    yield
    attacker.send_signal(signal.SIGCONT)


class Battle:
    """One home under attack, tried again and again."""

    def __init__(self, tmp_path):
        self.home, self.outside = tmp_path / "home", tmp_path / "outside"
        self.docs = self.home / "docs"
        self.docs.mkdir(parents=True)
        self.outside.mkdir()
        (self.outside / "list.csv").write_bytes(OUTSIDE)
        self.untouched = self.times_outside()
        self.vault = tmp_path / "state" / "vault"
        self.folder = os.open(self.docs, os.O_RDONLY)
        self.seal = seal_file.SealFile(
            Settings(state=tmp_path / "state", roots=(self.home,), recipients=RECIPIENTS)
        )
        self.ends = collections.Counter()

    def tries(self):
        """Numbers, for as long as there is time, at least FEWEST of them."""
        until, number = time.monotonic() + SECONDS, 0
        while time.monotonic() < until or number < FEWEST:
            yield number
            number += 1
        os.close(self.folder)

    def put(self, name, data):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        made = os.open(name, flags, dir_fd=self.folder)
        os.write(made, data)
        found = os.fstat(made)
        os.close(made)
        proof = {"device": found.st_dev, "inode": found.st_ino}
        return proof | {"sha256": hashlib.sha256(data).hexdigest()}

    def attack(self, number, data, proof):
        """One try: whatever was sealed must be the file that was judged."""
        asked = Attempt(id=str(number), subject=str(self.docs / "list.csv"), proof=proof)
        try:
            self.seal.apply(asked)
        except EnforcementError as error:
            self.ends[error.reason.value] += 1
            assert not (self.vault / f"{number}.json").exists()
            return
        self.ends["sealed"] += 1
        assert pyrage.decrypt((self.vault / f"{number}.age").read_bytes(), [OFFICER]) == data

    def times_outside(self):
        """A file that was only taken and given back shows in these."""
        return self.outside.stat().st_mtime_ns, (self.outside / "list.csv").stat().st_ctime_ns

    def check_outside(self):
        assert self.times_outside() == self.untouched
        assert (self.outside / "list.csv").read_bytes() == OUTSIDE

    def check_end(self):
        assert self.ends.total() >= FEWEST
        assert self.ends.total() > self.ends["sealed"], "the attacker never came between"
        self.seal.recover()
        assert self.seal.open_attempts() == ()
        assert os.listdir(self.home / stage.NAME) == []


@pytest.mark.slow
def test_a_folder_swapped_for_a_link_never_leads_outside(tmp_path):
    battle = Battle(tmp_path)
    link = battle.home / "link"
    link.symlink_to(battle.outside)
    with swapping(battle.docs, link) as attacker:
        for number in battle.tries():
            data = os.urandom(3000)
            with contextlib.suppress(FileNotFoundError):
                os.unlink("list.csv", dir_fd=battle.folder)
            battle.attack(number, data, battle.put("list.csv", data))
            battle.check_outside()
        with paused(attacker):
            battle.check_end()


@pytest.mark.slow
def test_a_file_swapped_for_a_link_never_leads_outside(tmp_path):
    battle = Battle(tmp_path)
    (battle.docs / "link").symlink_to(battle.outside / "list.csv")
    with swapping(battle.docs / "list.csv", battle.docs / "link") as attacker:
        for number in battle.tries():
            with paused(attacker):
                clear(battle)
                (battle.docs / "link").symlink_to(battle.outside / "list.csv")
                data = os.urandom(3000)
                proof = battle.put("list.csv", data)
            battle.attack(number, data, proof)
            battle.check_outside()
        with paused(attacker):
            battle.check_end()


@pytest.mark.slow
def test_a_file_swapped_for_an_innocent_one_never_takes_the_innocent_one(tmp_path):
    battle = Battle(tmp_path)
    with swapping(battle.docs / "list.csv", battle.docs / "innocent.txt") as attacker:
        for number in battle.tries():
            with paused(attacker):
                battle.seal.recover()
                if number:
                    contents = [path.read_bytes() for path in battle.docs.iterdir()]
                    assert INNOCENT in contents
                clear(battle)
                data = os.urandom(3000)
                proof = battle.put("list.csv", data)
                battle.put("innocent.txt", INNOCENT)
            battle.attack(number, data, proof)
        with paused(attacker):
            battle.check_end()
            assert INNOCENT in [path.read_bytes() for path in battle.docs.iterdir()]


def clear(battle):
    for name in os.listdir(battle.folder):
        os.unlink(name, dir_fd=battle.folder)

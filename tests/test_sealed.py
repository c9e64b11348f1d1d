"""``dossierwacht sealed``: what is listed, what comes back, and what is told when it cannot."""

import hashlib
import json
import os
import random
import stat

import pyrage
import pytest

from agent import cli
from agent.restore import printable
from enforcement import seal_file
from enforcement.base import Attempt, Recipient, Settings

OFFICER, RESERVE = (pyrage.x25519.Identity.generate() for _ in range(2))
RECIPIENTS = tuple(
    Recipient(name="officer", key=str(identity.to_public()), proven=True)
    for identity in (OFFICER, RESERVE)
)
DATA = random.Random(3).randbytes(150_000)
MTIME = 10**18 + 123_456_789


@pytest.fixture
def laptop(tmp_path):
    (tmp_path / "home" / "docs").mkdir(parents=True)
    (tmp_path / "officer.key").write_text(f"# public key: {OFFICER.to_public()}\n{OFFICER}\n")
    return tmp_path


def seal(laptop, id="a1", name="lijst 3b.csv", data=DATA, mode=0o640, checkpoint=None):
    path = laptop / "home" / "docs" / name
    path.write_bytes(data)
    path.chmod(mode)
    os.setxattr(path, "user.origin", b"mail")
    os.utime(path, ns=(MTIME, MTIME))
    found = path.stat()
    proof = {"sha256": hashlib.sha256(data).hexdigest()}
    proof |= {"device": found.st_dev, "inode": found.st_ino}
    settings = Settings(state=laptop / "state", roots=(laptop / "home",), recipients=RECIPIENTS)
    action = seal_file.SealFile(settings, **({"checkpoint": checkpoint} if checkpoint else {}))
    action.apply(Attempt(id=id, subject=str(path), proof=proof))
    return path


def run(laptop, *words):
    return cli.main(["sealed", *map(str, words), "--state", str(laptop / "state")])


def restore(laptop, *words, id="a1", key="officer.key"):
    return run(laptop, "restore", id, "--identity", laptop / key, *words)


def told(capsys):
    return capsys.readouterr().err


def test_a_file_comes_back_where_it_lay_byte_for_byte_with_everything_it_had(laptop, capsys):
    path = seal(laptop)
    before = sorted(os.listdir(laptop / "state" / "vault"))
    assert restore(laptop) == 0
    assert path.read_bytes() == DATA
    back = path.stat()
    assert (stat.S_IMODE(back.st_mode), back.st_mtime_ns) == (0o640, MTIME)
    assert os.getxattr(path, "user.origin") == b"mail"
    assert capsys.readouterr().out == f"restored {path}\n"
    assert sorted(os.listdir(laptop / "state" / "vault")) == before, "the sealed copy stays"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.root
def test_as_root_the_owner_comes_back_too(laptop):
    owned = laptop / "home" / "docs" / "own.csv"
    owned.write_bytes(b"x")
    os.chown(owned, 65534, 65533)
    proof = {"sha256": hashlib.sha256(b"x").hexdigest()}
    proof |= {"device": owned.stat().st_dev, "inode": owned.stat().st_ino}
    settings = Settings(state=laptop / "state", roots=(laptop / "home",), recipients=RECIPIENTS)
    seal_file.make(settings).apply(Attempt(id="own", subject=str(owned), proof=proof))
    assert restore(laptop, id="own") == 0
    assert (owned.stat().st_uid, owned.stat().st_gid) == (65534, 65533)


def test_a_file_can_be_put_into_another_folder_or_under_another_name(laptop):
    seal(laptop)
    (laptop / "elsewhere").mkdir()
    assert restore(laptop, "--to", laptop / "elsewhere") == 0
    assert (laptop / "elsewhere" / "lijst 3b.csv").read_bytes() == DATA
    assert restore(laptop, "--to", laptop / "elsewhere" / "other.csv") == 0
    assert (laptop / "elsewhere" / "other.csv").read_bytes() == DATA


@pytest.mark.parametrize("data", [b"", b"x", bytes(65_536), bytes(65_537)])
def test_files_of_every_length_come_back(laptop, data):
    path = seal(laptop, data=data)
    assert restore(laptop) == 0
    assert path.read_bytes() == data


def test_nothing_is_overwritten(laptop, capsys):
    path = seal(laptop)
    path.write_bytes(b"mine")
    (laptop / "link").symlink_to(laptop / "nowhere")
    for words in ([], ["--to", path], ["--to", laptop / "link"]):
        assert restore(laptop, *words) == 1
        assert "exists" in told(capsys)
    assert path.read_bytes() == b"mine"
    assert not (laptop / "nowhere").exists()


def test_a_folder_that_became_a_link_is_not_followed_on_the_way_back(laptop, capsys):
    path = seal(laptop)
    path.parent.rmdir()
    (laptop / "outside").mkdir()
    path.parent.symlink_to(laptop / "outside")
    assert restore(laptop) == 1
    assert "--to" in told(capsys)
    assert os.listdir(laptop / "outside") == []


def test_a_folder_that_is_gone_is_told(laptop, capsys):
    path = seal(laptop)
    path.parent.rmdir()
    assert restore(laptop) == 1
    assert f"cannot write in {path.parent}: No such file or directory" in told(capsys)


def test_a_key_it_was_not_sealed_to_opens_nothing(laptop, capsys):
    path = seal(laptop)
    (laptop / "stranger.key").write_text(str(pyrage.x25519.Identity.generate()))
    assert restore(laptop, key="stranger.key") == 1
    assert "not sealed to this key" in told(capsys)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe", None])
def test_a_file_that_is_no_identity_is_wrong_usage(laptop, capsys, content):
    seal(laptop)
    if content is not None:
        (laptop / "wrong.key").write_bytes(content)
    assert restore(laptop, key="wrong.key") == 2
    assert "wrong.key" in told(capsys)


@pytest.mark.parametrize("id", ["nothing", "../../a1", "a1.meta", ""])
def test_an_id_that_is_not_there_is_told(laptop, capsys, id):
    seal(laptop)
    assert restore(laptop, id=id) == 1
    assert "sealed list" in told(capsys)


@pytest.mark.parametrize("part", ["a1.age", "a1.meta.age"])
def test_a_damaged_copy_gives_nothing_back_and_leaves_nothing_behind(laptop, capsys, part):
    path = seal(laptop)
    file = laptop / "state" / "vault" / part
    whole = file.read_bytes()
    chance = random.Random(5)
    for at in chance.sample(range(len(whole)), 12):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert restore(laptop) == 1
        assert "a1" in told(capsys)
        assert os.listdir(path.parent) == []
    file.write_bytes(whole[:-1])
    assert restore(laptop) == 1
    file.write_bytes(whole)
    assert restore(laptop) == 0


def test_copies_that_were_swapped_are_noticed(laptop, capsys):
    seal(laptop, "a1", data=b"one" * 99)
    path = seal(laptop, "a2", "other.csv", data=b"two" * 99)
    vault = laptop / "state" / "vault"
    (vault / "a1.age").write_bytes((vault / "a2.age").read_bytes())
    assert restore(laptop) == 1
    assert "not the file that was sealed" in told(capsys)
    assert os.listdir(path.parent) == []


def test_a_missing_part_is_told_and_a_damaged_record_stops_nothing(laptop, capsys):
    path = seal(laptop)
    (laptop / "state" / "vault" / "a1.json").write_bytes(b"{")
    assert restore(laptop) == 0
    path.unlink()
    (laptop / "state" / "vault" / "a1.age").unlink()
    assert restore(laptop) == 1
    assert "a part of it is missing" in told(capsys)


@pytest.mark.parametrize(
    "about",
    [
        b"[]",
        b"{",
        b'{"version": 2}',
        b'{"version": 1, "path": "/etc/x"}',
        {"path": "relative"},
        {"mode": 0o4755},
        {"uid": "0"},
        {"xattrs": []},
    ],
)
def test_attributes_that_make_no_sense_are_refused(laptop, capsys, about):
    path = seal(laptop)
    file = laptop / "state" / "vault" / "a1.meta.age"
    if isinstance(about, dict):
        good = json.loads(pyrage.decrypt(file.read_bytes(), [OFFICER]))
        about = json.dumps(good | about).encode()
    file.write_bytes(pyrage.encrypt(about, [OFFICER.to_public()]))
    assert restore(laptop) == 1
    assert "damaged" in told(capsys)
    assert os.listdir(path.parent) == []


def test_the_list_shows_what_is_sealed_and_names_nobody(laptop, capsys):
    seal(laptop, "a1")
    seal(laptop, "a2", "other.csv", data=b"")
    capsys.readouterr()
    assert run(laptop, "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["id"], row["state"], row["size"]) for row in rows] == [
        ("a1", "sealed", len(DATA)),
        ("a2", "sealed", 0),
    ]
    assert run(laptop, "list") == 0
    shown = capsys.readouterr().out
    assert "a1" in shown and str(len(DATA)) in shown
    assert "lijst" not in shown


def test_an_empty_vault_is_fine_and_says_so(laptop, capsys):
    (laptop / "state").mkdir(mode=0o700)
    assert run(laptop, "list") == 0
    assert capsys.readouterr().out == "nothing is sealed here\n"
    assert run(laptop, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_folder_that_is_no_state_is_wrong_usage(laptop, capsys):
    assert run(laptop, "list") == 2
    assert "--state" in told(capsys)


def test_a_damaged_copy_is_listed_as_such(laptop, capsys):
    seal(laptop)
    (laptop / "state" / "vault" / "a1.age").unlink()
    capsys.readouterr()
    assert run(laptop, "list", "--json") == 1
    assert json.loads(capsys.readouterr().out)[0]["state"] == "damaged"


def test_what_is_under_way_is_listed_as_open(laptop, capsys):
    class Cut(BaseException):
        pass

    def cut(place):
        if place == "record-durable":
            raise Cut

    with pytest.raises(Cut):
        seal(laptop, checkpoint=cut)
    assert run(laptop, "list", "--json") == 0
    assert [(row["id"], row["state"]) for row in json.loads(capsys.readouterr().out)] == [
        ("a1", "open")
    ]


def test_a_name_is_shown_without_its_tricks():
    assert printable("list\n\x1b[31m\u202e\udcff å.csv") == r"list\n\x1b[31m\u202e\udcff å.csv"


@pytest.mark.parametrize("name", ["new\nline.csv", "\udcff.csv", "x" * 255])
def test_odd_names_come_back_as_they_were(laptop, name):
    path = seal(laptop, name=name)
    assert restore(laptop) == 0
    assert path.read_bytes() == DATA

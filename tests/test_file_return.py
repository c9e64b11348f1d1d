"""A sealed file comes back by order: whole, to its person, once, and for nobody else's key."""

import base64
import hashlib
import json
import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import return_address
from agent.cli import main
from agent.file_return import FileReturn
from agent.left_alone import LeftAlone
from agent.own_files import FileReturned, Returned
from agent.wire import orders as wire
from agent.wire.orders import Order, OrderError
from collectors.base import Observation
from enforcement import return_key, vault
from enforcement.base import Attempt, Recipient, Settings
from enforcement.seal_file import SealFile

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
ID, OTHER_ID = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
DEVICE = "d" + "a" * 16
OFFICER, RESERVE = (pyrage.x25519.Identity.generate() for _ in range(2))
DATA = random.Random(5).randbytes(100_000)


@dataclass
class Laptop:
    """A home, sealed files, and what takes orders there."""

    top: Path
    told: list[FileReturned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.docs = self.top / "home" / "sanne" / "docs"
        self.docs.mkdir(parents=True)
        self.state = self.top / "state"
        self.state.mkdir(mode=0o700)
        self.left_alone = LeftAlone(state=self.state, digest=lambda text: text)
        self.back = FileReturn(
            state=self.state,
            roots=[self.top / "home"],
            left_alone=self.left_alone,
            record=self._record,
            now=lambda: NOW,
        )

    def _record(self, one: Observation) -> str:
        assert isinstance(one, FileReturned)
        self.told.append(one)
        return "event"

    def seal(self, number: str = ID, name: str = "lijst 3b.csv", data: bytes = DATA) -> Path:
        path = self.docs / name
        path.write_bytes(data)
        path.chmod(0o640)
        found = path.stat()
        proof: dict[str, Any] = {"device": found.st_dev, "inode": found.st_ino}
        proof["sha256"] = hashlib.sha256(data).hexdigest()
        recipients = tuple(
            Recipient(name="officer", key=str(one.to_public()), proven=True)
            for one in (OFFICER, RESERVE)
        )
        settings = Settings(
            state=self.state,
            roots=(self.top / "home",),
            recipients=recipients,
            return_to=return_address.address(self.state),
        )
        SealFile(settings).apply(Attempt(id=number, subject=str(path), proof=proof))
        assert not path.exists()
        return path

    def return_key(self, number: str = ID) -> bytes:
        return (self.state / "vault" / f"{number}.return.age").read_bytes()

    def order(self, sealed: bytes | None = None, **changes: Any) -> Order:
        """What the officer's machine makes of a return key."""
        opened = pyrage.decrypt(sealed or self.return_key(), [OFFICER])
        to = pyrage.x25519.Recipient.from_str(return_key.read(opened).to)
        given: dict[str, Any] = {
            "number": str(uuid.uuid4()),
            "kind": "release",
            "device": DEVICE,
            "issued_at": NOW,
            "expires_at": NOW + timedelta(days=14),
            "item": ID,
            "key": base64.b64encode(pyrage.encrypt(opened, [to])).decode("ascii"),
            "days": 3,
        }
        return Order(**{**given, **changes})

    def ends(self, order: Order) -> Returned:
        """How following it ended."""
        self.back.follow(order)
        return self.told[-1].how


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def test_it_comes_back_where_it_lay_and_is_left_alone(laptop: Laptop) -> None:
    path = laptop.seal()
    assert laptop.ends(laptop.order()) is Returned.DONE
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o640
    assert laptop.left_alone.until(str(path), NOW) == NOW + timedelta(days=3)
    (told,) = laptop.told
    assert (told.subject, told.days, told.path) == (ID, 3, str(path))
    assert "path" not in told.facts()
    assert (laptop.state / "vault" / f"{ID}.json").exists(), "the sealed copy stays"


def test_what_came_back_is_settled_and_what_did_not_is_not(laptop: Laptop) -> None:
    laptop.seal()
    laptop.seal(OTHER_ID, "lijst 4b.csv")
    assert laptop.ends(laptop.order(key="bm90aGluZw==")) is Returned.KEY
    assert vault.unsettled(laptop.state / "vault") == {ID, OTHER_ID}
    assert laptop.ends(laptop.order()) is Returned.DONE
    assert vault.unsettled(laptop.state / "vault") == {OTHER_ID}


def test_the_list_is_written_before_the_file_is_there(laptop: Laptop) -> None:
    path = laptop.seal()
    seen: list[bool] = []
    before = laptop.left_alone.leave

    def leave(*given: Any) -> None:
        seen.append(path.exists())
        before(*given)

    laptop.left_alone.leave = leave  # type: ignore[method-assign]
    laptop.ends(laptop.order())
    assert seen == [False]


def test_an_order_followed_again_after_a_crash_makes_no_second_file(laptop: Laptop) -> None:
    path, order = laptop.seal(), laptop.order()
    assert laptop.ends(order) is Returned.DONE
    assert laptop.ends(order) is Returned.ALREADY
    assert os.listdir(laptop.docs) == [path.name]


def test_nothing_is_overwritten(laptop: Laptop) -> None:
    path = laptop.seal()
    path.write_bytes(b"something newer")
    (laptop.docs / "lijst 3b (2).csv").symlink_to("/etc/passwd")
    assert laptop.ends(laptop.order()) is Returned.DONE
    assert path.read_bytes() == b"something newer"
    assert (laptop.docs / "lijst 3b (3).csv").read_bytes() == DATA
    assert laptop.told[0].path == str(laptop.docs / "lijst 3b (3).csv")


def test_where_its_folder_is_gone_it_goes_to_the_one_above(laptop: Laptop) -> None:
    laptop.seal()
    laptop.docs.rmdir()
    assert laptop.ends(laptop.order()) is Returned.DONE
    assert (laptop.docs.parent / "lijst 3b.csv").read_bytes() == DATA


def test_a_folder_swapped_for_a_link_is_not_followed(laptop: Laptop, tmp_path: Path) -> None:
    laptop.seal()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    laptop.docs.rmdir()
    laptop.docs.symlink_to(elsewhere)
    assert laptop.ends(laptop.order()) is Returned.DONE
    assert os.listdir(elsewhere) == []
    assert (laptop.docs.parent / "lijst 3b.csv").read_bytes() == DATA


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_it_goes_to_no_folder_of_another_person(laptop: Laptop) -> None:
    laptop.seal()
    laptop.docs.rmdir()
    for folder in (laptop.docs.parent, laptop.docs.parent.parent):
        os.chown(folder, 1234, 1234)
    assert laptop.ends(laptop.order()) is Returned.PLACE


def test_a_folder_that_is_no_longer_listed_gets_nothing(laptop: Laptop, tmp_path: Path) -> None:
    path = laptop.seal()
    laptop.back.roots = [tmp_path / "another"]
    assert laptop.ends(laptop.order()) is Returned.PLACE
    assert not path.exists()


def test_only_the_key_of_that_file_and_that_laptop_opens_it(laptop: Laptop) -> None:
    path = laptop.seal()
    laptop.seal(OTHER_ID, "other.csv", b"other")
    of_another = laptop.order(laptop.return_key(OTHER_ID))
    assert laptop.ends(of_another) is Returned.KEY
    assert laptop.ends(laptop.order(item=OTHER_ID)) is Returned.KEY
    (laptop.state / return_address.FILE).unlink()
    return_address.address(laptop.state)
    assert laptop.ends(laptop.order()) is Returned.KEY
    assert not path.exists()


def test_a_key_that_says_another_number_than_it_opens_is_refused(laptop: Laptop) -> None:
    laptop.seal()
    opened = return_key.read(pyrage.decrypt(laptop.return_key(), [OFFICER]))
    bent = return_key.ReturnKey(number=OTHER_ID, to=opened.to, secret=opened.secret)
    to = pyrage.x25519.Recipient.from_str(opened.to)
    sealed = base64.b64encode(pyrage.encrypt(bent.text(), [to])).decode("ascii")
    assert laptop.ends(laptop.order(key=sealed)) is Returned.KEY


@pytest.mark.parametrize("key", ["YWdl", "AAAA", base64.b64encode(b"x" * 1500).decode()])
def test_what_is_no_key_opens_nothing(laptop: Laptop, key: str) -> None:
    laptop.seal()
    assert laptop.ends(laptop.order(key=key)) is Returned.KEY


def test_what_is_not_sealed_here_is_gone(laptop: Laptop) -> None:
    laptop.seal()
    order = laptop.order()
    (laptop.state / "vault" / f"{ID}.age").unlink()
    assert laptop.ends(order) is Returned.GONE


def test_a_damaged_copy_is_not_given_back(laptop: Laptop) -> None:
    path, order = laptop.seal(), laptop.order()
    copy = laptop.state / "vault" / f"{ID}.age"
    data = bytearray(copy.read_bytes())
    data[-100] ^= 1
    copy.write_bytes(data)
    assert laptop.ends(order) is Returned.FAULT
    assert os.listdir(laptop.docs) == []
    assert not path.exists()


@pytest.mark.parametrize("changes", [{"item": None}, {"key": msgspec.UNSET}])
def test_an_order_that_lacks_a_part_is_refused(laptop: Laptop, changes: dict[str, Any]) -> None:
    laptop.seal()
    with pytest.raises(OrderError, match="no sealed file, or brings no key"):
        laptop.ends(laptop.order(**changes))
    assert laptop.told == []


def test_without_a_word_it_is_left_alone_for_a_week(laptop: Laptop) -> None:
    path = laptop.seal()
    laptop.ends(laptop.order(days=msgspec.UNSET))
    assert laptop.left_alone.until(str(path), NOW) == NOW + timedelta(days=7)


def test_files_sealed_without_an_address_have_no_return_key(laptop: Laptop) -> None:
    path = laptop.docs / "x.csv"
    path.write_bytes(b"x")
    found = path.stat()
    proof = {
        "device": found.st_dev,
        "inode": found.st_ino,
        "sha256": hashlib.sha256(b"x").hexdigest(),
    }
    keys = tuple(
        Recipient(name="o", key=str(one.to_public()), proven=True) for one in (OFFICER, RESERVE)
    )
    settings = Settings(state=laptop.state, roots=(laptop.top / "home",), recipients=keys)
    SealFile(settings).apply(Attempt(id=ID, subject=str(path), proof=proof))
    assert not (laptop.state / "vault" / f"{ID}.return.age").exists()


class Desk:
    """The officer's machine: keys in files, and the command."""

    def __init__(self, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.top, self.capsys = top, capsys
        self.signing = Ed25519PrivateKey.generate()
        (top / "officer.txt").write_text(f"{OFFICER}\n")
        assert main(["order", "key", "--out", str(top / "sign.key")]) == 0
        capsys.readouterr()

    def release(self, data: bytes, *more: str, expect: int = 0) -> str:
        """What it prints: the order, or what is wrong."""
        (self.top / "details.age").write_bytes(data)
        words = [str(self.top / "details.age"), "--device", DEVICE]
        words += ["--identity", str(self.top / "officer.txt"), "--key", str(self.top / "sign.key")]
        assert main(["order", "release", *words, *more]) == expect
        said = self.capsys.readouterr()
        return said.err if expect else said.out


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def in_details(sealed: bytes) -> bytes:
    """The details of an event that brings a return key, sealed to the officer."""
    told = {"sealed": ID, "reason": "x", "return": base64.b64encode(sealed).decode()}
    to = pyrage.x25519.Recipient.from_str(str(OFFICER.to_public()))
    return bytes(pyrage.encrypt(json.dumps(told).encode(), [to]))


@pytest.mark.parametrize("wrap", [lambda sealed: sealed, in_details], ids=["key", "details"])
def test_the_officer_makes_an_order_that_gives_it_back(
    laptop: Laptop, desk: Desk, wrap: Callable[[bytes], bytes]
) -> None:
    path = laptop.seal()
    said = desk.release(wrap(laptop.return_key()), "--days", "2")
    order = wire.order_in(wire.read(said.encode("ascii")))
    assert (order.kind, order.device, order.item, order.days) == ("release", DEVICE, ID, 2)
    assert laptop.ends(order) is Returned.DONE
    assert path.read_bytes() == DATA


def test_who_carries_the_order_cannot_read_the_key(laptop: Laptop, desk: Desk) -> None:
    laptop.seal()
    secret = return_key.read(pyrage.decrypt(laptop.return_key(), [OFFICER])).secret
    order = wire.order_in(wire.read(desk.release(laptop.return_key()).encode("ascii")))
    assert isinstance(order.key, str)
    sealed = base64.b64decode(order.key)
    assert secret.encode() not in sealed
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [OFFICER])


def sealed_to_officer(text: str) -> bytes:
    to = pyrage.x25519.Recipient.from_str(str(OFFICER.to_public()))
    return bytes(pyrage.encrypt(text.encode(), [to]))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"nonsense", "does not open"),
        (sealed_to_officer("{}"), "brings no return key"),
        (sealed_to_officer('{"return": "!!"}'), "brings no return key"),
        (sealed_to_officer("[" * 3000), "brings no return key"),
        (sealed_to_officer('{"return": "YWdl"}'), "does not open"),
        (in_details(sealed_to_officer("no key")), "damaged return key"),
    ],
)
def test_what_is_no_return_key_is_said(desk: Desk, data: bytes, says: str) -> None:
    assert says in desk.release(data, expect=2)


def test_days_have_an_end(laptop: Laptop, desk: Desk) -> None:
    laptop.seal()
    assert "1 to 30 days" in desk.release(laptop.return_key(), "--days", "31", expect=2)


def test_a_damaged_address_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = return_address.address(tmp_path)
    assert return_address.address(tmp_path) == first
    assert (tmp_path / return_address.FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / return_address.FILE).write_bytes(b"\xff\x00")
    assert return_address.address(tmp_path) != first
    assert "a new one is made" in caplog.text

"""Orders: only those for this laptop, in time, by the right people, once; no forged one at all."""

import base64
import random
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.cli import main
from agent.orders import FILE, SKEW, Orders
from agent.wire import orders as wire
from agent.wire.orders import LONGEST_LIFE, Order
from agent.wire.signed import DocumentError, Signed, unsigned

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, ELSEWHERE = "d" + "a" * 16, "d" + "b" * 16
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def text(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")


def order(**changes: object) -> Order:
    given: dict[str, object] = {
        "number": str(uuid.uuid4()),
        "kind": "lost",
        "device": HERE,
        "issued_at": NOW,
        "expires_at": NOW + 14 * DAY,
    }
    return Order(**{**given, **changes})  # type: ignore[arg-type]


def signed(one: Order, *keys: Ed25519PrivateKey) -> bytes:
    given = unsigned(one)
    for key in keys or (KEY,):
        given = wire.sign(given, key)
    return msgspec.json.encode(given)


class Laptop:
    """Takes orders and remembers those it followed."""

    def __init__(self, state: Path, now: datetime = NOW, keys: tuple[str, ...] = (text(KEY),)):
        self.followed: list[Order] = []
        self.orders = Orders(
            state=state,
            keys=keys,
            device=lambda: HERE,
            follow=self.followed.append,
            now=lambda: now,
        )

    def refuses(self, data: bytes) -> str:
        with pytest.raises(DocumentError) as refused:
            self.orders.take(data)
        assert self.followed == []
        return str(refused.value)


def test_a_signed_order_is_followed_once(tmp_path: Path) -> None:
    laptop, one = Laptop(tmp_path), order()
    assert laptop.orders.take(signed(one)) == one
    assert laptop.followed == [one]
    assert "followed before" in Laptop(tmp_path).refuses(signed(one))
    assert Laptop(tmp_path).orders.take(signed(order())).kind == "lost"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"device": ELSEWHERE}, "another laptop"),
        ({"issued_at": NOW - 20 * DAY, "expires_at": NOW}, "expired"),
        ({"issued_at": NOW + 2 * SKEW}, "in the future"),
        ({"expires_at": NOW + LONGEST_LIFE + DAY}, "longer than 30 days"),
    ],
)
def test_what_is_not_meant_for_here_and_now_is_refused(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    assert says in Laptop(tmp_path).refuses(signed(order(**changes)))


@pytest.mark.parametrize("keys", [(STRANGER,), (STRANGER, Ed25519PrivateKey.generate())])
def test_a_stranger_signs_in_vain(tmp_path: Path, keys: tuple[Ed25519PrivateKey, ...]) -> None:
    assert "nobody has signed" in Laptop(tmp_path).refuses(signed(order(), *keys))


def test_without_keys_in_the_policy_nothing_is_followed(tmp_path: Path) -> None:
    assert "nobody has signed" in Laptop(tmp_path, keys=()).refuses(signed(order()))


def test_a_key_that_signs_twice_is_one_signature() -> None:
    twice = wire.sign(wire.sign(unsigned(order()), KEY), KEY)
    assert len(twice.signatures) == 1


def test_what_cannot_be_undone_takes_two_people(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    laptop, one = Laptop(tmp_path, keys=(text(KEY), text(other))), order(kind="wipe")
    assert "2 people must sign it, and 1 did" in laptop.refuses(signed(one))
    assert "2 people must sign" in laptop.refuses(signed(one, KEY, STRANGER))
    assert "2 people must sign" in laptop.refuses(signed(one, KEY, KEY))
    assert laptop.orders.take(signed(one, KEY, other)) == one


def test_a_policy_can_ask_two_people_where_one_would_do_and_never_one_where_two_must(
    tmp_path: Path,
) -> None:
    other = Ed25519PrivateKey.generate()
    laptop = Laptop(tmp_path, keys=(text(KEY), text(other)))
    item = {"item": str(uuid.uuid4()), "key": "AAAA", "days": 7}
    assert laptop.orders.take(signed(order(kind="release", **item)))
    laptop.followed.clear()
    laptop.orders.two_signers = ("release",)
    one = order(kind="release", **item)
    assert "2 people must sign it, and 1 did" in laptop.refuses(signed(one))
    assert "2 people must sign" in laptop.refuses(signed(order(kind="wipe")))
    assert laptop.orders.take(signed(one, KEY, other)) == one
    assert laptop.orders.take(signed(order(kind="lock"))).kind == "lock"


def test_an_order_before_enrolment_is_for_nobody(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.orders.device = lambda: None
    assert "another laptop" in laptop.refuses(signed(order()))


def test_a_thousand_flipped_bits_are_followed_by_nobody(tmp_path: Path) -> None:
    whole, chance = signed(order()), random.Random(3)
    laptop = Laptop(tmp_path)
    for _ in range(1000):
        at = chance.randrange(len(whole))
        bent = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        laptop.refuses(bent)


def test_a_signature_of_another_order_is_none_of_this_one(tmp_path: Path) -> None:
    one, other = (msgspec.json.decode(signed(order()), type=Signed) for _ in range(2))
    mixed = msgspec.structs.replace(one, signatures=other.signatures)
    assert "nobody has signed" in Laptop(tmp_path).refuses(msgspec.json.encode(mixed))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff" * 10, b"x" * 9000, b'{"order": 3}'])
def test_what_is_no_order_is_refused_plainly(tmp_path: Path, data: bytes) -> None:
    assert Laptop(tmp_path).refuses(data)


def test_a_damaged_list_of_used_orders_follows_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"{")
    assert "cannot be read" in Laptop(tmp_path).refuses(signed(order()))


def test_used_orders_are_forgotten_only_when_no_clock_could_take_them_again(tmp_path: Path) -> None:
    one = order()
    Laptop(tmp_path).orders.take(signed(one))
    later = NOW + 14 * DAY + LONGEST_LIFE
    other = order(issued_at=later - 2 * DAY, expires_at=later)
    Laptop(tmp_path, now=later - DAY).orders.take(signed(other))
    assert one.number in (tmp_path / FILE).read_text()
    other = order(issued_at=later, expires_at=later + 2 * DAY)
    Laptop(tmp_path, now=later + DAY).orders.take(signed(other))
    assert one.number not in (tmp_path / FILE).read_text()


def test_an_order_that_could_not_be_followed_can_be_taken_again(tmp_path: Path) -> None:
    laptop, data = Laptop(tmp_path), signed(order())

    def full(_: Order) -> None:
        raise OSError(28, "no space left")

    laptop.orders.follow = full
    with pytest.raises(OSError, match="no space"):
        laptop.orders.take(data)
    assert Laptop(tmp_path).orders.take(data).kind == "lost"


def test_the_commands_make_a_key_and_an_order_that_the_laptop_follows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "order.pem"
    assert main(["order", "key", "--out", str(key)]) == 0
    public = capsys.readouterr().out.strip()
    assert key.stat().st_mode & 0o777 == 0o600
    assert main(["order", "key", "--out", str(key)]) == 2
    capsys.readouterr()
    assert main(["order", "new", "lost", "--device", HERE, "--key", str(key)]) == 0
    data = capsys.readouterr().out.encode("ascii")
    laptop = Laptop(tmp_path, now=datetime.now(UTC), keys=(public,))
    assert laptop.orders.take(data).device == HERE


def test_a_second_person_signs_what_they_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, public = [tmp_path / "one.pem", tmp_path / "two.pem"], []
    for key in keys:
        main(["order", "key", "--out", str(key)])
        public.append(capsys.readouterr().out.strip())
    main(["order", "new", "wipe", "--device", HERE, "--key", str(keys[0])])
    file = tmp_path / "order.json"
    file.write_text(capsys.readouterr().out)
    assert main(["order", "sign", str(file), "--key", str(keys[1])]) == 0
    said = capsys.readouterr()
    assert f"signing: wipe for {HERE}" in said.err
    laptop = Laptop(tmp_path, now=datetime.now(UTC), keys=tuple(public))
    assert laptop.orders.take(said.out.encode("ascii")).kind == "wipe"
    file.write_text("nonsense")
    assert main(["order", "sign", str(file), "--key", str(keys[1])]) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--device", HERE, "--item", "00000000-0000-4000-8000-000000000001"], "'handed-over' is"),
        (["--device", "laptop-3"], "no laptop's name"),
        (["--device", HERE, "--days", "31"], "good for 1 to 30 days"),
        (["--device", HERE, "--key", "/nowhere"], "cannot read"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    key = tmp_path / "k.pem"
    main(["order", "key", "--out", str(key)])
    keyed = words if "--key" in words else [*words, "--key", str(key)]
    assert main(["order", "new", "lost", *keyed]) == 2
    assert says in capsys.readouterr().err

"""A laptop's word at a real collector: what it notes, what it notices, and what it hands on."""

import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.wire import messages, policies
from agent.wire.contact import CONTACT_PATH, MOST_ORDERS, Contact, News
from agent.wire.event import CHAIN_START
from agent.wire.policies import Scope
from agent.wire.signed import Signed
from server_stub.intake.contact import LARGEST_WORD
from tests.collector_on_loopback import (
    Laptop,
    Running,
    believed,
    collector,
    faults,
    problem,
    pupil_file,
)
from tests.signing import Office, encoded, new_key, order

LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with collector(tmp_path / "state") as made:
        yield made
    assert not [line for line in made.log if "unforeseen" in line or "Traceback" in line]


@pytest.fixture
def laptop(running: Running) -> Laptop:
    return running.laptop()


def word(laptop: Laptop, **changes: Any) -> bytes:
    given: dict[str, Any] = {
        "device": laptop.name,
        "agent_version": "0.1.0",
        "boot_id": str(uuid.uuid4()),
        "sent_at": datetime.now(UTC),
        "last": laptop.seq,
        "head": laptop.head,
        "waiting": 0,
        "policy": 1,
        "signed": False,
        "expired": False,
        "mode": "report",
        "keyring": 0,
        "state": "fine",
    }
    return messages.to_json(Contact(**{**given, **changes}))


def news(laptop: Laptop, **changes: Any) -> News:
    nonce = secrets.token_urlsafe(24)
    reply = laptop.post(CONTACT_PATH, word(laptop, **changes), nonce=nonce)
    assert reply.status_code == 200, reply.text
    believed(reply, _reply_key(laptop), nonce)
    return msgspec.json.decode(reply.content, type=News)


def _reply_key(laptop: Laptop) -> str:
    reply = laptop.enrol(laptop.at.many)
    return msgspec.json.decode(reply.content, type=messages.EnrolReply).collector_key


def publish(running: Running, given: Signed, *words: str) -> str:
    file = running.state / "document.json"
    file.write_bytes(encoded(given))
    return running.command(*(words or ("policy", "publish")), str(file))


def version(given: Signed | None) -> int:
    return 0 if given is None else policies.policy_in(given).version


def test_a_word_is_noted_and_the_newest_one_stays(laptop: Laptop) -> None:
    news(laptop, waiting=3, held="no-notice", state="look")
    news(laptop, policy=7, signed=True, sent_at=datetime.now(UTC) - timedelta(hours=2))
    (row,) = laptop.at.rows(
        "SELECT policy, signed, held, state, waiting, behind_seconds FROM contacts"
    )
    assert tuple(row)[:5] == (7, True, None, "fine", 0)
    assert 7190 < row.behind_seconds < 7290


def test_where_the_chain_ends_is_held_against_what_came(laptop: Laptop) -> None:
    news(laptop)
    first = laptop.head
    laptop.receipt(pupil_file())
    middle = laptop.head
    laptop.receipt(pupil_file())
    news(laptop)
    news(laptop, last=9, head="a" * 64)  # more than was sent yet
    assert faults(laptop.at, laptop.name) == []
    news(laptop, last=1, head=middle)
    news(laptop, last=0, head=first)
    news(laptop, last=2, head="b" * 64)
    assert faults(laptop.at, laptop.name) == [
        ("chain-rollback", "put-back", 1),
        ("chain-rollback", "put-back", 0),
        ("chain-fork", "another-history", 2),
    ]
    assert first == CHAIN_START


def test_the_same_fault_is_one_entry(laptop: Laptop) -> None:
    laptop.receipt(pupil_file())
    for _ in range(3):
        news(laptop, last=0, head=CHAIN_START)
    (row,) = laptop.at.rows("SELECT times FROM faults")
    assert row.times == 3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"device": "d" + "a" * 16}, "wrong-device"),
        ({"state": "Somebody's Name"}, "malformed"),
        ({"held": "/home/somebody"}, "malformed"),
        ({"done": ["x"]}, "malformed"),
        ({"policy": 10**9}, "malformed"),
        ({"mode": "off"}, "malformed"),
    ],
)
def test_a_word_of_another_form_is_refused(
    laptop: Laptop, changes: dict[str, Any], says: str
) -> None:
    reply = laptop.post(CONTACT_PATH, word(laptop, **changes))
    assert (reply.status_code, problem(reply)) in ((400, says), (403, says))
    assert laptop.at.rows("SELECT * FROM contacts") == []


def test_a_word_is_taken_once_and_from_those_who_are_known(laptop: Laptop) -> None:
    nonce = secrets.token_urlsafe(24)
    body = word(laptop)
    assert laptop.post(CONTACT_PATH, body, nonce=nonce).status_code == 200
    assert problem(laptop.post(CONTACT_PATH, body, nonce=nonce)) == "replayed"
    stranger = Laptop(laptop.at)
    assert problem(stranger.post(CONTACT_PATH, word(stranger))) == "unknown-device"
    large = laptop.post(CONTACT_PATH, b" " * (LARGEST_WORD + 1))
    assert (large.status_code, problem(large)) == (413, "too-large")
    thief = Laptop(laptop.at, key=new_key())
    assert problem(thief.post(CONTACT_PATH, word(laptop), keyid=laptop.name)) == "signature"


def test_keyrings_come_one_after_the_other_and_policies_after_them(laptop: Laptop) -> None:
    office, new = Office(), Office()
    for given in (
        office.keyring(1),
        Office(root=office.root).keyring(2, new_root=new.root),
        new.keyring(3),
        new.policy(4, until=LATER),
    ):
        publish(laptop.at, given)
    came = []
    for keyring in range(4):
        told = news(laptop, keyring=keyring)
        came.append(told.keyring and policies.keyring_in(told.keyring).version)
        assert version(told.policy) == (4 if keyring >= 2 else 0)
    assert came == [1, 2, 3, None]


def test_the_narrowest_policy_is_brought_and_only_what_is_newer(laptop: Laptop) -> None:
    office = Office()
    publish(laptop.at, office.keyring())
    assert version(news(laptop).policy) == 0
    publish(laptop.at, office.policy(2, until=LATER))
    mine = Scope(kind="device", names=[laptop.name])
    publish(laptop.at, office.policy(3, scope=mine, until=LATER))
    other = Scope(kind="group", names=["elsewhere"])
    publish(laptop.at, office.policy(4, scope=other, until=LATER))
    publish(laptop.at, office.policy(5, until=LATER))
    assert version(news(laptop).policy) == 3
    assert version(news(laptop.at.laptop()).policy) == 5
    assert version(news(laptop, policy=3, signed=True).policy) == 0
    assert version(news(laptop, policy=3, signed=False).policy) == 3, "that one is a file's"
    laptop.at.command("policy", "withdraw", "3")
    assert version(news(laptop, policy=3, signed=True).policy) == 5


def test_orders_are_brought_until_the_laptop_says_it_is_done(laptop: Laptop) -> None:
    key = new_key()
    given = [order(laptop.name, "lock", key, now=datetime.now(UTC)) for _ in range(MOST_ORDERS + 2)]
    for one in given:
        publish(laptop.at, one, "order", "send")
    told = news(laptop)
    assert told.orders == given[:MOST_ORDERS]
    numbers = [msgspec.json.decode(policies.signed.content(one))["number"] for one in given]
    other = laptop.at.laptop()
    assert news(other, done=numbers).orders == [], "they are another laptop's"
    assert len(news(laptop, done=numbers[:MOST_ORDERS]).orders) == 2
    assert news(laptop, done=numbers).orders == []


def test_every_laptop_gets_the_same_key_for_sticks(laptop: Laptop) -> None:
    keys = {news(one).stick_key for one in (laptop, laptop.at.laptop())}
    assert len(keys) == 1
    assert None not in keys

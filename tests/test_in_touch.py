"""Keeping in touch: a word when due, news from the collector alone, orders in the background."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import identity
from agent.in_touch import TRY_AGAIN, Condition, InTouch
from agent.journal import Journal
from agent.letter_box import LetterBox
from agent.managed import kept
from agent.managed.intake import Intake
from agent.outbox import LARGEST_SKEW, Outbox
from agent.policy import Policy
from agent.trouble import Trouble
from agent.wire import signatures
from agent.wire.contact import CONTACT_PATH, TAKES_LETTERS, Contact, News
from agent.wire.event import WIRE_VERSION
from agent.wire.messages import EVENTS_PATH, to_json
from agent.wire.signed import Signed, text_of
from collectors.base import utc_now
from tests.signing import Office, order
from tests.test_journal import new_event
from tests.test_letters import letter
from tests.test_outbox import DEVICE, DEVICE_KEY, WHO, honest, nonce_of, reply

OFFICE = Office()


@dataclass
class Laptop:
    """A journal, an outbox that keeps in touch, and clocks that the test sets."""

    state: Path
    at: float = 0.0
    off: timedelta = timedelta()
    followed: list[Signed] = field(default_factory=list)
    changes: int = 0
    may_follow: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.journal = Journal(self.state)
        intake = Intake(
            state=self.state,
            root=lambda: identity.key_text(signatures.public_bytes(OFFICE.root)),
            running=Policy(),
            version=0,
            record=lambda observation: "id",
            changed=self.changed,
            now=utc_now,
        )
        self.touch = InTouch(
            journal=self.journal,
            policy=Policy(version=3),
            managed=None,
            intake=intake,
            condition=lambda: Condition(state="fine", held="no-notice"),
            follow=self.follow,
            now=utc_now,
            monotonic=lambda: self.at,
        )
        self.box = Outbox(
            self.journal,
            key=lambda: DEVICE_KEY,
            identity=lambda: WHO,
            ca=lambda: "a certificate",
            boot_id="0" * 8 + "-0000-0000-0000-" + "0" * 12,
            now=lambda: utc_now() + self.off,
            in_touch=self.touch,
        )

    def changed(self) -> None:
        self.changes += 1

    def follow(self, given: Signed) -> str | None:
        self.may_follow.wait(10)
        self.followed.append(given)
        return f"{len(self.followed):08d}-0000-0000-0000-000000000000"

    def hears(self, request: dict[str, Any], **news: Any) -> Trouble:
        given = News(device=news.pop("device", DEVICE), at=utc_now(), **news)
        self.box.reply(*reply(request, 200, to_json(given)))
        return self.box.trouble


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    made = Laptop(tmp_path)
    made.may_follow.set()
    yield made
    made.may_follow.set()
    made.touch.close()
    made.journal.close()


def path_of(request: dict[str, Any]) -> str:
    return str(request.get("uri", "")).removeprefix(WHO.server)


def test_the_first_thing_is_a_word_and_then_events(laptop: Laptop) -> None:
    laptop.journal.append(new_event())
    request = laptop.box.request(0)
    assert path_of(request) == CONTACT_PATH
    word = msgspec.json.decode(request["body"], type=Contact)
    assert (word.policy, word.waiting, word.last, word.held) == (3, 1, 1, "no-notice")
    assert laptop.hears(request, again_seconds=100) is Trouble.NONE
    request = laptop.box.request(0)
    assert path_of(request) == EVENTS_PATH
    laptop.box.reply(*honest(request))
    assert laptop.box.request(0) == {}
    laptop.at = 101
    assert path_of(laptop.box.request(0)) == CONTACT_PATH


def test_a_word_that_brings_no_answer_holds_no_event_up(laptop: Laptop) -> None:
    laptop.journal.append(new_event())
    assert path_of(laptop.box.request(0)) == CONTACT_PATH
    laptop.box.failed(Trouble.UNREACHABLE)
    assert path_of(laptop.box.request(0)) == EVENTS_PATH
    laptop.box.failed(Trouble.UNREACHABLE)
    laptop.at = TRY_AGAIN + 1
    assert path_of(laptop.box.request(0)) == CONTACT_PATH


def test_news_for_another_laptop_and_from_an_impostor_change_nothing(laptop: Laptop) -> None:
    request = laptop.box.request(0)
    assert laptop.hears(request, device="d" + "b" * 16, keyring=OFFICE.keyring()) is (
        Trouble.WRONG_SIGNATURE
    )
    laptop.at += TRY_AGAIN
    request = laptop.box.request(0)
    body = to_json(News(device=DEVICE, at=utc_now(), keyring=OFFICE.keyring()))
    laptop.box.reply(*reply(request, 200, body, key=DEVICE_KEY))
    assert laptop.box.trouble is Trouble.WRONG_SIGNATURE
    laptop.box.reply(200, {}, body)  # nobody asked
    assert kept.keyring(laptop.state) is None


def test_what_the_news_bring_is_taken_up(laptop: Laptop) -> None:
    until = utc_now() + timedelta(days=1)
    request = laptop.box.request(0)
    key = text_of(b"k" * 32)
    told = laptop.hears(
        request, keyring=OFFICE.keyring(), policy=OFFICE.policy(2, until=until), stick_key=key
    )
    assert told is Trouble.NONE
    found = kept.managed(laptop.state)
    assert found is not None
    assert (found.document.version, laptop.changes) == (2, 1)
    assert identity.stick_key(laptop.state) == b"k" * 32


def test_orders_are_followed_beside_and_said_to_be_done_once(laptop: Laptop) -> None:
    given = order(DEVICE, "report", OFFICE.root)
    laptop.may_follow.clear()
    assert laptop.hears(laptop.box.request(0), orders=[given]) is Trouble.NONE
    assert laptop.followed == []
    laptop.at += 1000
    again = laptop.box.request(0)
    assert msgspec.json.decode(again["body"], type=Contact).done == []
    laptop.hears(again, orders=[given])  # brought once more, and not begun twice
    laptop.may_follow.set()
    laptop.touch.close()
    assert laptop.followed == [given]
    for expected in (["00000001-0000-0000-0000-000000000000"], []):
        request = laptop.box.request(0)
        assert msgspec.json.decode(request["body"], type=Contact).done == expected
        laptop.hears(request)
        laptop.at += 1000


@pytest.mark.parametrize("hours", [-30 * 24, -3, 3, 30 * 24])
def test_requests_are_dated_by_the_collectors_clock(laptop: Laptop, hours: int) -> None:
    laptop.off = timedelta(hours=hours)
    first = laptop.box.request(0)
    assert _error(first) > timedelta(minutes=5)
    laptop.hears(first)
    laptop.at += 1000
    second = laptop.box.request(0)
    assert _error(second) < timedelta(seconds=5)
    assert abs(laptop.box.behind + laptop.off) < timedelta(seconds=5)
    word = msgspec.json.decode(second["body"], type=Contact)
    assert abs(word.sent_at - datetime.now(UTC)) < timedelta(minutes=1), "that clock is right"


def test_a_clock_that_is_out_of_this_world_is_not_counted_from(laptop: Laptop) -> None:
    laptop.off = LARGEST_SKEW + timedelta(days=1)
    laptop.hears(laptop.box.request(0))
    assert laptop.box.behind == timedelta()


def said(request: dict[str, Any]) -> dict[str, Any]:
    """A word as it stands in the request, field by field."""
    told = msgspec.json.decode(request["body"])
    assert isinstance(told, dict)
    return told


def test_letters_are_kept_and_said_to_be_heard_once(laptop: Laptop) -> None:
    person: list[int | None] = [1001]
    laptop.touch.letters = LetterBox(state=laptop.state, whose=lambda _: person[0], now=utc_now)
    request = laptop.box.request(0)
    assert said(request)["wire"] == TAKES_LETTERS
    assert {"heard", "unplaced"} & set(said(request)) == set(), "an older collector knows neither"
    assert laptop.hears(request, letters=[letter(1), letter(2)]) is Trouble.NONE
    person[0] = None
    laptop.at += 1000
    request = laptop.box.request(0)
    assert said(request)["heard"] == [letter(1).number, letter(2).number]
    laptop.hears(request, letters=[letter(3)])
    laptop.at += 1000
    request = laptop.box.request(0)
    assert "heard" not in said(request)
    assert said(request)["unplaced"] == [letter(3).number]
    laptop.box.failed(Trouble.UNREACHABLE)
    laptop.at += 1000
    request = laptop.box.request(0)
    assert "unplaced" not in said(request), "a collector that was put back to an older version"
    laptop.hears(request, letters=[letter(3)])
    laptop.at += 1000
    assert said(laptop.box.request(0))["unplaced"] == [letter(3).number]


def test_letters_that_cannot_be_kept_are_not_said_to_be_heard(laptop: Laptop) -> None:
    box = LetterBox(state=laptop.state / "gone", whose=lambda _: 1001, now=utc_now)
    laptop.touch.letters = box
    assert laptop.hears(laptop.box.request(0), letters=[letter()]) is Trouble.NONE
    laptop.at += 1000
    assert "heard" not in said(laptop.box.request(0))
    assert box.of(1001) == []


def test_an_agent_that_takes_no_letters_speaks_as_it_always_did(laptop: Laptop) -> None:
    assert said(laptop.box.request(0))["wire"] == WIRE_VERSION


def _error(request: dict[str, Any]) -> timedelta:
    assert nonce_of(request)
    return abs(signatures.read(request["headers"]).created - datetime.now(UTC))

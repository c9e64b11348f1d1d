"""The recorder: what an observation may say leaves, what it may not stays or is sealed."""

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import pytest

from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import Facts, Keyed, Observation, utc_now


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing(Observation):
    kind: ClassVar[str] = "thing-seen"
    said: Facts

    def facts(self) -> Facts:
        return self.said

    def details(self) -> dict[str, str | int]:
        return {"path": self.subject, "size": 7}

    def once(self) -> str | None:
        return self.subject


def thing(subject: str = "/home/sofie/lijst.csv", **facts: object) -> Thing:
    return Thing(observed_at=utc_now(), subject=subject, said=facts)  # type: ignore[arg-type]


def recorder(key: bytes = b"k" * 32) -> Recorder:
    return Recorder(key=key, seal=lambda plain: b"S" + plain[::-1], now=utc_now)


def test_words_numbers_and_sets_of_words_leave_as_they_are() -> None:
    event = recorder().event(thing(colour=Colour.RED, n=3, yes=True, all=(Colour.RED, Colour.BLUE)))
    assert event.facts == {"colour": "red", "n": 3, "yes": True, "all": ["red", "blue"]}


def test_a_keyed_value_leaves_as_a_digest_that_only_this_laptop_can_make() -> None:
    first = recorder().event(thing(file=Keyed("/home/sofie/lijst.csv"))).facts["file"]
    again = recorder().event(thing(file=Keyed("/home/sofie/lijst.csv"))).facts["file"]
    other = recorder(b"o" * 32).event(thing(file=Keyed("/home/sofie/lijst.csv"))).facts["file"]
    assert first == again != other
    assert isinstance(first, str)
    assert first.startswith("b32:")


def test_a_number_too_long_is_cut_to_the_bound() -> None:
    facts = recorder().event(thing(big=123456782, small=-50)).facts
    assert facts == {"big": wire.LARGEST_NUMBER, "small": wire.SMALLEST_NUMBER}


@pytest.mark.parametrize("name", ["naam", "x"])
@pytest.mark.parametrize("value", ["Sofie de Vries", "sofie@school.example", "a/b", 1.5, None])
def test_facts_outside_the_contract_are_withheld_and_the_event_stays(
    name: str, value: object
) -> None:
    event = recorder().event(thing(**{name: value}))
    assert event.facts == {"withheld": True}
    assert event.kind == "thing-seen"
    assert event.sealed


def test_facts_that_resemble_a_persons_number_are_withheld() -> None:
    assert recorder().event(thing(word="x269326728")).facts == {"withheld": True}


def test_details_are_sealed_and_nowhere_else() -> None:
    event = recorder().event(thing())
    body = wire.encode(event)
    assert b"sofie" not in body
    plain = base64.b64decode(event.sealed)[1:][::-1]
    assert json.loads(plain) == {"path": "/home/sofie/lijst.csv", "size": 7}


def test_without_recipients_details_stay_on_the_laptop() -> None:
    event = Recorder(key=b"k" * 32, seal=None, now=utc_now).event(thing())
    assert event.sealed == ""


def test_a_name_of_bytes_that_are_no_text_can_be_sealed_and_told_apart() -> None:
    strange = b"/home/x/\xff\n\xe2\x80\xaelist".decode("utf-8", "surrogateescape")
    event = recorder().event(thing(strange, file=Keyed(strange)))
    plain = json.loads(base64.b64decode(event.sealed)[1:][::-1])
    assert plain["path"] == "/home/x/\\xff\n\u202elist"
    assert recorder().once(thing(strange)) != recorder().once(thing())


def test_once_is_a_digest_that_tells_kinds_apart() -> None:
    once = recorder().once(thing())
    assert once is not None
    assert "sofie" not in once


def test_half_a_character_can_be_sealed() -> None:
    event = recorder().event(thing(subject="/x/\ud800 and \udcff"))
    assert event.sealed


def test_details_that_are_too_long_to_leave_stay_and_the_event_can_be_read_again() -> None:
    long = Recorder(key=b"k" * 32, seal=lambda plain: b"S" * 60_000, now=utc_now)
    event = long.event(thing())
    assert (event.facts, event.sealed) == ({"withheld": True}, "")
    assert wire.decode(wire.encode(event)) == event

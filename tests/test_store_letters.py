"""Letters in the database: brought until they were heard, joined with their own answers only."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from agent.wire.letters import reference
from server_stub import letters as pure
from server_stub.breaches import register
from server_stub.letters import Letter, What, number_in
from server_stub.storage import (
    store_devices,
    store_events,
    store_letters,
    store_register,
    store_retention,
    store_tokens,
)
from server_stub.storage.store import Store
from server_stub.storage.tables import events
from tests.test_wire import make_event

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINE, OTHER = "d" + "a" * 16, "d" + "b" * 16


def letter(number: int = 1, **changes: Any) -> Letter:
    given: dict[str, Any] = {
        "number": str(uuid.UUID(int=number)),
        "device": MINE,
        "seq": 7,
        "about": str(uuid.UUID(int=700)),
        "kind": "leak-reported",
        "happened_at": NOON,
        "what": What.QUESTION,
        "role": "officer",
        "who": "olaf",
        "text": f"Question {number}?",
        "purpose": "",
        "until": "",
        "at": NOON + timedelta(minutes=number),
        "due_at": NOON,
    }
    return Letter(**(given | changes))


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """A database with two laptops, in one transaction."""
    store.write(lambda c: store_tokens.add_token(c, "0" * 64, 9, NOON, NOON))
    with store.engine.connect() as made, made.begin():
        for name in (MINE, OTHER):
            store_devices.add_device(
                made,
                name=name,
                public_key="x" * 44,
                owner="issued",
                agent_version="0.1.0",
                token=1,
                now=NOON,
            )
        yield made


def event(
    connection: Connection, seq: int, device: str = MINE, at: datetime = NOON, **changes: Any
) -> None:
    made = make_event(**({"id": str(uuid.uuid4()), "kind": "leak-reported", "facts": {}} | changes))
    row = {
        "device": device,
        "seq": seq,
        "event_id": made.id,
        "kind": made.kind,
        "observed_at": made.observed_at,
        "recorded_at": made.recorded_at,
        "received_at": at,
        "body": store_events.wire.encode(made).decode(),
        "head": "0" * 64,
    }
    connection.execute(insert(events).values(**row))


def numbers(found: list[Letter]) -> list[int]:
    return [uuid.UUID(one.number).int for one in found]


def answered(connection: Connection, number: int, seq: int, device: str = MINE) -> None:
    told = make_event(kind=pure.ANSWERED, facts={"letter": reference(str(uuid.UUID(int=number)))})
    store_letters.note_answers(connection, device, [(seq, told)], NOON)


def test_a_letter_is_brought_until_its_own_laptop_has_it(connection: Connection) -> None:
    for number in (1, 2, 3):
        assert store_letters.add(connection, letter(number))
    assert numbers(store_letters.to_bring(connection, MINE, NOON, 2)) == [1, 2]
    assert store_letters.to_bring(connection, OTHER, NOON, 9) == []
    store_letters.heard(connection, OTHER, [letter(1).number], NOON, placed=True)
    assert numbers(store_letters.to_bring(connection, MINE, NOON, 9)) == [1, 2, 3]
    store_letters.heard(connection, MINE, [letter(1).number], NOON, placed=True)
    store_letters.heard(connection, MINE, [letter(2).number, "x"], NOON, placed=False)
    store_letters.heard(connection, MINE, [letter(2).number], NOON, placed=True)
    assert numbers(store_letters.to_bring(connection, MINE, NOON, 9)) == [3]
    states = [one.state for one in store_letters.of_event(connection, MINE, 7)]
    assert states == ["waits", "nobody", "brought"]


def test_what_is_to_be_told_later_is_brought_later(connection: Connection) -> None:
    later = NOON + timedelta(days=30)
    opened = letter(1, what=What.OPENED, purpose="judge", due_at=later)
    store_letters.add(connection, opened)
    assert store_letters.to_bring(connection, MINE, NOON, 9) == []
    store_letters.heard(connection, MINE, [opened.number], NOON, placed=True)
    assert numbers(store_letters.to_bring(connection, MINE, later, 9)) == [1]


def test_the_same_question_twice_is_asked_once(connection: Connection) -> None:
    assert store_letters.add(connection, letter(1, text="Where?"))
    assert not store_letters.add(connection, letter(2, text="Where?"))
    assert store_letters.add(connection, letter(3, text="Where?", seq=8))
    for number in (4, 5):
        opened = letter(number, what=What.OPENED, purpose="judge", text="Where?")
        assert store_letters.add(connection, opened), "each opening is told"


def test_a_laptop_answers_its_own_questions_and_no_others(connection: Connection) -> None:
    store_letters.add(connection, letter(1))
    store_letters.add(connection, letter(2))
    store_letters.add(connection, letter(3, what=What.GRANTED))
    answered(connection, 1, 9, OTHER)
    answered(connection, 3, 9)
    answered(connection, 77, 9)
    assert numbers(store_letters.questions(connection, answered=False)) == [1, 2]
    answered(connection, 1, 9)
    answered(connection, 1, 10)
    assert numbers(store_letters.questions(connection, answered=False)) == [2]
    (done,) = store_letters.questions(connection, answered=True)
    assert [one.seq for one in store_letters.answers_to(connection, [done])[done.number]] == [10, 9]


def test_a_flood_of_answers_is_kept_in_mind_up_to_a_bound(connection: Connection) -> None:
    store_letters.add(connection, letter(1))
    for seq in range(10, 10 + store_letters.MOST_ANSWERS + 5):
        answered(connection, 1, seq)
    found = store_letters.answers_to(connection, [letter(1)])[letter(1).number]
    assert len(found) == store_letters.MOST_ANSWERS


@pytest.mark.parametrize("fact", [None, True, 7, "word", ["b32"], "b32:" + "7" * 26])
def test_an_answer_to_nothing_is_joined_with_nothing(fact: Any) -> None:
    assert number_in(fact) == ""
    assert number_in(reference(letter(1).number)) == letter(1).number


def test_a_request_is_open_until_it_is_answered(connection: Connection) -> None:
    for seq in (7, 8):
        event(connection, seq, kind=pure.ASKED, facts={"what": "app", "wanted-days": 3})
    event(connection, 7, OTHER, kind=pure.ASKED, facts={"what": "app", "wanted-days": 3})
    store_letters.add(connection, letter(1, kind=pure.ASKED, what=What.REFUSED))
    store_letters.add(connection, letter(2, kind=pure.ASKED, what=What.OPENED, seq=8))
    waiting = [(one.device, one.seq) for one in store_letters.open_requests(connection)]
    assert waiting == [(MINE, 8), (OTHER, 7)]
    ((given, asked),) = store_letters.answered_requests(connection)
    assert asked is not None
    assert (given.number, asked.seq) == (letter(1).number, 7)


def test_what_was_kept_long_enough_goes_but_for_the_register_and_what_is_still_to_be_told(
    connection: Connection,
) -> None:
    later = NOON + timedelta(days=200)
    for seq in (7, 8, 9, 10, 11):
        event(connection, seq)
    event(connection, 12, at=later)
    draft = register.draft_from(MINE, 7, make_event(kind="leak-reported", facts={}), NOON)
    store_register.open_breach(connection, draft, "olaf", NOON)
    store_letters.add(connection, letter(1))
    answered(connection, 1, 9)
    store_letters.add(connection, letter(2, seq=8))
    answered(connection, 2, 10)
    store_letters.add(connection, letter(3, seq=8, what=What.OPENED, due_at=later))
    store_retention.purge(connection, NOON + timedelta(days=90), 100)
    left = connection.scalars(select(events.c.seq).order_by(events.c.seq))
    assert list(left) == [7, 9, 12]
    assert numbers(store_letters.of_event(connection, MINE, 7)) == [1]
    assert numbers(store_letters.of_event(connection, MINE, 8)) == [3]
    assert store_letters.answers_to(connection, [letter(2)])[letter(2).number] == []

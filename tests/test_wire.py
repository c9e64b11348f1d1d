"""The contract: what fits an event and what does not, the chain, tokens and names."""

import base64
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from agent.wire import event as wire
from agent.wire import messages

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def make_event(**changes: object) -> wire.Event:
    given = {
        "id": str(uuid.UUID(int=7)),
        "kind": "pupil-file-found",
        "observed_at": NOW,
        "recorded_at": NOW + timedelta(seconds=1),
        "facts": {"class": "class-list", "persons-min": 28, "encrypted": False},
    }
    return wire.Event(**{**given, **changes})  # type: ignore[arg-type]


GOLDEN = (
    b'{"decision":null,"facts":{"class":"class-list","encrypted":false,"persons-min":28},'
    b'"id":"00000000-0000-0000-0000-000000000007","kind":"pupil-file-found",'
    b'"observed_at":"2026-11-23T09:30:00Z","outcome":null,"recorded_at":"2026-11-23T09:30:01Z",'
    b'"sealed":"","wire":1}'
)


def test_the_canonical_body_is_the_one_every_released_version_wrote() -> None:
    assert wire.encode(make_event()) == GOLDEN
    assert wire.decode(GOLDEN) == make_event()


def test_encoding_what_was_decoded_gives_the_same_bytes() -> None:
    body = wire.encode(make_event(facts={"b": ["x", "y"], "a": wire.digest_text(b"k" * 32)}))
    assert wire.encode(wire.decode(body)) == body


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Sofie de Vries"},
        {"note": "jan_jansen"},
        {"number": 123456782},
        {"number": 1.5},
        {"Upper": True},
        {"words": ["fine", "Not Fine"]},
        {"nested": {"a": 1}},
        {"digest": "b32:short"},
        {"word": "x" * 49},
        {"word": "line\nbreak"},
        {"word": "ends-with\n"},
    ],
)
def test_a_fact_that_is_no_closed_word_number_or_digest_is_refused(facts: object) -> None:
    body = msgspec.json.encode({**msgspec.to_builtins(make_event()), "facts": facts})
    with pytest.raises(msgspec.ValidationError):
        wire.decode(body)


def test_an_unknown_field_is_refused() -> None:
    body = msgspec.json.encode({**msgspec.to_builtins(make_event()), "extra": "x"})
    with pytest.raises(msgspec.ValidationError):
        wire.decode(body)


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.decode(GOLDEN.replace(b"09:30:00Z", b"09:30:00"))


def test_the_chain_changes_with_the_number_the_body_and_what_came_before() -> None:
    start = wire.link(wire.CHAIN_START, 1, b"a")
    others = {
        wire.link(wire.CHAIN_START, 2, b"a"),
        wire.link(wire.CHAIN_START, 1, b"b"),
        wire.link(start, 1, b"a"),
    }
    assert start not in others
    assert len(others) == 3


def test_a_token_says_its_secret_and_its_pin_and_nothing_else_is_one() -> None:
    token = messages.write_token(bytes(range(17)), messages.pin_of(b"certificate"))
    secret, pin = messages.read_token(token)
    assert pin == messages.pin_of(b"certificate")
    assert base64.b32decode(secret.upper() + "======")[:16] == bytes(range(16))
    for wrong in ("", "dw1-x", token + "a", token.upper(), token.replace("-", "_")):
        with pytest.raises(ValueError, match="enrolment token"):
            messages.read_token(wrong)


def test_a_laptops_name_belongs_to_its_key_alone() -> None:
    assert messages.device_name(b"a" * 32) != messages.device_name(b"b" * 32)
    assert len(messages.device_name(b"a" * 32)) == 17


def test_a_batch_holds_at_least_one_record_and_at_most_the_limit() -> None:
    record = messages.Record(seq=1, body="{}")
    for count in (0, messages.MOST_RECORDS + 1):
        raw = {
            "device": messages.device_name(b"a" * 32),
            "agent_version": "0.1.0",
            "boot_id": str(uuid.UUID(int=1)),
            "sent_at": NOW,
            "previous": wire.CHAIN_START,
            "records": [msgspec.to_builtins(record)] * count,
        }
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(raw), type=messages.Batch)

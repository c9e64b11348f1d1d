"""The contract: what fits an event and what does not, the chain, tokens and names."""

import base64
import inspect
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agent.wire import contact, letters, messages, orders, policies, reports, signed
from agent.wire import event as wire

FOLDER = Path(__file__).parent / "golden" / f"wire-{wire.WIRE_VERSION}"
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


KEY = "A" * 43 + "="
SIGNED = signed.Signed(
    document="e30=", signatures=[signed.Signature(key=KEY, value="A" * 86 + "==")]
)
RECORD = messages.Record(seq=7, body=GOLDEN.decode())
EVERY_MESSAGE: dict[str, msgspec.Struct] = {
    "event": make_event(),
    "event-in-full": make_event(
        facts={"b": ["x", "y"], "a": wire.digest_text(b"k" * 32), "c": -1, "d": True, "e": "word"},
        decision=wire.DecisionPart(
            action="seal-file", rule="downloads", enforced=False, held="first-days"
        ),
        outcome=wire.OutcomePart(result="not-done", reason="report-only"),
        sealed=base64.b64encode(b"age-encryption.org/v1").decode(),
    ),
    "enrol-request": messages.EnrolRequest(
        token=messages.write_token(bytes(17), "a" * 26), public_key=KEY, agent_version="0.1.0"
    ),
    "enrol-reply": messages.EnrolReply(device="d" + "a" * 16, collector_key=KEY),
    "rotate-request": messages.RotateRequest(
        device="d" + "a" * 16, public_key=KEY, proof="A" * 86 + "=="
    ),
    "rotate-reply": messages.RotateReply(device="d" + "a" * 16, public_key=KEY),
    "contact": contact.Contact(
        device="d" + "a" * 16,
        agent_version="0.1.0",
        boot_id=str(uuid.UUID(int=8)),
        sent_at=NOW,
        last=7,
        head=wire.CHAIN_START,
        waiting=2,
        policy=3,
        signed=True,
        expired=False,
        mode="enforce",
        keyring=1,
        held="first-days",
        state="fine",
        done=[str(uuid.UUID(int=9))],
    ),
    "news": contact.News(
        device="d" + "a" * 16,
        at=NOW,
        group="care",
        keyring=SIGNED,
        policy=SIGNED,
        orders=[SIGNED],
        stick_key=KEY,
    ),
    "contact-with-letters": contact.Contact(
        device="d" + "a" * 16,
        agent_version="0.1.0",
        boot_id=str(uuid.UUID(int=8)),
        sent_at=NOW,
        last=7,
        head=wire.CHAIN_START,
        waiting=2,
        policy=3,
        signed=True,
        expired=False,
        mode="enforce",
        keyring=1,
        state="fine",
        wire=contact.TAKES_LETTERS,
        heard=[str(uuid.UUID(int=10))],
        unplaced=[str(uuid.UUID(int=11))],
    ),
    "news-with-letters": contact.News(
        device="d" + "a" * 16,
        at=NOW,
        letters=[
            letters.Letter(
                number=str(uuid.UUID(int=10)),
                about=str(uuid.UUID(int=7)),
                kind="leak-reported",
                happened_at=NOW,
                what="question",
                by="officer",
                at=NOW + timedelta(hours=1),
                text="Was the stick encrypted?",
            ),
            letters.Letter(
                number=str(uuid.UUID(int=11)),
                about=str(uuid.UUID(int=6)),
                kind="permission-asked",
                happened_at=NOW,
                what="granted",
                by="it",
                at=NOW + timedelta(hours=1),
                until=date(2026, 12, 24),
            ),
            letters.Letter(
                number=str(uuid.UUID(int=12)),
                about=str(uuid.UUID(int=5)),
                kind="pupil-file-found",
                happened_at=NOW,
                what="opened",
                by="officer",
                at=NOW + timedelta(hours=1),
                text="A list lay in a shared folder",
                purpose="judge",
            ),
        ],
    ),
    "order": orders.Order(
        number=str(uuid.UUID(int=9)),
        kind="lost",
        device="d" + "a" * 16,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=14),
    ),
    "order-release": orders.Order(
        number=str(uuid.UUID(int=9)),
        kind="release",
        device="d" + "a" * 16,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=14),
        item=str(uuid.UUID(int=8)),
        key="YWdl",
        days=7,
    ),
    "keyring": policies.Keyring(
        version=1, issued_at=NOW, root=KEY, signers=[policies.Signer(name="it", key=KEY)]
    ),
    "policy": policies.PolicyDocument(
        version=3,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=90),
        scope=policies.Scope(kind="group", names=["care"]),
        toml='name = "x"',
    ),
    "report": reports.LaptopReport(
        device="d" + "a" * 16, made_at=NOW, agent_version="0.1.0", report={"state": "fine"}
    ),
    "batch": messages.Batch(
        device="d" + "a" * 16,
        agent_version="0.1.0",
        boot_id=str(uuid.UUID(int=8)),
        sent_at=NOW,
        previous=wire.CHAIN_START,
        records=[RECORD],
    ),
    "receipt": messages.Receipt(
        device="d" + "a" * 16,
        last=7,
        head=wire.link(wire.CHAIN_START, 7, GOLDEN),
        received_at=NOW,
        refused=[messages.Refusal(seq=7, reason="untyped")],
    ),
    "problem": messages.Problem(
        error=messages.ProblemDetail(code="clock", message="set the laptop's clock")
    ),
}
KINDS = sorted(EVERY_MESSAGE)


def written(message: msgspec.Struct) -> bytes:
    return wire.encode(message) if isinstance(message, wire.Event) else messages.to_json(message)


@pytest.mark.parametrize("kind", KINDS)
def test_each_message_is_written_as_in_every_release_of_this_version(kind: str) -> None:
    """``tests/golden/wire-1`` is never edited: another form is another version of the wire."""
    golden = (FOLDER / f"{kind}.json").read_bytes()
    message = EVERY_MESSAGE[kind]
    assert written(message) == golden
    assert msgspec.json.decode(golden, type=type(message)) == message


def test_no_message_is_without_its_golden_file() -> None:
    parts = {
        messages.Record,
        messages.Refusal,
        messages.ProblemDetail,
        messages.Spoken,
        signed.Signed,
        signed.Signature,
        policies.Signer,
        policies.Scope,
        letters.Letter,
        wire.DecisionPart,
        wire.OutcomePart,
    }
    modules = (messages, contact, orders, policies, reports, signed)
    kinds = {one for module in modules for one in vars(module).values() if inspect.isclass(one)}
    kinds = {one for one in kinds if issubclass(one, msgspec.Struct)} - parts
    assert kinds | {wire.Event} == {type(message) for message in EVERY_MESSAGE.values()}
    assert sorted(path.stem for path in FOLDER.iterdir()) == KINDS


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

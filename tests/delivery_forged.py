"""Replies and orders that are not what was signed: none of them may change anything.

A good one is taken as it came over the wire and bent in every way that ``tests.mutations`` knows,
signed by another key, taken from another exchange, or used again. What was bent back into the very
words that were signed is no forgery and is left out.
"""

import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.journal import Journal
from agent.wire import signatures
from agent.wire.signed import DocumentError, Signature, Signed, text_of
from collectors.base import utc_now
from tests.delivery_laptop import Answer, Near, outbox
from tests.mutations import mutations
from tests.seal_faults import Case
from tests.test_journal import new_event
from tests.test_orders import STRANGER, Laptop, order, signed

SIGNED = ("signature", "signature-input", "content-digest")


def replies(base: Path, n: int, seed: int = 3) -> Case:
    """Replies of a real collector, forged in ``n`` ways; the journal may forget nothing."""
    case, dice = Case(name="delivery: forged, bent and replayed replies"), random.Random(seed)
    (base / "laptop/journal").mkdir(parents=True)
    near = Near(base / "collector")
    near.enrol(base / "laptop")
    journal = Journal(base / "laptop/journal")
    journal.append(new_event())
    box = outbox(journal, base / "laptop")
    old = [near.carry(box.request(wait=0.0))]
    for number in range(n):
        good = near.carry(box.request(wait=0.0))
        box.reply(*WAYS[number % len(WAYS)](good, old, dice))
        case.tries += 1
        case.bad += journal.count() != 1
        old.append(good)
    box.reply(*near.carry(box.request(wait=0.0)))
    case.bad += journal.count() != 0  # a good one is still believed
    journal.close()
    near.close()
    return case


def _bent_body(good: Answer, _: list[Answer], dice: random.Random) -> Answer:
    return good[0], good[1], _bent(good[2], dice)


def _bent_header(good: Answer, _: list[Answer], dice: random.Random) -> Answer:
    name = dice.choice(SIGNED)
    value = _bent(good[1][name].encode("ascii"), dice).decode("latin-1")
    return good[0], good[1] | {name: value}, good[2]


def _no_header(good: Answer, _: list[Answer], dice: random.Random) -> Answer:
    gone = dice.choice(SIGNED)
    return good[0], {name: value for name, value in good[1].items() if name != gone}, good[2]


def _other_status(good: Answer, _: list[Answer], dice: random.Random) -> Answer:
    return dice.choice([201, 202, 204, 299]), good[1], good[2]


def _other_key(good: Answer, _: list[Answer], __: random.Random) -> Answer:
    status, headers, body = good
    nonce = signatures.read(headers).nonce
    return (
        status,
        signatures.sign_reply(STRANGER, status=status, body=body, nonce=nonce, created=utc_now()),
        body,
    )


def _replayed(_: Answer, old: list[Answer], dice: random.Random) -> Answer:
    return dice.choice(old)


def _mixed(good: Answer, old: list[Answer], dice: random.Random) -> Answer:
    """This request's nonce over another reply's signature, or the other way round."""
    other = dice.choice(old)
    name = dice.choice(("signature", "signature-input"))
    return good[0], good[1] | {name: other[1][name]}, good[2]


def _bent(data: bytes, dice: random.Random) -> bytes:
    *_, made = mutations(data, dice.randrange(2**32), 1 + dice.randrange(6))
    return made


Way = Callable[[Answer, list[Answer], random.Random], Answer]
WAYS: tuple[Way, ...] = (
    _bent_body,
    _bent_header,
    _no_header,
    _other_status,
    _other_key,
    _replayed,
    _mixed,
    _bent_header,
)


def ordered(base: Path, n: int, seed: int = 5) -> Case:
    """Orders forged in ``n`` ways, and one that is used again; none may be followed."""
    case, laptop = Case(name="orders: forged, bent and replayed"), Laptop(base)
    good, dice = signed(order()), random.Random(seed)
    for bent in mutations(good, seed, n // 2):
        if not _same(bent, good):
            case.tries += 1
            case.bad += _followed(laptop, bent)
    for _ in range(n // 4):
        case.tries += 1
        case.bad += _followed(laptop, _by_another(dice))
    case.bad += not _followed(laptop, good)
    while case.tries < n:  # the same one again, also with a stranger's signature beside
        case.tries += 1
        case.bad += _followed(laptop, dice.choice((good, _with_more(good))))
    return case


def _followed(laptop: Laptop, data: bytes) -> bool:
    before = len(laptop.followed)
    try:
        laptop.orders.take(data)
    except DocumentError:
        return len(laptop.followed) != before
    return True


def _same(bent: bytes, good: bytes) -> bool:
    """Whether it says the same in other JSON: a space more, a letter written as its number."""
    try:
        return msgspec.json.decode(bent, type=Signed) == msgspec.json.decode(good, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _by_another(dice: random.Random) -> bytes:
    """An order by a stranger, who may write a key over it that counts."""
    made = signed(order(), STRANGER)
    if dice.random() < 0.5:
        return made
    given = msgspec.json.decode(made, type=Signed)
    known = msgspec.json.decode(signed(order()), type=Signed).signatures[0]
    lie = Signature(key=known.key, value=given.signatures[0].value)
    return msgspec.json.encode(msgspec.structs.replace(given, signatures=[lie]))


def _with_more(good: bytes) -> bytes:
    given = msgspec.json.decode(good, type=Signed)
    key = text_of(STRANGER.public_key().public_bytes_raw())
    more = Signature(key=key, value=text_of(bytes(64)))
    both = msgspec.structs.replace(given, signatures=[more, *given.signatures])
    return msgspec.json.encode(both)

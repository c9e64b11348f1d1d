"""A laptop's word every few minutes, and the news for it.

What it says of the end of its chain is held against what is known here: a journal that was put back
from a copy shows at once, before it has sent anything. What it is brought in return was signed by
people; this collector adds no say of its own, and chooses only what is newer and meant for it.
Letters are its own words: they are brought to a laptop that says it takes them, which shows them.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from agent.wire import contact as wire
from agent.wire.contact import TAKES_LETTERS, Contact, News
from agent.wire.letters import MOST_LETTERS, Letter
from agent.wire.signatures import Signed as Signature
from agent.wire.signed import Signed
from server_stub.errors import Refused
from server_stub.intake import admission, history
from server_stub.intake.exchange import decoded, take_nonce
from server_stub.storage import store_contacts, store_documents, store_letters
from server_stub.storage.store_contacts import Standing
from server_stub.storage.store_devices import Device
from server_stub.storage.store_documents import KEYRING, POLICY, Published

LARGEST_WORD = 16 * 1024
"""Bytes of a laptop's word."""
_NEAREST = {"device": 2, "group": 1, "organisation": 0}


def read_word(body: bytes, device: str) -> Contact:
    """The word in a request's body. Raises Refused."""
    word = decoded(Contact, body)
    if word.device != device:
        raise Refused(403, "wrong-device", "the word is not by the laptop that signed it")
    return word


def take_word(connection: Connection, word: Contact, signed: Signature, now: datetime) -> News:
    """Note a laptop's word inside a transaction; the news for it. Raises Refused."""
    take_nonce(connection, signed, now)
    device = admission.listened_to(connection, word.device)
    history.compare_ends(connection, device, word, now)
    store_contacts.note_standing(connection, _standing(word, now))
    if word.done:
        store_documents.orders_done(connection, device.name, word.done, now)
    for numbers, placed in ((word.heard, True), (word.unplaced, False)):
        if not isinstance(numbers, msgspec.UnsetType):
            store_letters.heard(connection, device.name, numbers, now, placed=placed)
    return _news(connection, device, word, now)


def _standing(word: Contact, now: datetime) -> Standing:
    return Standing(
        device=word.device,
        at=now,
        policy=word.policy,
        signed=word.signed,
        expired=word.expired,
        mode=word.mode,
        held=word.held,
        keyring=word.keyring,
        state=word.state,
        waiting=word.waiting,
        behind_seconds=int((now - word.sent_at).total_seconds()),
    )


def _news(connection: Connection, device: Device, word: Contact, now: datetime) -> News:
    """One keyring at a time, each vouched for by the one before; a policy only by a known one."""
    group = device.group
    keyrings = store_documents.published(connection, KEYRING, word.keyring)
    policy = None if keyrings[1:] else _policy_for(connection, device, group, word)
    orders = store_documents.open_orders(connection, device.name, now, wire.MOST_ORDERS)
    return News(
        device=device.name,
        at=now,
        group=group,
        keyring=store_documents.document(connection, keyrings[0]) if keyrings else None,
        policy=policy,
        orders=[msgspec.json.decode(one.document, type=Signed) for one in orders],
        letters=_letters(connection, device, word, now),
        again_seconds=wire.SOONEST_SECONDS if keyrings[1:] else wire.EVERY_SECONDS,
    )


def _letters(
    connection: Connection, device: Device, word: Contact, now: datetime
) -> list[Letter] | msgspec.UnsetType:
    """An older agent would not understand news with a field that it does not know."""
    if word.wire < TAKES_LETTERS:
        return msgspec.UNSET
    found = store_letters.to_bring(connection, device.name, now, MOST_LETTERS)
    return [one.on_the_wire() for one in found] or msgspec.UNSET


def _policy_for(connection: Connection, device: Device, group: str, word: Contact) -> Signed | None:
    """The newest policy of the narrowest scope that this laptop is in; None if it goes by it."""
    meant = [
        one
        for one in store_documents.published(connection, POLICY)
        if one.meant_for(device.name, group)
    ]
    best = max(meant, key=_nearness, default=None)
    known = word.policy if word.signed else 0
    if best is None or best.version <= known:
        return None
    return store_documents.document(connection, best)


def _nearness(one: Published) -> tuple[int, int]:
    return _NEAREST[one.scope], one.version

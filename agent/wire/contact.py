"""Keeping in touch: a laptop says how it is every few minutes, and hears what there is for it.

``POST /v1/contact``   Contact -> News   every few minutes, also when there is no event to send

What the news bring is signed by people, not by the collector, and believed for that alone: a
keyring, a policy, orders. Where the laptop's chain ends is told each time, so a journal that was
put back from a copy shows before it sends anything.

Letters (``agent.wire.letters``) came later. A laptop that takes them says ``wire`` 2, which every
collector has always let pass, and is brought none otherwise; that it has ``heard`` one it says only
to a collector that brought it. So an older agent and an older collector each see the message they
know, without a field more.
"""

from typing import Annotated, Literal

import msgspec

from agent.wire.event import WIRE_VERSION, Identifier, Number, Wire, Word
from agent.wire.letters import MOST_LETTERS, Letter
from agent.wire.messages import Device, Hash, Moment, Version
from agent.wire.signed import Signed

CONTACT_PATH = "/v1/contact"
MOST_ORDERS = 8
"""Orders in one reply; more wait for the next contact."""
MOST_DONE = 32
TAKES_LETTERS = 2
"""The version of the wire that a laptop names in its word if it can be brought letters."""
EVERY_SECONDS = 300
"""Between two contacts, unless the collector says otherwise."""
SOONEST_SECONDS, LATEST_SECONDS = 30, 3600

Numbers = Annotated[list[Identifier], msgspec.Meta(max_length=MOST_DONE)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a laptop is. ``last`` and ``head`` are the end of its chain; ``policy`` is the version it
    goes by and ``signed`` whether that one came signed; ``held`` why nothing is enforced; ``done``
    the numbers of orders that need not be brought again. ``heard`` are the letters that are kept
    for somebody, ``unplaced`` those for nobody this laptop knows; neither is brought again."""

    device: Device
    agent_version: Version
    boot_id: Identifier
    sent_at: Moment
    last: Count
    head: Hash
    waiting: Count
    policy: Number
    signed: bool
    expired: bool
    mode: Literal["report", "enforce"]
    keyring: Number
    held: Word | None = None
    state: Word
    done: Numbers = []
    wire: Wire = WIRE_VERSION
    heard: Numbers | msgspec.UnsetType = msgspec.UNSET
    unplaced: Numbers | msgspec.UnsetType = msgspec.UNSET


class News(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What there is for this laptop, newer than what it said it has. ``group`` is where IT counts
    it, empty for none; ``again_seconds`` when to ask next."""

    device: Device
    at: Moment
    group: Annotated[str, msgspec.Meta(max_length=48)] = ""
    keyring: Signed | None = None
    policy: Signed | None = None
    orders: Annotated[list[Signed], msgspec.Meta(max_length=MOST_ORDERS)] = []
    stick_key: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{43}=\Z")] | None = None
    again_seconds: Annotated[int, msgspec.Meta(ge=SOONEST_SECONDS, le=LATEST_SECONDS)] = (
        EVERY_SECONDS
    )
    letters: Annotated[list[Letter], msgspec.Meta(max_length=MOST_LETTERS)] | msgspec.UnsetType = (
        msgspec.UNSET
    )

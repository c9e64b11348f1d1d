"""What may be asked of the pull interface and what it answers, as types.

The questions are checked against these types, the answers are made of them, the tables of CSV have
their fields as columns, and the OpenAPI document is written from them: one list for all four. No
field can hold a person, a file name or anything that was sealed.
"""

from typing import Annotated, Literal

import msgspec

from agent.wire.event import FactText, Word
from agent.wire.messages import Device, Moment, Seq
from server_stub.pull.cursors import PATTERN

USUAL, MOST = 500, 1000
"""Rows of a page."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Cursor = Annotated[
    str, msgspec.Meta(pattern=PATTERN, description="`next` or `resume` of an earlier answer")
]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST, description="rows of a page")]
When = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        description="a moment in ISO 8601; without a zone it is taken as UTC",
        extra_json_schema={"format": "date-time"},
    ),
]
Kinds = Annotated[
    list[Word], msgspec.Meta(max_length=32, description="kinds of events; repeat it for several")
]
OneDevice = Annotated[Device, msgspec.Meta(description="the name of a laptop")]
# Wider than the wire's own type: a process that had msgspec 0.22 write a schema of a table of that
# type crashed at its end about one time in five.
Facts = dict[str, bool | int | str | list[str]]
"""What an event tells: closed words, bounded numbers and keyed digests, by closed words."""


class Alone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question without pages."""

    format: Literal["json"] = "json"


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of an answer."""

    cursor: Cursor | msgspec.UnsetType = msgspec.UNSET
    limit: Limit = USUAL


class Paged(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question with pages. Without ``format`` the header Accept decides."""

    format: Literal["json", "jsonl", "csv"] | msgspec.UnsetType = msgspec.UNSET


class OfDevice(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, of one laptop where it is named."""

    device: OneDevice | msgspec.UnsetType = msgspec.UNSET


class OfEvents(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events: received from ``since`` until just before ``until``."""

    format: Literal["json", "jsonl", "csv", "ocsf"] | msgspec.UnsetType = msgspec.UNSET
    device: OneDevice | msgspec.UnsetType = msgspec.UNSET
    kind: Kinds = []
    since: When | msgspec.UnsetType = msgspec.UNSET
    until: When | msgspec.UnsetType = msgspec.UNSET


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A laptop. From ``told_at`` on it is what the laptop said at its last contact, and empty if
    it never made one; ``standing`` is its own word for how it is, ``held`` why it enforces
    nothing, ``policy`` the version it goes by. ``silent`` says that it was not heard of for a
    week, ``clock_off_seconds`` how far its clock is off, either way."""

    device: Device
    owner: Word
    group: str
    admission: Word
    agent_version: str
    enrolled_at: Moment
    last_contact_at: Moment
    silent: bool
    events: Count
    last_seq: Count
    faults: Count
    told_at: Moment | None = None
    standing: Word | None = None
    policy: Count | None = None
    policy_signed: bool | None = None
    policy_expired: bool | None = None
    mode: Word | None = None
    held: Word | None = None
    keyring: Count | None = None
    waiting: Count | None = None
    clock_off_seconds: Count | None = None


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """What should not have happened between a laptop and the collector; ``times`` how often."""

    kind: Word
    reason: Word
    seq: Count | None
    until_seq: Count | None
    first_at: Moment
    last_at: Moment
    times: Count


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its sealed part; ``sealed`` says whether there is one, ``disputed`` why an
    officer marked it as a false alarm."""

    device: Device
    seq: Seq
    id: str
    kind: Word
    observed_at: Moment
    recorded_at: Moment
    received_at: Moment
    facts: Facts
    rule: Word | None
    action: Word | None
    enforced: bool | None
    held: Word | None
    due: Moment | None
    result: Word | None
    reason: Word | None
    tried: str | None
    proof: Word | None
    sealed: bool
    disputed: Word | None


class PostureRow(msgspec.Struct, frozen=True, kw_only=True):
    """A laptop's newest answer of one check; ``seq`` is the event that gave it."""

    device: Device
    check: FactText
    kind: Word
    state: FactText | None
    why: FactText | None
    count: Count | None
    facts: Facts
    observed_at: Moment
    received_at: Moment
    seq: Seq


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a laptop does not watch, and has not said is watched again."""

    device: Device
    what: FactText
    gap: FactText | None
    count: Count | None
    observed_at: Moment
    received_at: Moment
    seq: Seq


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a laptop's agent said it was, when it was last ordered to say so."""

    device: Device
    facts: Facts
    observed_at: Moment
    received_at: Moment
    seq: Seq


Row = DeviceRow | EventRow | PostureRow | CoverageRow | ReportRow


class DevicePage(msgspec.Struct, frozen=True, kw_only=True):
    """Laptops by name; ``next`` is where the next page begins, if there is one."""

    devices: list[DeviceRow]
    next: str | None


class OneDevicePage(msgspec.Struct, frozen=True, kw_only=True):
    """One laptop with its newest faults."""

    device: DeviceRow
    faults: list[FaultRow]


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in the order of receipt. ``next`` is where the next page begins, if there is one now;
    ``resume`` where to go on later, also after the last page."""

    events: list[EventRow]
    next: str | None
    resume: str | None


class PosturePage(msgspec.Struct, frozen=True, kw_only=True):
    """Answers by laptop and check."""

    posture: list[PostureRow]
    next: str | None


class CoveragePage(msgspec.Struct, frozen=True, kw_only=True):
    """Open gaps by laptop and what they are about."""

    coverage: list[CoverageRow]
    next: str | None


class ReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """Reports by laptop."""

    reports: list[ReportRow]
    next: str | None


def columns(row: type[msgspec.Struct]) -> tuple[str, ...]:
    """The columns of a table of these rows."""
    return row.__struct_fields__

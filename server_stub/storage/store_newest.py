"""Rows that name a laptop's newest event about each subject of a topic.

A topic is what is asked about: how a laptop is set up (``posture``), what is not being watched
(``coverage``), how its agent is (``report``). They are noted when events come in, also when these
come late or twice: only a later number takes the place of an earlier one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, insert, select, tuple_, update

from agent.wire.event import Event
from server_stub.storage.store_events import StoredEvent
from server_stub.storage.tables import events
from server_stub.storage.tables_pull import newest


class Topic(StrEnum):
    """What is asked about."""

    POSTURE = "posture"
    COVERAGE = "coverage"
    REPORT = "report"


# The topic of each kind of event, and the fact that names its subject; without one, the kind does.
_TOPICS: dict[str, tuple[Topic, str]] = {
    "posture-checked": (Topic.POSTURE, "check"),
    "home-open": (Topic.POSTURE, ""),
    "laptop-described": (Topic.POSTURE, ""),
    "coverage-lost": (Topic.COVERAGE, "what"),
    "coverage-restored": (Topic.COVERAGE, "what"),
    "agent-report": (Topic.REPORT, ""),
}
KINDS = tuple(_TOPICS)
"""The kinds of events that are about a topic."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """A laptop's newest event about one subject."""

    subject: str
    event: StoredEvent


def subject_of(event: Event) -> tuple[Topic, str] | None:
    """The topic and the subject of an event; None if it is about none of them."""
    found = _TOPICS.get(event.kind)
    if found is None:
        return None
    topic, fact = found
    told = event.facts.get(fact)
    return topic, told if isinstance(told, str) else event.kind


def note(connection: Connection, device: str, stored: Iterable[tuple[int, Event]]) -> None:
    """Note which of these events, by number, are now the newest about their subjects."""
    latest: dict[tuple[Topic, str], int] = {}
    for seq, event in stored:
        if about := subject_of(event):
            latest[about] = max(seq, latest.get(about, 0))
    for (topic, subject), seq in latest.items():
        _put(connection, topic, device, subject, seq)


def newest_of(
    connection: Connection,
    topic: Topic,
    after: tuple[str, str],
    most: int,
    *,
    device: str | None = None,
    kind: str | None = None,
) -> list[Newest]:
    """The newest events of a topic by laptop and subject, beyond ``after``; of one laptop, or of
    one kind, where that is asked for."""
    rows = select(newest.c.subject, events).join(
        events, (events.c.device == newest.c.device) & (events.c.seq == newest.c.seq)
    )
    rows = rows.where(newest.c.topic == topic)
    rows = rows.where(tuple_(newest.c.device, newest.c.subject) > tuple_(*after))
    if device is not None:
        rows = rows.where(newest.c.device == device)
    if kind is not None:
        rows = rows.where(events.c.kind == kind)
    rows = rows.order_by(newest.c.device, newest.c.subject).limit(most)
    return [_read(row) for row in connection.execute(rows).mappings()]


def _put(connection: Connection, topic: Topic, device: str, subject: str, seq: int) -> None:
    here = (newest.c.topic == topic, newest.c.device == device, newest.c.subject == subject)
    known = connection.scalar(select(newest.c.seq).where(*here))
    if known is None:
        row = insert(newest).values(topic=topic, device=device, subject=subject, seq=seq)
        connection.execute(row)
    elif known < seq:
        connection.execute(update(newest).where(*here).values(seq=seq))


def _read(row: RowMapping) -> Newest:
    values = dict(row)
    return Newest(subject=values.pop("subject"), event=StoredEvent(**values))

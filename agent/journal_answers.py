"""What the journal answers with."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.wire.messages import Record

Rows = Sequence[tuple[int, bytes, str, str]]
"""Number, body, and the chain's value before and after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """The oldest rows not yet receipted, and the chain's value before the first of them."""

    previous: str
    records: list[Record]


@dataclass(frozen=True, kw_only=True, slots=True)
class Acted:
    """How often an action was begun since a moment, and over how many bytes."""

    times: int
    bytes: int


def run_of(rows: Rows, most_bytes: int) -> Pending:
    """The unbroken run that rows begin with, as far as one request may carry it."""
    records: list[Record] = []
    size, last = 0, rows[0][2] if rows else ""
    for seq, body, previous, head in rows:
        size += len(body) * 5 // 4  # a body is a JSON text inside JSON: its quotes are escaped
        if records and (size > most_bytes or previous != last):
            break
        records.append(Record(seq=seq, body=body.decode()))
        last = head
    return Pending(previous=rows[0][2] if rows else "", records=records)

"""What the journal answers with."""

from dataclasses import dataclass

from agent.wire.messages import Record


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

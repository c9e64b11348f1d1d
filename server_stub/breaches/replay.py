"""Whether the register shows what its history says: both are kept, and only the history is chained.

Somebody who can write to the database could change an answer and leave the history as it is. So the
answers, the moment of awareness and whether an entry is closed are made anew from the history, and
compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from server_stub.breaches.register import Breach
from server_stub.storage import store_dossier, store_history, store_register
from server_stub.storage.store_history import Entry

_CLOSES = frozenset({"entry-closed", "taken-over"})


@dataclass(slots=True)
class Said:
    """What the history says of one entry."""

    answers: dict[str, str] = field(default_factory=dict)
    aware_at: datetime | None = None
    closed: bool = False

    def take(self, line: Entry) -> None:
        """Go one line on."""
        if line.act == store_dossier.ANSWERED:
            self.answers[line.told["question"]] = line.told["answer"]
        elif line.act == store_history.AWARE_SET:
            self.aware_at = line.moment
        elif line.act in _CLOSES or line.act == "entry-reopened":
            self.closed = line.act in _CLOSES


def differing(connection: Connection) -> list[str]:
    """The numbers of the entries that show something else than their history says."""
    said = _replayed(store_history.history(connection))
    shown = store_dossier.answers_of(connection)
    return [
        breach.number
        for breach in store_register.all_breaches(connection)
        if not _fits(breach, shown.get(breach.id, {}), said.get(breach.id, Said()))
    ]


def _replayed(lines: Iterable[Entry]) -> dict[int, Said]:
    found: dict[int, Said] = {}
    for line in lines:
        found.setdefault(line.breach, Said()).take(line)
    return found


def _fits(breach: Breach, answers: dict[str, str], said: Said) -> bool:
    return (
        answers == said.answers
        and breach.aware_at == said.aware_at
        and (breach.closed_at is not None) == said.closed
    )

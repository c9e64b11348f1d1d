"""A month of a person's own record, counted: for them alone, without a score and without others.

Pure. The counts are made on the laptop each time they are looked at, and are kept nowhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from agent.own_record import Entry
from agent.said import OF_WHO_ASKED
from agent.texts import has


def _carried_out(entry: Entry, action: str) -> bool:
    return entry.decision.get("action") == action and entry.outcome.get("result") == "done"


_COUNTS: dict[str, Callable[[Entry], bool]] = {
    "found": lambda one: one.kind in ("pupil-file-found", "pupil-file-on-stick"),
    "passwords": lambda one: one.kind == "password-list-found",
    "unreadable": lambda one: one.kind == "unreadable-file-found",
    "sealed": lambda one: _carried_out(one, "seal-file"),
    "sticks": lambda one: one.kind == "usb-storage-attached",
    "blocked": lambda one: _carried_out(one, "block-usb"),
    "screens": lambda one: one.kind in ("session-unattended", "laptop-left"),
    "told": lambda one: one.kind in OF_WHO_ASKED,
}


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A month of a year."""

    year: int
    month: int

    @property
    def name(self) -> str:
        """As it stands in an address."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def begin(self) -> datetime:
        """Its first moment, by the laptop's own time zone."""
        return datetime(self.year, self.month, 1).astimezone()

    def moved(self, months: int) -> "Month":
        """The month so many later. Raises ValueError beyond the calendar."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        if not 1970 <= year <= 9998:
            raise ValueError("there is no such month")
        return Month(year, month + 1)


def month_of(moment: datetime) -> Month:
    """The month a moment lies in, by the laptop's own time zone."""
    local = moment.astimezone()
    return Month(local.year, local.month)


def month_named(name: str) -> Month:
    """The month of a name such as 2026-11. Raises ValueError."""
    found = date.fromisoformat(f"{name}-01")
    return Month(found.year, found.month).moved(0)


def counted(entries: Iterable[Entry]) -> dict[str, int]:
    """How often what happened, by the words of ``own-count-``; what did not happen is left out."""
    mine = [one for one in entries if one.mine and one.state != "begun"]
    counts = {word: sum(map(holds, mine)) for word, holds in _COUNTS.items()}
    counts["other"] = sum(not any(holds(one) for holds in _COUNTS.values()) for one in mine)
    return {word: count for word, count in counts.items() if count}


def advice(counts: Iterable[str]) -> list[str]:
    """The keys of what helps against what was counted."""
    return [key for word in counts if has(key := f"own-advice-{word}")]

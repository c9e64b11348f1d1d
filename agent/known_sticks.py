"""Which sticks a person used on this laptop, by the names they know them by.

From the person's own record, opened with their own key: the agent itself keeps no such names.
"""

from pathlib import Path

from agent.errors import AgentError
from agent.own_record import Entry, record
from agent.printable import printable

ATTACHED = "usb-storage-attached"
MOST = 10
"""Sticks, the latest first."""


def known_sticks(socket: Path, place: Path) -> list[str]:
    """What each calls itself, its serial number, and when it was last plugged in.

    Empty where nothing is known, or nobody answers.
    """
    try:
        entries = record(socket, place).entries
    except AgentError:
        return []
    latest: dict[str, Entry] = {}
    for one in entries:
        if one.kind == ATTACHED and one.mine and one.details:
            latest.setdefault(_name(one), one)
    return [f"{name} ({one.at:%d-%m-%Y})" for name, one in list(latest.items())[:MOST] if name]


def _name(one: Entry) -> str:
    said = (str((one.details or {}).get(part, "")) for part in ("model", "serial"))
    return " ".join(printable(text) for text in said if text)[:120]

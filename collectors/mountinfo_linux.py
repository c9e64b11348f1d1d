"""Linux: the kernel's table of mounts, as this process sees it.

A place is whatever a person called it. The kernel writes blanks and line feeds in it as octal
numbers and nothing else, so a line ends at a line feed alone: a name may well hold any other
character that some would end a line at. A line that makes no sense is passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Row:
    """One mount: the kernel's number of it, the number of its device (``8:1``), which folder of the
    file system it shows, where, what kind of file system it is, with which options, and of what."""

    number: int
    device: str
    inside: str
    path: str
    kind: str
    options: str
    source: str


def read(table: Path = TABLE) -> list[Row]:
    """Everything that is mounted, in the table's order. Raises OSError."""
    return list(rows(table.read_bytes().decode("utf-8", "surrogateescape")))


def rows(text: str) -> Iterator[Row]:
    """The mounts in the text of a table."""
    for line in text.split("\n"):
        before, _, after = line.partition(" - ")
        first, last = before.split(" "), after.split(" ", 2)
        if len(first) >= 5 and len(last) == 3 and first[0].isdigit():
            path = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), first[4])
            yield Row(int(first[0]), first[2], first[3], path, last[0], last[2], last[1])

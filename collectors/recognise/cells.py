"""What the readers of all workbooks share: rows as lines, and numbers as people see them."""

import re
import struct
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

MOST_COLUMNS = 200

_DATE_CODES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NO_DATE = re.compile(r'\[[^\]]*\]|&quot;.*?&quot;|".*?"|\\.')


def date_codes(shown: Iterable[tuple[int, str]]) -> frozenset[int]:
    """The numbers of the formats that show a date: the built-in ones and those of this workbook."""
    own = {code for code, format in shown if _is_date(_NO_DATE.sub("", format))}
    return _DATE_CODES | own


def _is_date(plain: str) -> bool:
    return bool(re.search(r"[yYdD]", plain)) and not re.search(r"[0#]", plain)


def as_date(days: float) -> str | None:
    """The day that a number means, in ISO form; None where it means none."""
    if not 1 <= days <= 80_000:
        return None
    return (date(1899, 12, 30) + timedelta(days=int(days))).isoformat()


def number(value: float, style: int, dates: Collection[int]) -> str:
    """A number as it is read, by the style of its cell."""
    if style in dates and (day := as_date(value)) is not None:
        return day
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def packed_number(raw: int) -> float:
    """A number in the four bytes that Excel calls RK."""
    if raw & 2:
        value = float((raw - (1 << 32) if raw & 1 << 31 else raw) >> 2)
    else:
        value = float(struct.unpack("<d", struct.pack("<Q", (raw & 0xFFFFFFFC) << 32))[0])
    return value / 100 if raw & 1 else value


def line(row: Mapping[int, str]) -> str:
    """A row as a line, its cells parted by tabs. Far to the right empty cells are left out."""
    near = max((place for place in row if place < MOST_COLUMNS), default=-1)
    shown = [row.get(place, "") for place in range(near + 1)]
    shown += [row[place] for place in sorted(row) if place >= MOST_COLUMNS]
    return "\t".join(" ".join(cell.split()) for cell in shown)

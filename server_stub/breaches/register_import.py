"""An old log of breaches, kept in a spreadsheet, taken over into the register.

The file is CSV with the heads ``date`` and ``description``; other columns are an error, since what
they hold would be lost without a word. All lines are taken over, or none: each that cannot be is
named with its number and the reason. An old entry comes in closed, as nobody's clock runs for it;
who wants to work on it opens it again.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Connection, select, update

from server_stub import moments
from server_stub.breaches import dossier
from server_stub.breaches.dossier import Question, Shape
from server_stub.breaches.register import Draft, draft_by_hand
from server_stub.errors import AskedError
from server_stub.storage import store_dossier, store_history, store_register
from server_stub.storage.tables_register import breach_answers, breaches

HEADS = ("date", "description")
MOST_LINES = 10_000
LARGEST_FILE = 4_000_000
"""Bytes."""
_WRITTEN = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y")
_SAYS = {
    "not-a-time": "the date is none: write it as 2024-05-31, 31-05-2024 or 2024-05-31T14:05",
    "which-hour": "the clock showed this time twice: write which, as 2026-10-25T02:30+01:00",
    "a-placeholder": "the date is a placeholder, not the day of a breach",
    "in-the-future": "the date has not come yet",
    "empty": "there is no description",
    "too-long": "the description is too long",
    "a-person": "the description holds a person's number or an e-mail address",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OldLine:
    """One line of an old log."""

    number: int
    noticed_at: datetime
    description: str


def read(content: bytes, zone: tzinfo | None, now: datetime) -> list[OldLine]:
    """The lines of a file. Raises AskedError naming every line that cannot be taken over."""
    if len(content) > LARGEST_FILE:
        raise AskedError(f"the file is larger than {LARGEST_FILE} bytes: take over a part of it")
    found, wrong = [], []
    for number, row in _rows(content):
        moment = _moment(row["date"], zone)
        description = row["description"].strip()
        why = _why_not(moment, description, now)
        if why or moment is None:
            hour = "which-hour" if moment is None and _with_hours(row["date"].strip()) else None
            wrong.append(f"line {number}: {_SAYS[hour or why or 'not-a-time']}")
        else:
            found.append(OldLine(number=number, noticed_at=moment, description=description))
    if wrong:
        raise AskedError("nothing was taken over:\n" + "\n".join(wrong[:50]))
    return found


def take_over(connection: Connection, lines: Iterable[OldLine], who: str, now: datetime) -> int:
    """Write the lines that are not in the register yet; how many that were."""
    known, count = _known(connection), 0
    for line in lines:
        if (line.noticed_at, line.description) in known:
            continue
        draft = replace(draft_by_hand("", line.noticed_at, now), reported_at=None)
        _write(connection, draft, line.description, who, now)
        count += 1
    return count


def _write(connection: Connection, draft: Draft, text: str, who: str, now: datetime) -> None:
    made = store_register.open_breach(connection, draft, who, now, draft.detected_at.year)
    store_dossier.write(connection, made, {"summary": text}, who, now)
    row = update(breaches).where(breaches.c.id == made.id)
    connection.execute(row.values(closed_at=now))
    store_history.add_history(connection, made.id, who, "taken-over", "{}", now)


def _known(connection: Connection) -> set[tuple[datetime, str]]:
    both = select(breaches.c.detected_at, breach_answers.c.answer).join(
        breach_answers, breach_answers.c.breach == breaches.c.id
    )
    rows = both.where(breach_answers.c.question == "summary", breaches.c.device == "")
    return {(row.detected_at, row.answer) for row in connection.execute(rows)}


def _rows(content: bytes) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AskedError("the file is not UTF-8: save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    try:
        heads = [head.strip().lower() for head in next(lines, [])]
        if sorted(heads) != sorted(HEADS):
            raise AskedError(f"the first line has to be {','.join(HEADS)}, and no other columns")
        rows = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise AskedError(f"the file is no CSV: {error}") from error
    if len(rows) > MOST_LINES:
        raise AskedError(f"the file has more than {MOST_LINES} lines: take over a part of it")
    short = [number for number, row in rows if len(row) != len(HEADS)]
    if short:
        raise AskedError(f"line {short[0]} does not have two columns: put quotes round its text")
    return [(number, dict(zip(heads, row, strict=True))) for number, row in rows]


def _moment(text: str, zone: tzinfo | None) -> datetime | None:
    """The moment that is written, or noon of a day: most old logs know no hours."""
    if (local := _with_hours(text.strip())) is not None:
        return local.astimezone(UTC) if local.tzinfo else moments.moment(zone, local)
    for form in _WRITTEN:
        try:
            day = datetime.strptime(text.strip(), form).replace(hour=12)  # noqa: DTZ007
        except ValueError:
            continue
        return (day.replace(tzinfo=zone) if zone else day.astimezone()).astimezone(UTC)
    return None


def _with_hours(text: str) -> datetime | None:
    """A day with an hour, and perhaps with what it is ahead of UTC."""
    try:
        return datetime.fromisoformat(text) if len(text) > len("2026-10-25") else None
    except ValueError:
        return None


def _why_not(moment: datetime | None, description: str, now: datetime) -> str | None:
    if moment is None:
        return "not-a-time"
    when = dossier.why_not(
        Question("noticed-at", Shape.MOMENT), dossier.written_moment(moment), now
    )
    if when or not description:
        return when or "empty"
    return dossier.why_not(Question("summary", Shape.TEXT), description, now)

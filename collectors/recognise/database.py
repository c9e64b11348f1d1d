"""SQLite databases: every table as rows under its column names, without running what they contain.

The file is opened in memory. A database can hold code (views, triggers, expressions in a schema);
only plain tables are read, the schema is not trusted, and an authorizer refuses everything but
reading columns. A clock and the budget bound the rest. What lies in a write-ahead log beside the
file is not in the file and is not seen.
"""

import itertools
import re
import sqlite3
import struct
import time
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.formats import tell
from collectors.recognise.verdict import Format, Reason

_LARGEST = 64 << 20
_MOST_TABLES = 500
_MOST_ROWS = 50_000
"""Rows of one table that are read."""
_SECONDS = 5.0
"""Of processor time; a table that takes longer ends the reading."""
_STEPS = 20_000
_VERSIONS_AT = 18
"""Two bytes that say whether the database uses a write-ahead log."""
_INSIDE = frozenset(
    (Format.PDF, Format.DOCX, Format.XLSX, Format.ODT, Format.ODS, Format.DOC, Format.XLS,
     Format.RTF, Format.ZIP, Format.MAIL, Format.HTML)
)  # fmt: skip
"""Documents that are looked for in the cells; of a picture nothing would be read."""
_VIRTUAL = re.compile(r"\s*create\s+virtual", re.I)
_PRAGMAS = (
    "trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY", "query_only=ON",
    f"hard_heap_limit={192 << 20}",
)  # fmt: skip
"""The last bounds what columns that are computed from one another may grow to."""
_ALLOWED = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ))


def tables(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """One part for each table, then the documents that stand in cells."""
    content = bytearray(file.read(_LARGEST + 1))
    if len(content) > _LARGEST:
        raise Refused(Reason.LIMIT)
    budget.damaged = budget.damaged or _is_cut_off(content)
    content[_VERSIONS_AT : _VERSIONS_AT + 2] = b"\x01\x01"
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.deserialize(bytes(content))
        del content
        _tie_down(connection)
        yield from _tables(connection, budget, nested)
    except sqlite3.Error as error:
        raise Refused(_reason(error)) from error
    finally:
        connection.close()


def _is_cut_off(content: bytearray) -> bool:
    """Whether the head speaks of more pages than there are."""
    if len(content) < 100:
        return True
    page, pages = struct.unpack_from(">H10xI", content, 16)
    return bool((65_536 if page == 1 else page) * pages > len(content))


def _tie_down(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 << 20)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
    )
    end = time.process_time() + _SECONDS
    connection.set_progress_handler(lambda: time.process_time() > end, _STEPS)


def _tables(connection: sqlite3.Connection, budget: Budget, nested: Nested) -> Iterator[Part]:
    names = _plain_tables(connection)
    damaged = False
    for name in names[:_MOST_TABLES]:
        found: list[bytes] = []
        try:
            rows = _rows(connection, name, found, budget)
            yield Part(Format.SQLITE, budget.keep_lines(rows))
        except sqlite3.DatabaseError as error:
            if _reason(error) is Reason.LIMIT:
                raise
            damaged = True
        for blob in found:
            budget.count_member()
            yield from nested(BytesIO(blob))
    if damaged:
        yield Part(Format.SQLITE, problem=Reason.BROKEN)
    budget.cut = budget.cut or len(names) > _MOST_TABLES


def _plain_tables(connection: sqlite3.Connection) -> list[str]:
    """The tables that hold rows themselves; a virtual one is code."""
    listed = connection.execute("SELECT type, name, sql FROM sqlite_master")
    return [
        str(name)
        for type, name, sql in itertools.islice(listed, 10 * _MOST_TABLES)
        if type == "table" and sql and not _VIRTUAL.match(str(sql))
        if not str(name).startswith("sqlite_")
    ]


def _rows(
    connection: sqlite3.Connection, name: str, found: list[bytes], budget: Budget
) -> Iterator[str]:
    quoted = name.replace('"', '""')
    rows = connection.execute(f'SELECT * FROM "{quoted}" LIMIT ?', (_MOST_ROWS + 1,))  # noqa: S608
    yield "\t".join(column[0] for column in rows.description)
    for number, row in enumerate(rows):
        if number == _MOST_ROWS:
            budget.cut = True
            return
        yield "\t".join([_shown(cell, found) for cell in row])


def _shown(cell: object, found: list[bytes]) -> str:
    if isinstance(cell, bytes):
        if len(cell) > 100 and tell(BytesIO(cell)) in _INSIDE:
            found.append(cell)
        return ""
    return "" if cell is None else " ".join(str(cell).split())


def _reason(error: sqlite3.Error) -> Reason:
    text = str(error)
    if "interrupted" in text or "too big" in text:
        return Reason.LIMIT
    return Reason.ENCRYPTED if "not a database" in text else Reason.BROKEN

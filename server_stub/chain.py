"""A hash chain over rows that are only added to: a changed or missing row shows.

Each row carries the hash over the row before it and its own content. Whoever alters one has to
alter every later one as well, and cannot if somebody noted the head.
"""

import hashlib
from collections.abc import Iterable

import msgspec

START = "0" * 64
Content = tuple[str | int | None, ...]


def next_head(previous: str, content: Content) -> str:
    """The hash that closes a row: SHA-256 over the row before and this row's content."""
    return hashlib.sha256(bytes.fromhex(previous) + msgspec.json.encode(content)).hexdigest()


def first_break(rows: Iterable[tuple[str, Content, str]], after: str | None = START) -> int | None:
    """The index of the first row (previous, content, head) that does not fit; None: all fit.

    ``after`` is the head before the first of them; None where that is not known.
    """
    expected = after
    for index, (previous, content, head) in enumerate(rows):
        if expected not in (previous, None) or head != next_head(previous, content):
            return index
        expected = head
    return None

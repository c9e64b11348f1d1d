"""Calendars and address books (iCalendar, vCard): what people wrote in them.

Both are lines of ``NAME;parameters:value``, folded at 75 bytes. The names that carry meaning for
people are kept, each as a line of its own; files attached in base64 are looked into.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.charsets import decode
from collectors.recognise.verdict import Format

_FOLD = re.compile(r"\r?\n[ \t]")
_SOFT = re.compile(r"=\r?\n")
_LINE = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)((?:;[^:;\"\n]*(?:\"[^\"\n]*\"[^:;\"\n]*)*)*):(.*)")
_SHOWN = frozenset(
    ("SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CATEGORIES", "CONTACT", "FN", "BDAY",
     "NOTE", "TITLE", "ORG", "TEL", "EMAIL", "ADR", "NICKNAME", "ROLE", "DTSTART", "DUE")
)  # fmt: skip
_PERSONS = frozenset(("ATTENDEE", "ORGANIZER"))
_NAMED = re.compile(r';CN=(?:"([^"]*)"|([^;:"]*))', re.I)
_ESCAPES = re.compile(r"\\([nN,;\\])")


def entries(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of all entries, then what is attached to them."""
    text = _FOLD.sub("", decode(budget.read(file)))
    if "QUOTED-PRINTABLE" in text.upper():
        text = _SOFT.sub("", text)
    attached: list[bytes] = []
    yield Part(Format.CALENDAR, budget.keep("\n".join(_lines(text, attached))))
    for content in attached:
        budget.count_member()
        budget.draw(len(content))
        yield from nested(BytesIO(content))


def _lines(text: str, attached: list[bytes]) -> Iterator[str]:
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, parameters, value = found.group(1).upper(), found.group(2), found.group(3)
        if name == "BEGIN":
            yield ""
        elif name in _SHOWN:
            yield f"{name.lower()}: {_plain(value, parameters)}"
        elif name in _PERSONS and (person := _NAMED.search(parameters)):
            yield f"{name.lower()}: {person.group(1) or person.group(2)}"
        elif name == "ATTACH" and "BASE64" in parameters.upper():
            attached += _decoded(value)


def _plain(value: str, parameters: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = decode(quopri.decodestring(value.encode("utf-8", "replace")))
    return _ESCAPES.sub(lambda sign: "\n" if sign.group(1) in "nN" else sign.group(1), value)


def _decoded(value: str) -> list[bytes]:
    try:
        return [base64.b64decode(value, validate=True)]
    except (binascii.Error, ValueError):
        return []

"""Documents in base64 within text: exchange formats carry reports and plans in that way."""

import base64
import binascii
import re
from collections.abc import Iterator
from io import BytesIO

from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.formats import tell
from collectors.recognise.verdict import Format

_BASE64 = re.compile(r"[A-Za-z0-9+/]{4}[A-Za-z0-9+/\s]{196,}={0,2}")
LEAST = 200
"""Characters of base64 that may be a document; anything shorter is a key or a digest."""
_IN_JSON = re.compile(r'"((?:[A-Za-z0-9+/]|\\/|\\[rn]){200,}={0,2})"')
_NO_DOCUMENT = frozenset((Format.OTHER, Format.MEDIA, Format.IMAGE, Format.TEXT, Format.CIPHER))
"""What chance bytes may look like, and pictures, which in such files are portraits and logos."""


def is_base64(value: str) -> bool:
    """Whether a value is long and nothing but base64."""
    if len(value) < LEAST or not _BASE64.fullmatch(value):
        return False
    return not value.isalpha()


def take_out(json: str) -> tuple[str, list[str]]:
    """JSON with its values in base64 made empty, and those values."""
    found: list[str] = []

    def keep(value: re.Match[str]) -> str:
        plain = re.sub(r"\\[rn]", "", value.group(1)).replace("\\/", "/")
        if not is_base64(plain):
            return value.group()
        found.append(plain)
        return '""'

    return _IN_JSON.sub(keep, json), found


def documents(values: list[str], budget: Budget, nested: Nested) -> Iterator[Part]:
    """What the documents in these values hold."""
    for value in values:
        budget.draw(len(value) * 3 // 4)
        try:
            content = base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            continue
        if tell(BytesIO(content)) not in _NO_DOCUMENT:
            budget.count_member()
            yield from nested(BytesIO(content))

"""Pictures: is this the picture of a page? Such a file needs OCR and is never called clean.

Only the header is read. A scan has the proportions of paper (A4, A5, letter) and no trace of a
camera; a photo of a page taken with a telephone is not told from any other photo.
"""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from collectors.recognise.budget import Budget, Part
from collectors.recognise.verdict import Format, Reason

_FIRST = 16_384
_HEAD = 262_144
"""Bytes of a JPEG in which its size must stand; a small picture of it may come before that."""
_PAPER = ((1.385, 1.445), (1.285, 1.305), (1.64, 1.66))
_SMALLEST = 600
"""A page of text with fewer pixels along its short side than this cannot be read by anybody."""
_CAMERA = re.compile(
    rb"Canon|NIKON|SONY|Apple|samsung|SAMSUNG|OLYMPUS|FUJI|Panasonic|Google|HUAWEI"
)


def page_or_photo(file: BinaryIO, budget: Budget, nested: object) -> Iterator[Part]:
    """If the picture looks like a page: its text, or a part that asks for OCR; else none."""
    head = file.read(_FIRST)
    if head.startswith(b"\xff\xd8") and dimensions(head) == (0, 0):
        head += file.read(_HEAD - _FIRST)
    if head[:4] not in (b"II*\x00", b"MM\x00*") and not _is_page(head):
        return
    text, whole = "", False
    if budget.reader is not None:
        file.seek(0)
        text, whole = budget.reader.picture(budget.read(file))
    if text:
        yield Part(Format.IMAGE, budget.keep(text))
    if not whole:
        yield Part(Format.IMAGE, problem=Reason.NEEDS_OCR)


def _is_page(head: bytes) -> bool:
    width, height = dimensions(head)
    short, long = sorted((width, height))
    if short < _SMALLEST or _CAMERA.search(head[:4096]):
        return False
    return any(low <= long / short <= high for low, high in _PAPER)


def dimensions(head: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG or JPEG; 0, 0 for any other picture."""
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    return _jpeg(head) if head.startswith(b"\xff\xd8") else (0, 0)


def _jpeg(head: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 < len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[place + 5 : place + 9])
            return width, height
        place += 2 + int(struct.unpack(">H", head[place + 2 : place + 4])[0])
    return 0, 0

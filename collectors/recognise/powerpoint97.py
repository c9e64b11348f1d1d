"""PowerPoint 97 to 2003 (ppt): the text atoms of slides, notes, comments and their outlines."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.ole import opened
from collectors.recognise.verdict import Format, Reason

_CONTAINER = 0x0F
_CHARS, _BYTES, _STRING, _CRYPT = 0x0FA0, 0x0FA8, 0x0FBA, 0x2F14
_ENCRYPTED_TOKEN = b"\xdf\xc4\xd1\xf3"
_SIGNS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x00": ""})


def presentation(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of a presentation in the order of the file, then what is embedded."""
    with opened(file, budget) as container:
        if container.read("Current User")[12:16] == _ENCRYPTED_TOKEN:
            raise Refused(Reason.ENCRYPTED)
        content = container.read("PowerPoint Document")
        # The outline repeats what stands on a slide: every text once.
        texts = dict.fromkeys(text for text in atoms(content) if text.strip())
        yield Part(Format.PPT, budget.keep("\n".join(texts)))
        yield from container.embedded(nested)


def atoms(content: bytes) -> Iterator[str]:
    """Every text atom. A container's records follow its head, so one loop goes into all of them."""
    place = 0
    while place + 8 <= len(content):
        version, kind, length = struct.unpack_from("<HHI", content, place)
        place += 8
        if version & _CONTAINER == _CONTAINER:
            if kind == _CRYPT:
                raise Refused(Reason.ENCRYPTED)
            continue
        if kind in (_CHARS, _STRING):
            raw = content[place : place + length]
            yield raw[: len(raw) & ~1].decode("utf-16-le", "replace").translate(_SIGNS)
        elif kind == _BYTES:
            yield content[place : place + length].decode("latin-1").translate(_SIGNS)
        place += length

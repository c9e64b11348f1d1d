"""Damage inside zip, PDF and the old Office container, and the making of document number n.

A container is taken apart, something in it is damaged, and it is put together again: a byte
changed in a deflated stream would only ever test the inflater.
"""

import io
import random
import re
import struct
import zipfile
import zlib
from functools import cache

import olefile

from tests import compound, fuzz_damage
from tests.fuzz_damage import Damage, lengths, scattered, spliced_from, tags, text
from tests.fuzz_seeds import Seed, seeds

Members = list[tuple[str, bytes]]
Streams = dict[str, bytes]

_SECTOR = 512
_OBJECT = re.compile(rb"\d+ 0 obj\b.*?endobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
_REFERENCE = re.compile(rb"\b\d+ 0 R")
_LENGTH = re.compile(rb"/(?:Length|Count|Size|Width|Height|Kids|First|N|Predictor|Columns)\b[ \d]*")
_PDF_NUMBERS = (b" 0", b" -1", b" 1", b" 99999", b" 2147483647", b" 4294967296", b" 1 0 R", b"[]")
_PDF_WORDS = (b"/Kids[2 0 R]", b"/Parent 3 0 R", b"/Filter[/FlateDecode/FlateDecode]",
              b"/Filter/LZWDecode", b"/Filter/ASCIIHexDecode", b"/Filter/RunLengthDecode",
              b"/Filter/DCTDecode", b"/Filter/JBIG2Decode", b"/Filter/JPXDecode", b"/Type/ObjStm",
              b"/Type/XRef", b"/DecodeParms<</Predictor 15/Columns 99999>>", b"/Encrypt 1 0 R",
              b"/Contents[4 0 R 4 0 R 4 0 R]", b"/Subtype/Type3", b"/Rotate 45")  # fmt: skip
_OPERATORS = (b" Tj", b" Do", b" q" * 500, b" Q", b" BT", b" ET", b" 1e38 0 0 1e38 0 0 cm",
              b" /F 0 Tf", b" /F 1e9 Tf", b" [(a) -99999999 (b)] TJ", b" BI /W 9999 /H 9999 ID x E",
              b" (" * 300, b" <", b" 0 0 m 1 1 l S", b" /X Do", b" [" * 300)  # fmt: skip


def document(number: int, seed: int = 1) -> tuple[str, bytes]:
    """(name of its seed, content) of document ``number``: everywhere the same."""
    dice = random.Random(f"{seed}/{number}")
    chosen = dice.choice(seeds())
    content = dice.choice(BY_KIND[chosen.kind])(chosen.content, dice)
    if dice.random() < 0.1:
        content = spliced_from(content, _other(chosen, dice).content, dice)
    if dice.random() < 0.15:
        content = dice.choice((scattered, lengths))(content, dice)
    return chosen.name, content


def _other(chosen: Seed, dice: random.Random) -> Seed:
    alike = [each for each in seeds() if each.kind == chosen.kind]
    return dice.choice(alike if dice.random() < 0.5 else seeds())


def zipped(content: bytes, dice: random.Random) -> bytes:
    """Members damaged, doubled, renamed, exchanged, left out, emptied."""
    members = list(_members(content))
    kind, place = dice.random(), dice.randrange(len(members))
    name, body = members[place]
    if kind < 0.55:
        damage = dice.choice((scattered, lengths, text, tags, tags))
        members[place] = (name, damage(body, dice))
    elif kind < 0.65:
        members.insert(dice.randrange(len(members)), (name, dice.choice(members)[1]))
    elif kind < 0.75:
        members[place] = (dice.choice((dice.choice(members)[0], f"../{name}", "", "a/" * 99)), body)
    elif kind < 0.85:
        other = dice.randrange(len(members))
        members[place], members[other] = (name, members[other][1]), (members[other][0], body)
    elif kind < 0.95 and len(members) > 1:
        del members[place]
    else:
        members[place] = (name, b"")
    return _packed(members, dice)


def zip_heads(content: bytes, dice: random.Random) -> bytes:
    """Fields in the heads of members and in the list of them set to an extreme."""
    made = bytearray(content)
    marks = [m.start() for m in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", content)]
    for _ in range(dice.randrange(1, 4)):
        place = dice.choice(marks) + 4 + 2 * dice.randrange(0, 20)
        form = dice.choice("HI")
        if place + 4 <= len(made):
            value = dice.choice(fuzz_damage.EXTREMES) & (0xFFFF if form == "H" else 0xFFFFFFFF)
            struct.pack_into("<" + form, made, place, value)
    return bytes(made)


def pdf_objects(content: bytes, dice: random.Random) -> bytes:
    """Objects doubled, left out, exchanged; references bent; lengths and keys made extreme."""
    found = list(_OBJECT.finditer(content))
    chosen = dice.choice(found)
    whole, kind = chosen.group(), dice.random()
    if kind < 0.3:
        whole = _REFERENCE.sub(lambda _: b"%d 0 R" % dice.randrange(0, 12), whole)
    elif kind < 0.5:
        number = dice.choice(_PDF_NUMBERS)
        whole = _LENGTH.sub(lambda m: m.group().split()[0].rstrip(b"0123456789") + number, whole)
    elif kind < 0.7:
        whole = whole.replace(b"<<", b"<<" + dice.choice(_PDF_WORDS), 1)
    elif kind < 0.8:
        whole = dice.choice(found).group()
    elif kind < 0.9:
        whole = whole.replace(b"<<", b"<<" * dice.choice((2, 60, 600)), 1)
    else:
        whole = whole * 2 if dice.random() < 0.5 else b""
    return content[: chosen.start()] + whole + content[chosen.end() :]


def pdf_streams(content: bytes, dice: random.Random) -> bytes:
    """What a stream unpacks to damaged and packed again; operators put in."""
    found = list(_STREAM.finditer(content))
    if not found:
        return pdf_objects(content, dice)
    chosen = dice.choice(found)
    body = chosen.group(1)
    try:
        inner, pack = zlib.decompress(body), zlib.compress
    except zlib.error:
        inner, pack = body, bytes
    if dice.random() < 0.5:
        place = dice.randrange(len(inner) + 1)
        inner = inner[:place] + dice.choice(_OPERATORS) + inner[place:]
    else:
        inner = dice.choice((scattered, text))(inner, dice)
    packed = pack(inner)
    before = content[: chosen.start(1)]
    if dice.random() < 0.8:
        start = before.rfind(b"/Length ")
        before = before[:start] + re.sub(rb"\d+", b"%d" % len(packed), before[start:], count=1)
    return before + packed + content[chosen.end(1) :]


def ole_streams(content: bytes, dice: random.Random) -> bytes:
    """A stream damaged, emptied or exchanged, in a container that is whole."""
    streams = dict(_streams(content))
    name = dice.choice(list(streams))
    kind = dice.random()
    if kind < 0.8:
        streams[name] = dice.choice((scattered, lengths, lengths))(streams[name], dice)
    elif kind < 0.9:
        streams[name] = streams[dice.choice(list(streams))]
    else:
        streams[f"{dice.choice(list(streams))}/{name}" if kind < 0.95 else "Book"] = streams[name]
    return compound.container({path: body or b"x" for path, body in streams.items()})


def ole_chains(content: bytes, dice: random.Random) -> bytes:
    """Links of sectors bent: to themselves, to others, beyond the end; heads and entries too."""
    made = bytearray(content)
    last = len(made) // _SECTOR - 1
    for _ in range(dice.choice((1, 2, 4))):
        place = dice.choice((dice.randrange(0x18, 0x60), last * _SECTOR + 4 * dice.randrange(40),
                             4 * dice.randrange(len(made) // 4 - 1)))  # fmt: skip
        value = dice.choice((dice.randrange(last + 2), dice.choice(fuzz_damage.EXTREMES)))
        struct.pack_into("<I", made, min(place, len(made) - 4), value & 0xFFFFFFFF)
    return bytes(made)


@cache
def _members(content: bytes) -> tuple[tuple[str, bytes], ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return tuple((name, archive.read(name)) for name in archive.namelist())


def _packed(members: Members, dice: random.Random) -> bytes:
    buffer = io.BytesIO()
    method = dice.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as archive:
        for name, body in members:
            entry = zipfile.ZipInfo(name or "x")
            entry.compress_type = method
            archive.NameToInfo.clear()  # or it would warn of a name that is there twice
            archive.writestr(entry, body)
    return buffer.getvalue()


@cache
def _streams(content: bytes) -> Streams:
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        return {"/".join(path): ole.openstream(path).read() for path in ole.listdir()}


_ANY: tuple[Damage, ...] = (scattered, lengths)
BY_KIND: dict[str, tuple[Damage, ...]] = {
    "zip": (*_ANY, zipped, zipped, zipped, zipped, zip_heads),
    "pdf": (*_ANY, pdf_objects, pdf_objects, pdf_streams, pdf_streams),
    "ole": (*_ANY, ole_streams, ole_streams, ole_chains),
    "mail": (scattered, text, fuzz_damage.mail, fuzz_damage.mail, fuzz_damage.payload),
    "text": (scattered, text, text, tags),
    "packed": (*_ANY, fuzz_damage.repacked, fuzz_damage.repacked),
    "7z": (*_ANY, *[fuzz_damage.seven_zip] * 6),
    "tar": (*_ANY, fuzz_damage.tar, fuzz_damage.tar),
    "sqlite": (*_ANY, fuzz_damage.sqlite, fuzz_damage.sqlite),
    "bytes": _ANY,
}
"""The damage that fits each build."""

"""Damage done to documents, by dice: to any bytes, to text, to mail, and to what was packed.

Each kind of damage is a function of the content and the dice. What lies under a checksum or a
compression is damaged before it is packed again, so that the layers below are reached too; those
of zip, PDF and the old Office container stand in ``fuzz_containers``.
"""

import base64
import bz2
import gzip
import lzma
import random
import re
import sqlite3
import struct
import tarfile
from collections.abc import Callable

from tests.fuzz_seeds import seven_zip_of

Damage = Callable[[bytes, random.Random], bytes]

EXTREMES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
            0xFFFFFFFE, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)  # fmt: skip
_NUMBERS = (b"0", b"-1", b"1", b"65535", b"65536", b"2147483647", b"4294967295", b"1e309",
            b"99999999999999999999", b"-2147483648", b"0.0000001")  # fmt: skip
_CHARSETS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp1252", "cp850", "utf-8-sig")
_INSERTS = (b"\0", b'"', b"'", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b";", b"<", b">", b"&", b"\\",
            b"{", b"]", b"&#xFFFFFFFF;", b"&#x110000;", b"<![CDATA[", b"<!--", b"]]>", b"\xff",
            b"<!DOCTYPE x [<!ENTITY a '&a;&a;'>]>", b"\xed\xa0\x80", b"\\u12345?", b"\\bin99999 ",
            b"=?utf-8?b?//?=", b"\x1b", b"\xe2\x80\xae", b"=\r\n", b"--x--\n")  # fmt: skip
_HEADERS = (b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
            b"Content-Type: message/rfc822\n\n",
            b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: x-uuencode\n",
            b"Content-Type: text/plain; charset=unicode_escape\n", b"Content-Type: text/html\n",
            b"Subject: =?utf-7?q?+AGE?=\n", b"Content-Type: ;;;=\"\n")  # fmt: skip
_SCHEMAS = (
    "create table lijst (a, b as (abs(a) || randomblob(1000000000)))",
    "create table lijst (a check (load_extension('x')), primary key (a)) without rowid",
    "create view lijst as with recursive n(i) as (select 1 union all select i from n) select i",
    "create virtual table lijst using fts5(a)", "create table lijst (a collate nix)", "", "create",
    "create table lijst (" + ",".join(f"c{n}" for n in range(1999)) + ")",
    "create table lijst as select * from sqlite_master", "create table lijst (" + "(" * 900,
    "create index lijst on lijst (abs(a))", "create trigger lijst after insert on lijst begin end",
)  # fmt: skip
_TAG = re.compile(rb"<[^<>]*>")
_NUMBER = re.compile(rb"\d+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
_LARGEST = 60_000


def scattered(content: bytes, dice: random.Random) -> bytes:
    """Bytes changed, left out, put in twice or cut off."""
    made = bytearray(content or b"x")
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        kind, place = dice.random(), dice.randrange(len(made))
        if kind < 0.4:
            made[place] = dice.randrange(256)
        elif kind < 0.6:
            made[place : place + 4] = dice.choice((b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f"))
        elif kind < 0.75:
            del made[place : place + dice.randrange(1, 64)]
        elif kind < 0.93:
            start = dice.randrange(len(made))
            made[place:place] = made[start : start + dice.randrange(1, 200)]
        else:
            del made[max(1, place) :]
        made = made or bytearray(b"x")
    return bytes(made)


def lengths(content: bytes, dice: random.Random) -> bytes:
    """A few whole numbers in it set to an extreme, in either order of bytes."""
    made = bytearray(content)
    for _ in range(dice.randrange(1, 4)):
        form, size = dice.choice((("B", 1), ("H", 2), ("I", 4), ("Q", 8)))
        if len(made) > size:
            value = dice.choice(EXTREMES) & ((1 << 8 * size) - 1)
            place = dice.randrange(len(made) - size)
            place -= place % size if dice.random() < 0.7 else 0
            struct.pack_into(dice.choice("<>") + form, made, place, value)
    return bytes(made)


def spliced_from(first: bytes, second: bytes, dice: random.Random) -> bytes:
    """The beginning of one document and the end of another."""
    return first[: dice.randrange(len(first) + 1)] + second[dice.randrange(len(second) + 1) :]


def text(content: bytes, dice: random.Random) -> bytes:
    """Signs that mean something put in, numbers made extreme, pieces repeated, letters recoded."""
    kind = dice.random()
    if kind < 0.35:
        return _inserted(content, dice)
    if kind < 0.55:
        return _replaced(_NUMBER, content, dice, dice.choice(_NUMBERS))
    if kind < 0.75:
        return _repeated(content, dice)
    if kind < 0.9:
        name = dice.choice(_CHARSETS)
        return content.decode("utf-8", "replace").encode(name, "replace")
    return payload(content, dice)


def tags(content: bytes, dice: random.Random) -> bytes:
    """Tags left out, put in twice, moved, left open; attributes changed."""
    found = list(_TAG.finditer(content))
    if not found:
        return text(content, dice)
    for tag in sorted(dice.choices(found, k=dice.randrange(1, 6)), key=lambda m: -m.start()):
        whole, kind = tag.group(), dice.random()
        if kind < 0.2:
            new = b""
        elif kind < 0.4:
            new = whole * dice.choice((2, 3, 100))
        elif kind < 0.6:
            new = dice.choice(found).group()
        elif kind < 0.8:
            new = whole[:-1]
        else:
            new = scattered(whole, dice)
        content = content[: tag.start()] + new + content[tag.end() :]
    return content[:_LARGEST]


def payload(content: bytes, dice: random.Random) -> bytes:
    """What stands in base64 damaged below it, or the base64 itself."""
    found = list(_BASE64.finditer(content))
    if not found:
        return _inserted(content, dice)
    chosen = dice.choice(found)
    raw = chosen.group()
    if dice.random() < 0.6:
        inner = base64.b64decode(raw[: len(raw) & ~3] + b"====")
        raw = base64.b64encode(scattered(inner, dice))
    else:
        raw = scattered(raw, dice)
    return content[: chosen.start()] + raw + content[chosen.end() :]


def mail(content: bytes, dice: random.Random) -> bytes:
    """Headers put in or doubled, parts within parts, boundaries that are lies."""
    kind = dice.random()
    if kind < 0.4:
        lines = content.split(b"\n")
        lines.insert(dice.randrange(len(lines)), dice.choice(_HEADERS).rstrip(b"\n"))
        return b"\n".join(lines)
    if kind < 0.7:
        depth = dice.choice((1, 2, 5, 40))
        head = b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
        return head + dice.choice(_HEADERS) * depth + content
    if kind < 0.85:
        return _replaced(re.compile(rb'"=+[^"\n]+"'), content, dice, dice.choice((b'""', b'"x"')))
    return payload(content, dice)


def repacked(content: bytes, dice: random.Random) -> bytes:
    """What was packed by gzip, bzip2 or xz, damaged and packed again, now and then twice."""
    unpack, pack = {b"\x1f": (gzip.decompress, _gzip), b"B": (bz2.decompress, _bzip2)}.get(
        content[:1], (lzma.decompress, _xz)
    )
    inner = dice.choice((scattered, text))(unpack(content), dice)
    made = pack(inner)
    return dice.choice((made, made + made, pack(made), lengths(made, dice)))


def seven_zip(content: bytes, dice: random.Random) -> bytes:
    """The head of a 7z damaged under checksums that fit again."""
    offset, size = struct.unpack_from("<QQ", content, 12)
    body, head = content[32 : 32 + offset], content[32 + offset : 32 + offset + size]
    if dice.random() < 0.7:
        head = dice.choice((scattered, lengths))(head, dice)
    else:
        body = scattered(body, dice)
    return seven_zip_of(body, head)


def sqlite(content: bytes, dice: random.Random) -> bytes:
    """A schema that says what is not so: code for a table, a root where there is none."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(content)
        connection.execute("pragma writable_schema = on")
        column = dice.choice(("sql", "sql", "sql", "rootpage", "type", "name"))
        value = {"sql": dice.choice(_SCHEMAS), "rootpage": dice.choice((-1, 0, 1, 2, 3, 1 << 31)),
                 "type": dice.choice(("view", "trigger", "index", "")),
                 "name": dice.choice(("", '"', "sqlite_x", "a" * 9000, "\0"))}[column]  # fmt: skip
        connection.execute(f"update sqlite_master set {column} = ?", (value,))
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def tar(content: bytes, dice: random.Random) -> bytes:
    """Fields of a member's head changed under a checksum that fits again."""
    made = bytearray(content)
    heads = [n for n in range(0, len(made), 512) if made[n + 257 : n + 262] == b"ustar"]
    start = dice.choice(heads)
    field, size = dice.choice(((0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (345, 155)))
    signs = dice.choice((b"7", b"-", b"\0", b"\x80", b"\xff", b" ", b"x", b"L", b"K", b"S", b"3"))
    made[start + field : start + field + size] = (signs * size)[:size]
    made[start + 148 : start + 156] = b" " * 8
    total = tarfile.calc_chksums(bytes(made[start : start + 512]))[0]
    made[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(made)


def _inserted(content: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 2, 5))):
        place = dice.randrange(len(content) + 1)
        sign = dice.choice(_INSERTS) * dice.choice((1, 1, 1, 3, 50))
        content = content[:place] + sign + content[place:]
    return content


def _repeated(content: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(max(1, len(content)))
    piece = content[start : start + dice.choice((1, 3, 10, 60, 400))]
    times = min(dice.choice((2, 10, 100, 2000)), 20_000 // max(1, len(piece)))
    return content[:start] + piece * times + content[start:]


def _replaced(what: re.Pattern[bytes], content: bytes, dice: random.Random, new: bytes) -> bytes:
    found = list(what.finditer(content))
    if not found:
        return scattered(content, dice)
    for place in sorted(dice.choices(found, k=dice.choice((1, 2, 4))), key=lambda m: -m.start()):
        content = content[: place.start()] + new + content[place.end() :]
    return content


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def _bzip2(content: bytes) -> bytes:
    return bz2.compress(content, 1)


def _xz(content: bytes) -> bytes:
    return lzma.compress(content, preset=0)

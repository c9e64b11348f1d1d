"""Writes the old Office container and the documents in it, byte by byte.

No free library writes doc, ppt or msg, so that these are put together here after the published
formats: enough of each to be a document of that kind, and no more.
"""

import itertools
import struct

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096


def container(streams):
    """An OLE file. ``streams`` goes from a path with slashes to content."""
    entries, children = [["Root Entry", 5, b""]], {(): []}
    numbers = {(): 0}
    for path in streams:
        parts = tuple(path.split("/"))
        for depth in range(1, len(parts) + 1):
            here = parts[:depth]
            if here not in numbers:
                leaf = depth == len(parts)
                numbers[here] = len(entries)
                entries.append([here[-1], 2 if leaf else 1, streams[path] if leaf else b""])
                children.setdefault(here[:-1], []).append(numbers[here])
                children.setdefault(here, [])
    links = {number: [_FREE, _FREE] for number in range(len(entries))}
    for path, kids in children.items():
        links[numbers[path]][1] = kids[0] if kids else _FREE
        for kid, following in itertools.pairwise(kids):
            links[kid][0] = following
    return _laid_out(entries, links)


def _laid_out(entries, links):
    sectors, fat, mini, mini_fat = [], [], bytearray(), []
    starts = {}
    for number, (_, kind, content) in enumerate(entries):
        if kind != 2 or not content:
            continue
        if len(content) < _CUTOFF:
            starts[number] = len(mini_fat)
            count = -(-len(content) // _MINI)
            mini_fat += [len(mini_fat) + n + 1 for n in range(count - 1)] + [_END]
            mini += content.ljust(count * _MINI, b"\0")
        else:
            starts[number] = _add(sectors, fat, content)
    sizes = {number: len(content) for number, (_, _, content) in enumerate(entries)}
    starts[0], sizes[0] = (_add(sectors, fat, bytes(mini)) if mini else _END), len(mini)
    packed = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini_at = _add(sectors, fat, packed, b"\xff") if mini_fat else _END
    records = b"".join(
        _record(name, kind, links[n], starts.get(n, _END if kind == 2 else 0), sizes[n])
        for n, (name, kind, _) in enumerate(entries)
    )
    directory = _add(sectors, fat, records)
    needed = 1
    while needed * 128 < len(fat) + needed:
        needed += 1
    fat_at = [len(fat) + n for n in range(needed)]
    fat += [_FAT] * needed
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(needed * _SECTOR, b"\xff")
    head = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, needed, directory, 0, _CUTOFF, mini_at, -(-len(packed) // _SECTOR), _END, 0,
    )  # fmt: skip
    head += struct.pack("<109I", *fat_at, *[_FREE] * (109 - needed))
    return head + b"".join(sectors) + table


def _add(sectors, fat, content, filling=b"\0"):
    start, count = len(fat), -(-len(content) // _SECTOR)
    fat += [start + n + 1 for n in range(count - 1)] + [_END]
    padded = content.ljust(count * _SECTOR, filling)
    sectors += [padded[n * _SECTOR : (n + 1) * _SECTOR] for n in range(count)]
    return start


def _record(name, kind, link, start, size):
    raw = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", raw, len(raw), kind, 1, _FREE, *link, b"", 0, 0, 0, start, size
    )


def doc(pieces, rows=(), cells=(), flags=0, again=0):
    """A Word document. Each piece is text and whether it lies there as two bytes a letter.

    ``again`` more pieces show the last one again. ``rows`` and ``cells`` number the characters that
    end a row, or a paragraph in a cell.
    """
    body, table, positions, place = bytearray(2048), b"", [0], 0
    where = {}
    for text, wide in pieces:
        start = len(body)
        for index in range(len(text)):
            where[place + index] = start + (index + 1) * (2 if wide else 1)
        body += text.encode("utf-16-le" if wide else "cp1252")
        table += struct.pack("<HIH", 0, start if wide else start * 2 | 1 << 30, 0)
        place += len(text)
        positions.append(place)
    for _ in range(again):
        table += table[-8:]
        positions.append(positions[-1] + len(pieces[-1][0]))
    plc = struct.pack(f"<{len(positions)}I", *positions) + table
    pieces_at = b"\x01\x02\x00\xff\xff\x02" + struct.pack("<I", len(plc)) + plc
    bins = b""
    if rows or cells:
        body += b"\0" * (-len(body) % 512)
        bins = struct.pack("<III", 0, 1 << 20, len(body) // 512)
        body += _properties(where, rows, cells)
    struct.pack_into("<HH", body, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", body, 0x0A, 0x0200 | flags)
    struct.pack_into("<II", body, 0x0102, len(pieces_at), len(bins))
    struct.pack_into("<II", body, 0x01A2, 0, len(pieces_at))
    return container({"WordDocument": bytes(body), "1Table": pieces_at + bins})


def _properties(where, rows, cells):
    marked = sorted({where[n]: n in rows for n in (*rows, *cells)}.items())
    page = bytearray(512)
    ends = [2048, *(end for end, _ in marked)]
    struct.pack_into(f"<{len(ends)}I", page, 0, *ends)
    for index, (_, is_row) in enumerate(marked):
        sprms = b"\0\0\x16\x24\x01" + (b"\x17\x24\x01" if is_row else b"\0\0\0")
        place = 480 if is_row else 440
        page[4 * len(ends) + 13 * index] = place // 2
        page[place : place + 1 + len(sprms)] = bytes([len(sprms) // 2 + 1]) + sprms
    page[511] = len(marked)
    return page


def atom(kind, content, version=0):
    return struct.pack("<HHI", version, kind, len(content)) + content


def ppt(texts, token=0xE391C05F):
    """A presentation: a slide with a text of one byte a letter, then ones of two."""
    slide = atom(0x0FA8, texts[0].encode("latin-1"))
    slide += b"".join(atom(0x0FA0, text.encode("utf-16-le")) for text in texts[1:])
    user = atom(0x0FF6, struct.pack("<II", 20, token))
    return container(
        {"Current User": user, "PowerPoint Document": atom(0x03E8, atom(0x03EE, slide, 15), 15)}
    )


def msg(subject="", body="", attachments=(), **more):
    """A message. Attachments are bytes or, for a message within it, the arguments of another."""
    return container(_message(subject, body, attachments, **more))


def _message(subject="", body="", attachments=(), **more):
    properties = {"0037001F": subject.encode("utf-16-le"), "1000001F": body.encode("utf-16-le")}
    properties |= {f"{name[1:]}": content for name, content in more.items()}
    streams = {f"__substg1.0_{name}": value for name, value in properties.items() if value}
    streams["__properties_version1.0"] = b"\0" * 32
    for number, attached in enumerate(attachments):
        folder = f"__attach_version1.0_#{number:08X}"
        streams[f"{folder}/__properties_version1.0"] = b"\0" * 8
        if isinstance(attached, bytes):
            streams[f"{folder}/__substg1.0_37010102"] = attached
        else:
            inner = _message(**attached)
            streams |= {f"{folder}/__substg1.0_3701000D/{n}": c for n, c in inner.items()}
    return streams


def xls(rows, comment="", locked=False, first=(0, 0), shared="", cells=0):
    """A workbook with one sheet of text in the format of Excel 97; ``first`` is its first cell.

    ``cells`` more cells, one below the other, show the string ``shared``.
    """
    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 6)
    name = b"Blad1"
    sheet = _biff(0x809, struct.pack("<HHHHII", 0x0600, 16, 0, 0, 0, 6))
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            raw = text.encode("utf-16-le")
            sheet += _biff(
                0x204, struct.pack("<HHHHB", first[0] + y, first[1] + x, 0, len(text), 1) + raw
            )
    for y in range(cells):
        sheet += _biff(0xFD, struct.pack("<HHHI", y, 0, 0, 0))
    if comment:
        sheet += _biff(0x1B6, bytes(18)) + _biff(0x3C, b"\1" + comment.encode("utf-16-le"))
    sheet += _biff(0x0A, b"")
    before = _biff(0x809, begin) + (_biff(0x2F, bytes(54)) if locked else b"")
    if shared:
        before += _biff(0xFC, struct.pack("<IIHB", 1, 1, len(shared), 0) + shared.encode())
    offset = len(before) + 4 + 8 + len(name) + 4
    book = before + _biff(0x85, struct.pack("<IBBBB", offset, 1, 0, len(name), 0) + name)
    return container({"Workbook": (book + _biff(0x0A, b"") + sheet).ljust(4096, b"\0")})


def _biff(kind, content):
    return struct.pack("<HH", kind, len(content)) + content

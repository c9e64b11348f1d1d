"""7z archives: the members of every folder that Python's own libraries can unpack.

A folder is a stream of members one after the other, packed as one. Its coders are told by number;
those of the programs that people use (LZMA, LZMA2, deflate, bzip2, none, and the filters for
programs) are here. An encrypted archive is named so; a coder that is not here is unsupported.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part, Refused
from collectors.recognise.sevenzip_head import Folder, Head, Streams, main_streams, read_streams
from collectors.recognise.verdict import Format, Reason

_HEAD = 32
_LARGEST_HEAD = 8 << 20
_HEADER, _PACKED_HEADER = 0x01, 0x17
_LZMA, _LZMA2, _COPY, _AES = b"\x03\x01\x01", b"\x21", b"\x00", b"\x06\xf1\x07\x01"
_DEFLATE, _BZIP2 = b"\x04\x01\x08", b"\x04\x02\x02"
_FILTERS = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86, b"\x04": lzma.FILTER_X86, b"\x05": lzma.FILTER_POWERPC,
    b"\x06": lzma.FILTER_IA64, b"\x07": lzma.FILTER_ARM, b"\x08": lzma.FILTER_ARMTHUMB,
}  # fmt: skip
_DELTA = b"\x03"


def members(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Every member of the archive."""
    streams = _read_head(file, budget)
    place = _HEAD + streams.start
    first = 0
    for folder, sizes in zip(streams.folders, streams.members, strict=True):
        size = sum(streams.packed[first : first + folder.inputs])
        try:
            content = _unpack(file, place, size, folder, budget)
        except Refused as refusal:
            yield Part(Format.SEVEN_ZIP, problem=refusal.reason)
            if refusal.reason is Reason.LIMIT:
                return
            content, sizes = b"", []
        first, place = first + folder.inputs, place + size
        start = 0
        for length in sizes:
            budget.count_member()
            yield from nested(BytesIO(content[start : start + length]))
            start += length


def _read_head(file: BinaryIO, budget: Budget) -> Streams:
    file.seek(8)
    start = file.read(_HEAD - 8)
    stated, offset, size, digest = struct.unpack("<IQQI", start)
    # An archive whose making was broken off has no head.
    if zlib.crc32(start[4:]) != stated or size > _LARGEST_HEAD or offset > budget.limits.file:
        raise Refused(Reason.BROKEN)
    if size == 0:
        return Streams()
    file.seek(_HEAD + offset)
    content = file.read(size)
    if zlib.crc32(content) != digest:
        raise Refused(Reason.BROKEN)
    head = Head(content)
    for _ in range(4):
        kind = head.byte()
        if kind == _HEADER:
            return main_streams(head)
        if kind != _PACKED_HEADER:
            break
        streams = read_streams(head)
        if not streams.folders:
            break
        folder = streams.folders[0]
        if folder.size > _LARGEST_HEAD:
            raise Refused(Reason.LIMIT)
        place = _HEAD + streams.start
        head = Head(_unpack(file, place, sum(streams.packed), folder, budget))
    raise Refused(Reason.BROKEN)


def _unpack(file: BinaryIO, place: int, size: int, folder: Folder, budget: Budget) -> bytes:
    """What a folder unpacks to. Raises Refused."""
    names = [name for name, _ in folder.coders]
    if _AES in names:
        raise Refused(Reason.ENCRYPTED)
    if folder.inputs != 1 or not names:
        raise Refused(Reason.UNSUPPORTED)
    budget.draw(folder.size)
    file.seek(place)
    content = file.read(min(size, budget.limits.file))
    unpacked = _decode(content, folder)
    # The filters for programs keep back the last few bytes.
    if len(unpacked) < folder.size - 16:
        raise Refused(Reason.BROKEN)
    return unpacked


def _decode(content: bytes, folder: Folder) -> bytes:
    coders = [folder.coders[number] for number in folder.chain]
    last, size = coders[-1][0], folder.size
    try:
        if last in (_LZMA, _LZMA2) or last in _FILTERS or last == _DELTA:
            filters = [_filter(*coder, size) for coder in coders]
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(content, size)
        if len(coders) != 1:
            raise Refused(Reason.UNSUPPORTED)
        if last == _COPY:
            return content[:size]
        if last == _DEFLATE:
            return zlib.decompressobj(-15).decompress(content, size)
        if last == _BZIP2:
            return bz2.BZ2Decompressor().decompress(content, size)
    except (lzma.LZMAError, zlib.error, OSError, EOFError) as error:
        raise Refused(Reason.BROKEN) from error
    raise Refused(Reason.UNSUPPORTED)


def _filter(name: bytes, properties: bytes, size: int) -> dict[str, int]:
    """A coder as Python's lzma wants it. A dictionary larger than the content is never used."""
    if name == _LZMA and len(properties) >= 5:
        rest, literal = divmod(properties[0], 9)
        position, literal_position = divmod(rest, 5)
        wanted = int.from_bytes(properties[1:5], "little")
        return {
            "id": lzma.FILTER_LZMA1, "lc": literal, "lp": literal_position, "pb": position,
            "dict_size": max(4096, min(wanted, size)),
        }  # fmt: skip
    if name == _LZMA2:
        return {"id": lzma.FILTER_LZMA2, "dict_size": max(4096, size)}
    if name == _DELTA:
        return {"id": lzma.FILTER_DELTA, "dist": (properties or b"\0")[0] + 1}
    if name in _FILTERS:
        return {"id": _FILTERS[name]}
    raise Refused(Reason.UNSUPPORTED)

"""Archives: zip, tar and single files that were packed, each member judged as the file it is.

One member that cannot be read does not hide the others, but a limit ends the reading: an archive
that claims too much is not worth going on with.
"""

import bz2
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, Protocol

from collectors.recognise.budget import CHUNK, Budget, Nested, Part, Refused
from collectors.recognise.verdict import Format, Reason

XZ_MEMORY = 80 << 20
"""What one xz file may take to unpack, in bytes; ``xz -9`` takes 65 MB."""


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...


def members(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Every member of a zip."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            budget.count_member()
            try:
                content = budget.inflate(archive, member)
            except Refused as refusal:
                yield Part(Format.ZIP, problem=refusal.reason)
                if refusal.reason is Reason.LIMIT:
                    return
                continue
            yield from nested(BytesIO(content))


def tar(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Every file in a tar. What is a link, a device or a hole is no content."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            # With a negative size the next head would be looked for before this one, for ever.
            if member.size < 0:
                raise Refused(Reason.BROKEN)
            if not member.isreg():
                continue
            budget.count_member()
            budget.draw(member.size)
            content = archive.extractfile(member)
            if content is not None:
                yield from nested(BytesIO(content.read()))
        # At a head that makes no sense tarfile ends as if that were the end of the archive.
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise Refused(Reason.BROKEN)


def packed(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The one file in a gzip, bzip2 or xz."""
    content = BytesIO(b"".join(_unpacked(file, budget)))
    yield from nested(content)


def _unpacked(file: BinaryIO, budget: Budget) -> Iterator[bytes]:
    """The content in pieces; several packed files one after the other are one."""
    head = file.read(6)
    file.seek(0)
    unpacker = _unpacker(head)
    data = file.read(CHUNK)
    while data or not unpacker.needs_input:
        try:
            piece = unpacker.decompress(data, CHUNK)
        except (OSError, zlib.error, lzma.LZMAError) as error:
            raise Refused(_reason(error)) from error
        budget.draw(len(piece))
        yield piece
        data = b""
        if unpacker.eof:
            rest = unpacker.unused_data.lstrip(b"\0") or file.read(CHUNK).lstrip(b"\0")
            if not rest.startswith(head[:2]):
                return
            unpacker, data = _unpacker(head), rest
        elif unpacker.needs_input:
            data = file.read(CHUNK)
    if not unpacker.eof:
        raise Refused(Reason.BROKEN)


def _unpacker(head: bytes) -> _Unpacker:
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if head.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    return _Gzip()


def _reason(error: Exception) -> Reason:
    return Reason.LIMIT if "emory usage limit" in str(error) else Reason.BROKEN


class _Gzip:
    """zlib's way of unpacking, made like that of the other two."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(31)

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail


def unsupported(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Says so: silence would pass for clean."""
    yield Part(Format.ARCHIVE, problem=Reason.UNSUPPORTED)


def locked(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """A message that is readable only with a key."""
    yield Part(Format.CIPHER, problem=Reason.ENCRYPTED)

"""The head of a 7z archive: which members lie where, and what they were packed with.

Everything in it is a claim. Numbers are bounded where they are read, and a head that ends too early
or contradicts itself makes the archive a broken one. (After the 7zFormat.txt of the LZMA SDK.)
"""

from dataclasses import dataclass, field

from collectors.recognise.budget import Refused
from collectors.recognise.verdict import Reason

_MOST = 100_000
"""Folders, streams or files in one archive: what claims more is no archive."""
_END, _PACKED, _FOLDERS, _MEMBERS = 0x00, 0x06, 0x07, 0x08
_SIZE, _CRC, _FOLDER, _UNPACKED, _COUNTS = 0x09, 0x0A, 0x0B, 0x0C, 0x0D
_ARCHIVE_PROPERTIES, _MAIN_STREAMS, _FILES = 0x02, 0x04, 0x05


@dataclass(slots=True)
class Folder:
    """Members that were packed as one; ``coders`` are (number, properties)."""

    coders: list[tuple[bytes, bytes]] = field(default_factory=list)
    bonds: dict[int, int] = field(default_factory=dict)
    """Which coder's output is the input of which."""
    inputs: int = 1
    sizes: list[int] = field(default_factory=list)
    has_crc: bool = False

    @property
    def chain(self) -> list[int]:
        """The coders, from the one that gives the content to the one that reads the file."""
        feeding = set(self.bonds.values())
        order = [next((n for n in range(len(self.coders)) if n not in feeding), 0)]
        while order[-1] in self.bonds and len(order) < len(self.coders):
            order.append(self.bonds[order[-1]])
        return order

    @property
    def size(self) -> int:
        """What the folder unpacks to."""
        return self.sizes[self.chain[0]]


@dataclass(slots=True)
class Streams:
    """What lies after the head: ``members`` holds the sizes of the members of each folder."""

    start: int = 0
    packed: list[int] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    members: list[list[int]] = field(default_factory=list)


class Head:
    """Reads the head. Raises Refused where it ends too early or counts too much."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def take(self, length: int) -> bytes:
        """That many bytes."""
        piece = self._content[self._place : self._place + length]
        if len(piece) != length:
            raise Refused(Reason.BROKEN)
        self._place += length
        return piece

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def number(self) -> int:
        """A number of 1 to 9 bytes: the leading ones of the first say how many follow."""
        first = self.byte()
        following = 0
        while following < 8 and first & 0x80 >> following:
            following += 1
        value = int.from_bytes(self.take(following), "little")
        return value + ((first & (0x7F >> following)) << 8 * following)

    def count(self, most: int = _MOST) -> int:
        """A number of things; more of them than ``most`` is nonsense."""
        value = self.number()
        if value > most:
            raise Refused(Reason.BROKEN)
        return value

    def digests(self, count: int) -> list[bool]:
        """Skip the checksums; says which there are."""
        if count > 8 * len(self._content):
            raise Refused(Reason.BROKEN)
        known = [True] * count
        if self.byte() == 0:
            bits = self.take((count + 7) // 8)
            known = [bool(bits[n // 8] & 0x80 >> n % 8) for n in range(count)]
        self.take(4 * sum(known))
        return known


def main_streams(head: Head) -> Streams:
    """The streams of a header."""
    kind = head.byte()
    if kind == _ARCHIVE_PROPERTIES:
        raise Refused(Reason.UNSUPPORTED)
    if kind == _MAIN_STREAMS:
        return read_streams(head)
    if kind not in (_END, _FILES):
        raise Refused(Reason.BROKEN)
    return Streams()


def read_streams(head: Head) -> Streams:
    """What is known of the streams: where they lie, how they were packed, what is in them."""
    found = Streams()
    while (kind := head.byte()) != _END:
        if kind == _PACKED:
            _packed_sizes(head, found)
        elif kind == _FOLDERS:
            _folders(head, found)
        elif kind == _MEMBERS:
            _member_sizes(head, found)
        else:
            raise Refused(Reason.BROKEN)
    if not found.members:
        found.members = [[folder.size] for folder in found.folders]
    return found


def _packed_sizes(head: Head, found: Streams) -> None:
    found.start, count = head.number(), head.count()
    while (kind := head.byte()) != _END:
        if kind == _SIZE:
            found.packed = [head.number() for _ in range(count)]
        elif kind == _CRC:
            head.digests(count)
        else:
            raise Refused(Reason.BROKEN)


def _folders(head: Head, found: Streams) -> None:
    if head.byte() != _FOLDER:
        raise Refused(Reason.BROKEN)
    count = head.count()
    if head.byte() != 0:
        raise Refused(Reason.UNSUPPORTED)
    found.folders = [_folder(head) for _ in range(count)]
    while (kind := head.byte()) != _END:
        if kind == _UNPACKED:
            for folder in found.folders:
                folder.sizes = [head.number() for _ in folder.coders]
        elif kind == _CRC:
            for folder, defined in zip(found.folders, head.digests(count), strict=True):
                folder.has_crc = defined
        else:
            raise Refused(Reason.BROKEN)


def _folder(head: Head) -> Folder:
    made, inputs, outputs = Folder(), 0, 0
    for _ in range(head.count(32)):
        flags = head.byte()
        name = head.take(flags & 0x0F)
        many = flags & 0x10
        inputs += head.count(32) if many else 1
        outputs += head.count(32) if many else 1
        made.coders.append((name, head.take(head.count()) if flags & 0x20 else b""))
    for _ in range(max(0, outputs - 1)):
        into, out = head.number(), head.number()
        made.bonds[into] = out
    made.inputs = inputs - max(0, outputs - 1)
    if made.inputs > 1:
        for _ in range(made.inputs):
            head.number()
    return made


def _member_sizes(head: Head, found: Streams) -> None:
    counts = [1] * len(found.folders)
    kind = head.byte()
    if kind == _COUNTS:
        counts = [head.count() for _ in found.folders]
        kind = head.byte()
    sized = kind == _SIZE
    for folder, count in zip(found.folders, counts, strict=True):
        sizes = [head.number() for _ in range(count - 1)] if sized else []
        sizes = [*sizes, folder.size - sum(sizes)][:count]
        if min(sizes, default=0) < 0:
            raise Refused(Reason.BROKEN)
        found.members.append(sizes)
    kind = head.byte() if sized else kind
    if kind == _CRC:
        unknown = sum(
            count
            for folder, count in zip(found.folders, counts, strict=True)
            if count != 1 or not folder.has_crc
        )
        head.digests(unknown)
        kind = head.byte()
    if kind != _END:
        raise Refused(Reason.BROKEN)

"""PDFs made to cost a reader its time or its memory. The letter about a pupil stands in each."""

import zlib
from collections.abc import Callable

from tests import documents

_LETTER = b" Tj T* ".join(b"(%b)" % line.encode() for line in documents.LETTER)
TEXT = b"BT /F 9 Tf 12 TL 40 280 Td %b Tj ET" % _LETTER
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents %b/Resources<</Font<</F 4 0 R>>"
_FORM = b"<</Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<</XObject<<%b>>>>/Length %d>>"


def flate(content: bytes, times: int = 1) -> bytes:
    """A stream, packed that many times over."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    filters = b"/FlateDecode" * times
    return b"<</Length %d/Filter[%b]>>stream\n%b\nendstream" % (len(content), filters, content)


def pages(kids: bytes, count: int, *contents: bytes) -> bytes:
    """A PDF with the letter in its object 5 and further streams from object 6 on."""
    numbers = b"".join(b" %d 0 R" % (6 + n) for n in range(len(contents)))
    page = _PAGE % (b"[5 0 R%b]" % numbers) + b">>>>"
    return documents.pdf_of(
        _CATALOGUE, b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count), page, FONT, flate(TEXT),
        *contents,
    )  # fmt: skip


def deep_tree(depth: int) -> bytes:
    """A page below that many nodes."""
    nodes = [b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (5 + n, 7 + n)
             for n in range(depth)]  # fmt: skip
    page = _PAGE % b"5 0 R" + b">>>>"
    return documents.pdf_of(
        _CATALOGUE, b"<</Type/Pages/Kids[6 0 R]/Count 1>>", b"null", FONT, flate(TEXT),
        *nodes, page,
    )  # fmt: skip


def forms(depth: int, breadth: int, loop: bool = False) -> bytes:
    """Forms in forms, each shown ``breadth`` times by the one before it."""
    made = []
    for n in range(depth):
        following = 6 if loop else 7 + n
        content = b"/X Do " * breadth
        made.append(_FORM % (b"/X %d 0 R" % following, len(content))
                    + b"stream\n%b\nendstream" % content)  # fmt: skip
    last = _FORM % (b"", len(TEXT)) + b"stream\n%b\nendstream" % TEXT
    page = _PAGE % b"5 0 R" + b"/XObject<</X 6 0 R>>>>>>"
    return documents.pdf_of(
        _CATALOGUE, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, FONT,
        flate(TEXT + b" /X Do"), *made, last,
    )  # fmt: skip


def spaces() -> bytes:
    """A stream of 300 MB of spaces, made a megabyte at a time: what this process holds counts as
    held by the workers that it starts."""
    packed = _repeated(b" " * (1 << 20), 300)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(packed), packed)


def _repeated(piece: bytes, times: int) -> bytes:
    pack = zlib.compressobj(9)
    return b"".join(pack.compress(piece) for _ in range(times)) + pack.flush()


def doubled_zeros() -> bytes:
    """Zeros that were packed twice: some kilobytes that unpack to gigabytes."""
    twice = zlib.compress(_repeated(bytes(1 << 20), 4096), 9)
    return b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream" % (
        len(twice), twice,
    )  # fmt: skip


PDFS: dict[str, Callable[[], bytes]] = {
    "pdf that claims two thousand million pages": lambda: pages(b"3 0 R", 2**31 - 1),
    "pdf that claims a million pages": lambda: pages(b"3 0 R", 1_000_000),
    "pdf of 100,000 pages": lambda: pages(b"3 0 R " * 100_000, 100_000),
    "pdf of a stream of 300 MB of spaces": lambda: pages(b"3 0 R", 1, spaces()),
    "pdf of a stream of 4 GB, packed twice": lambda: pages(b"3 0 R", 1, doubled_zeros()),
    "pdf of 20 MB of text on one page": lambda: pages(
        b"3 0 R", 1, flate(b"BT /F 9 Tf " + b"(leerling) Tj " * 1_400_000 + b"ET")
    ),
    "pdf of 3 MB of text on each of 150 pages": lambda: pages(
        b"3 0 R " * 150, 150, flate(b"BT /F 9 Tf " + b"(leerling) Tj " * 200_000 + b"ET")
    ),
    "pdf of 10 million signs that nest": lambda: pages(b"3 0 R", 1, flate(b"q " * 10_000_000)),
    "pdf of lists 100,000 deep": lambda: pages(b"3 0 R", 1, b"[" * 100_000),
    "pdf of pages 5,000 deep": lambda: deep_tree(5000),
    "pdf whose pages are their own parent": lambda: pages(b"2 0 R 3 0 R", 2),
    "pdf of a form within itself": lambda: forms(1, 3, loop=True),
    "pdf of forms 9 deep, shown 10 times each": lambda: forms(9, 10),
    "pdf of forms 1,000 deep": lambda: forms(1000, 1),
}

"""Reads pictures of pages within limits: pages of a PDF, and pictures that are a page themselves.

What was not read stays a picture: beyond the limits on pages and time, and where too little on a
page is legible. Of such a page only the certain words are given, so that it may still be found to
be about a pupil, but never to be clean. A page with nothing on it is read. One that lies on its
side or upside down is turned, which costs a reading for each turn and is tried only where the
first one failed.
"""

import ctypes
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from collectors.recognise.leptonica_linux import Picture, Refusal, decode, from_grey
from collectors.recognise.ocr_columns import Word
from collectors.recognise.ocr_text import CERTAIN, DPI, certain, legible, text_of
from collectors.recognise.tesseract import Engine

_SHORT_SIDE = 1654
"""Pixels along the short side of A4 at 200 an inch."""
_MOST_PIXELS = 9_000_000
_STRETCH = 1.15
"""A picture is scaled if it is that much too large or too small."""
_DARK, _BLANK = 190, 0.0002
"""A page with a smaller share than that of anything dark has nothing on it."""
_TURNS = (2, 1, 3)
"""Upside down is tried first: a sheet is fed the wrong way round more often than sideways."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How much of one document is read: pages, and seconds of processor time after which no page
    is begun."""

    pages: int = 20
    seconds: float = 40.0


class Reader:
    """Reads the pages of one document. ``pages`` counts those that were begun.

    A file in which something is found is judged twice; a picture that was seen before is not read
    again.
    """

    def __init__(self, engine: Engine, reach: Reach | None = None) -> None:
        self._engine = engine
        self._reach = reach or Reach()
        self._began = time.process_time()
        self._seen: dict[bytes, tuple[str, bool]] = {}
        self.pages = 0

    def page(self, page: object) -> tuple[str, bool]:
        """The text on a page of PDFium's, and whether that is all of it."""
        try:
            pixels, width, height = _printed(page)
        except Refusal:
            return "", False
        return self._once(pixels, lambda: self._page(pixels, width, height))

    def picture(self, content: bytes) -> tuple[str, bool]:
        """The text on all pages of a picture, and whether that is all of it."""
        return self._once(content, lambda: self._picture(content))

    def _once(self, what: bytes, read: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
        digest = hashlib.sha256(what).digest()
        if digest not in self._seen:
            self._seen[digest] = read()
        return self._seen[digest]

    def _page(self, pixels: bytes, width: int, height: int) -> tuple[str, bool]:
        if not self._begin():
            return "", False
        try:
            return self._read(from_grey(self._engine.library, pixels, width, height))
        except Refusal:
            return "", False

    def _picture(self, content: bytes) -> tuple[str, bool]:
        texts, whole = [], True
        try:
            for picture in self._pictures(content):
                undamaged = picture.whole
                text, all_of_it = self._read(picture)
                texts.append(text)
                whole = whole and all_of_it and undamaged
        except Refusal:
            whole = False
        return "\n".join(text for text in texts if text), whole

    def _begin(self) -> bool:
        """Count a page, if one may still be begun."""
        spent = time.process_time() - self._began
        if self.pages >= self._reach.pages or spent >= self._reach.seconds:
            return False
        self.pages += 1
        return True

    def _pictures(self, content: bytes) -> Iterator[Picture]:
        """The pages of a picture; more than one is a TIFF's. Raises Refusal where one stays out."""
        number = 0
        while picture := decode(self._engine.library, content, number, _SHORT_SIDE):
            if not self._begin():
                picture.close()
                raise Refusal("a picture has more pages than are read")
            yield _sized(picture)
            number += 1

    def _read(self, picture: Picture) -> tuple[str, bool]:
        """The text of a picture, which is closed."""
        try:
            if picture.ink(_DARK) < _BLANK:
                return "", True
            words = self._engine.words(picture.upright())
            if not legible(words):
                words = max((words, *self._turned(picture)), key=certain)
        finally:
            picture.close()
        if legible(words):
            return text_of(words), True
        return text_of([word for word in words if word.certainty >= CERTAIN]), False

    def _turned(self, picture: Picture) -> Iterator[list[Word]]:
        """The words after each turn, until one makes the page legible."""
        for quarters in _TURNS:
            turned = picture.turned(quarters)
            try:
                words = self._engine.words(turned)
            finally:
                turned.close()
            yield words
            if legible(words):
                return


def _sized(picture: Picture) -> Picture:
    """A picture as large as the engine reads best: as if scanned from A4 at its resolution."""
    width, height = picture.size
    factor = _SHORT_SIDE / min(width, height)
    factor = min(factor, (_MOST_PIXELS / (width * height)) ** 0.5)
    return picture if 1 / _STRETCH < factor < _STRETCH else picture.scaled(factor)


def _printed(page: Any) -> tuple[bytes, int, int]:
    """A page of PDFium's as rows of grey, with their length and number. Raises Refusal."""
    width, height = _pixels(page)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise Refusal("there is no room for a page")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        flags = pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = pdfium.FPDFBitmap_GetBuffer(bitmap)
        return _rows(pixels, stride, width, height), width, height
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _rows(pixels: Any, stride: int, width: int, height: int) -> bytes:
    whole = memoryview(ctypes.string_at(pixels, stride * height))
    if stride == width:
        return bytes(whole)
    return b"".join(whole[y * stride : y * stride + width] for y in range(height))


def _pixels(page: Any) -> tuple[int, int]:
    """Width and height of a page at the engine's resolution, or as large as is allowed."""
    width = max(1.0, pdfium.FPDF_GetPageWidthF(page)) * DPI / 72
    height = max(1.0, pdfium.FPDF_GetPageHeightF(page)) * DPI / 72
    factor = min(1.0, (_MOST_PIXELS / (width * height)) ** 0.5)
    # A row of a multiple of four pixels lies in memory without a gap behind it.
    return max(4, int(width * factor) // 4 * 4), max(4, int(height * factor))

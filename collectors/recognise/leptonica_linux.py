"""Pictures by Leptonica, the library that Tesseract stands on, through ctypes.

It decodes PNG, JPEG and TIFF, scales and turns. It is native code over hostile input, and so is
only ever loaded in the worker for OCR. What a picture would take is asked of its head before it is
decoded, so that a small file cannot ask for much memory.
"""

import ctypes
from collections.abc import Callable
from typing import Any

GREY = 8
MOST_BITS = 160 << 23
"""Bits of a picture that is decoded: 160 MB."""

_P, _I, _F = ctypes.c_void_p, ctypes.c_int32, ctypes.c_float
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "pixReadHeaderMem": (_I, (_P, ctypes.c_size_t, *(6 * (_P,)))),
    "pixReadMem": (_P, (_P, ctypes.c_size_t)),
    "pixReadMemJpeg": (_P, (_P, ctypes.c_size_t, _I, _I, _P, _I)),
    "pixReadMemTiff": (_P, (_P, ctypes.c_size_t, _I)),
    "pixRemoveAlpha": (_P, (_P,)),
    "pixConvertTo8": (_P, (_P, _I)),
    "pixScale": (_P, (_P, _F, _F)),
    "pixDeskew": (_P, (_P, _I)),
    "pixRotateOrth": (_P, (_P, _I)),
    "pixThresholdToBinary": (_P, (_P, _I)),
    "pixCountPixels": (_I, (_P, _P, _P)),
    "pixGetWidth": (_I, (_P,)),
    "pixGetHeight": (_I, (_P,)),
    "pixDestroy": (None, (_P,)),
    "setMsgSeverity": (_I, (_I,)),
}
_SILENT = 6
_GO_ON = 2
"""Decode what is left of a damaged JPEG."""
_JPEG, _TIFF = 2, (4, 5, 6, 7, 8, 9, 10, 11)
"""Leptonica's numbers for these formats; TIFF has one for each way of packing."""


class Refusal(Exception):
    """A picture cannot be decoded, or is too large."""


def bind(library: ctypes.CDLL) -> ctypes.CDLL:
    """Declare the calls; ``library`` is Leptonica or a library that brings it along."""
    for name, (answer, arguments) in _CALLS.items():
        call = getattr(library, name)
        call.restype, call.argtypes = answer, arguments
    library.setMsgSeverity(_SILENT)
    return library


class Picture:
    """One grey picture. To be closed: nobody else frees it.

    ``whole`` is false where a part of it was damaged or missing and the decoder made it up.
    """

    def __init__(self, library: ctypes.CDLL, pix: int | None, whole: bool = True) -> None:
        if not pix:
            raise Refusal("there is no picture")
        self._library = library
        self.pix = pix
        self.whole = whole

    @property
    def size(self) -> tuple[int, int]:
        return self._library.pixGetWidth(self.pix), self._library.pixGetHeight(self.pix)

    def close(self) -> None:
        pix, self.pix = ctypes.c_void_p(self.pix), 0
        if pix.value:
            self._library.pixDestroy(ctypes.byref(pix))

    def grey(self) -> "Picture":
        """This picture in grey upon white, which takes its place."""
        return self._become("pixRemoveAlpha")._become("pixConvertTo8", 0)

    def scaled(self, factor: float) -> "Picture":
        """This picture made larger or smaller, which takes its place."""
        return self._become("pixScale", factor, factor)

    def upright(self) -> "Picture":
        """This picture with its lines level, which takes its place: a sheet lies askew by a few
        degrees in a scanner."""
        return self._become("pixDeskew", 0)

    def turned(self, quarters: int) -> "Picture":
        """A copy, turned clockwise."""
        return Picture(self._library, self._library.pixRotateOrth(self.pix, quarters))

    def ink(self, darker: int) -> float:
        """The share of it that is darker than this."""
        marks = Picture(self._library, self._library.pixThresholdToBinary(self.pix, darker))
        try:
            count = ctypes.c_int32()
            self._library.pixCountPixels(marks.pix, ctypes.byref(count), None)
            width, height = self.size
            return count.value / max(1, width * height)
        finally:
            marks.close()

    def _become(self, call: str, *arguments: float) -> "Picture":
        made = getattr(self._library, call)(self.pix, *arguments)
        self.close()
        if not made:
            raise Refusal(f"{call} made nothing of a picture")
        self.pix = made
        return self


def from_grey(library: ctypes.CDLL, pixels: bytes, width: int, height: int) -> Picture:
    """A picture of rows of grey, a byte each."""
    content = b"P5 %d %d 255\n%b" % (width, height, pixels)
    return Picture(library, library.pixReadMem(content, len(content)))


def decode(library: ctypes.CDLL, content: bytes, page: int, wanted: int) -> Picture | None:
    """A page of a picture, in grey; None after the last one. ``wanted`` is how many pixels its
    short side needs: a JPEG is decoded no larger than that takes. Raises Refusal."""
    kind, width, height, bits = _head(library, content)
    if page and kind not in _TIFF:
        return None
    smaller = next((n for n in (8, 4, 2) if min(width, height) >= n * wanted), 1)
    if width * height * bits // (smaller**2 if kind == _JPEG else 1) > MOST_BITS:
        raise Refusal("a picture is too large")
    warnings = ctypes.c_int32()
    if kind in _TIFF:
        # The head is that of the first page; the others are held by the limit on memory.
        pix = library.pixReadMemTiff(content, len(content), page)
    elif kind == _JPEG:
        said = ctypes.byref(warnings)
        pix = library.pixReadMemJpeg(content, len(content), 0, smaller, said, _GO_ON)
    else:
        pix = library.pixReadMem(content, len(content))
    return None if page and not pix else Picture(library, pix, not warnings.value).grey()


def _head(library: ctypes.CDLL, content: bytes) -> tuple[int, int, int, int]:
    """Format, width, height, and bits of a pixel once it is decoded."""
    fields = [ctypes.c_int32() for _ in range(6)]
    ask: Callable[..., int] = library.pixReadHeaderMem
    if ask(content, len(content), *(ctypes.byref(field) for field in fields)):
        raise Refusal("a picture has no head")
    kind, width, height, bits, samples, _ = (field.value for field in fields)
    if min(width, height) <= 0:
        raise Refusal("a picture has no size")
    return kind, width, height, 32 if samples > 1 else bits

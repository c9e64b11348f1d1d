"""Tesseract by ctypes: reads the words of a picture, with the place and the certainty of each.

The library and its models come from the distribution, which keeps them safe: nothing of them lies
in this project, and without them there is no OCR. They are looked for by absolute path, and loaded
in the worker for OCR only, before its sandbox closes. The models hold Danish first: read with Dutch
first, a Danish text loses its letters.
"""

import ctypes
import os
import platform
from collections.abc import Iterator

from collectors.recognise import leptonica_linux
from collectors.recognise.leptonica_linux import Picture
from collectors.recognise.ocr_columns import Word
from collectors.recognise.ocr_text import DPI

LANGUAGES = ("dan", "nld", "eng")

_LIBRARY = "libtesseract.so.5"
_FOLDERS = (f"/usr/lib/{platform.machine()}-linux-gnu", "/usr/lib64", "/usr/lib")
_MODELS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
)
_P, _C, _I = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_CALLS = {
    "TessBaseAPICreate": (_P, ()),
    "TessBaseAPIInit2": (_I, (_P, _C, _C, _I)),
    "TessBaseAPISetVariable": (_I, (_P, _C, _C)),
    "TessBaseAPISetPageSegMode": (None, (_P, _I)),
    "TessBaseAPISetImage2": (None, (_P, _P)),
    "TessBaseAPISetSourceResolution": (None, (_P, _I)),
    "TessBaseAPIGetTsvText": (_P, (_P, _I)),
    "TessBaseAPIClear": (None, (_P,)),
    "TessBaseAPIDelete": (None, (_P,)),
    "TessDeleteText": (None, (_P,)),
}
_NEURAL, _WHOLE_PAGE = 1, 3
_WORD_LEVEL = "5"


def missing() -> list[str]:
    """What of the engine is not there: ``tesseract`` for the library, a language for its model.
    Nothing is loaded for it."""
    lacks = [] if _place(_FOLDERS, _LIBRARY) else ["tesseract"]
    return lacks + [name for name in LANGUAGES if not _place(_MODELS, f"{name}.traineddata")]


class Engine:
    """Tesseract with its models loaded. One in a process, which a worker keeps for good."""

    def __init__(self) -> None:
        """Raises OSError if it cannot be loaded."""
        folder = _place(_FOLDERS, _LIBRARY)
        models = _place(_MODELS, f"{LANGUAGES[0]}.traineddata")
        if folder is None or models is None:
            raise OSError("Tesseract is not installed")
        os.environ["OMP_THREAD_LIMIT"] = "1"
        self.library = _bind(ctypes.CDLL(f"{folder}/{_LIBRARY}"))
        self._api = self.library.TessBaseAPICreate()
        words = "+".join(LANGUAGES).encode()
        if self.library.TessBaseAPIInit2(self._api, models.encode(), words, _NEURAL) != 0:
            raise OSError(f"Tesseract cannot load its models from {models}")
        self.library.TessBaseAPISetPageSegMode(self._api, _WHOLE_PAGE)

    def words(self, picture: Picture) -> list[Word]:
        """The words in a picture, in reading order."""
        self.library.TessBaseAPISetImage2(self._api, picture.pix)
        self.library.TessBaseAPISetSourceResolution(self._api, DPI)
        table = self.library.TessBaseAPIGetTsvText(self._api, 0)
        try:
            text = ctypes.string_at(table).decode("utf-8", "replace") if table else ""
            return list(_words(text))
        finally:
            self.library.TessDeleteText(table)
            self.library.TessBaseAPIClear(self._api)

    def close(self) -> None:
        """Give the memory of the models back."""
        self.library.TessBaseAPIDelete(self._api)


def _words(table: str) -> Iterator[Word]:
    """The words of a table as Tesseract writes it: level, page, block, paragraph, line, word, left,
    top, width, height, certainty, text."""
    for row in table.split("\n"):
        cells = row.split("\t", 11)
        if len(cells) == 12 and cells[0] == _WORD_LEVEL and cells[11].strip():
            left, top, width, height = map(int, cells[6:10])
            line = (int(cells[2]), int(cells[3]), int(cells[4]))
            yield Word(line, left, top, width, height, float(cells[10]), cells[11].strip())


def _bind(library: ctypes.CDLL) -> ctypes.CDLL:
    for name, (answer, arguments) in _CALLS.items():
        call = getattr(library, name)
        call.restype, call.argtypes = answer, arguments
    return leptonica_linux.bind(library)


def _place(folders: tuple[str, ...], name: str) -> str | None:
    """The first of the folders that holds a file."""
    return next((folder for folder in folders if os.path.isfile(f"{folder}/{name}")), None)

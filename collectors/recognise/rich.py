"""Rich Text (rtf): the text that a reader would see, with notes, comments and text boxes.

One expression cuts the file into groups, control words and runs; a stack of groups knows which of
them are shown. Whatever is marked as "skip if unknown" is skipped, but for the groups that hold
text all the same. Embedded files are looked into.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.ole import find_embedded
from collectors.recognise.verdict import Format

_TOKEN = re.compile(
    r"\\'([0-9a-fA-F]{2})"
    r"|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?"
    r"|\\([^a-zA-Z'])"
    r"|([{}])"
    r"|([^\\{}\r\n]+)"
)
_HIDDEN = frozenset(
    ("fonttbl", "colortbl", "stylesheet", "info", "pict", "themedata", "datastore", "listtable",
     "listoverridetable", "revtbl", "rsidtbl", "filetbl", "nonesttables", "sp", "objdata", "xe",
     "tc", "fldinst", "generator", "nonshppict", "bkmkstart", "bkmkend", "atnid", "atnref")
)  # fmt: skip
_SHOWN_THOUGH_STARRED = frozenset(
    ("shpinst", "shptxt", "annotation", "atnauthor", "nesttableprops", "shppict", "footnote")
)
_SIGNS = {
    "par": "\n", "line": "\n", "row": "\n", "nestrow": "\n", "sect": "\n", "page": "\n",
    "cell": "\t", "nestcell": "\t", "tab": "\t", "emdash": "-", "endash": "-", "bullet": "*",
    "lquote": "'", "rquote": "'", "ldblquote": '"', "rdblquote": '"', "emspace": " ",
    "enspace": " ", "qmspace": " ",
}  # fmt: skip
_SYMBOLS = {"~": " ", "_": "-", "-": "", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_CODE_PAGES = {
    "437": "cp437", "850": "cp850", "865": "cp865", "1250": "cp1250", "1252": "cp1252",
    "1254": "cp1254", "1257": "cp1257", "10000": "mac-roman",
}  # fmt: skip
_DATA = re.compile(r"\\objdata\b([^{}\\]*)")
_BINARY = re.compile(r"\\bin(\d{1,9}) ?")
_MOST_OBJECTS = 50


def rtf(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of a Rich Text document, then what is embedded in it."""
    content = budget.read(file)
    yield Part(Format.RTF, budget.keep(rtf_text(content)))
    for found in islice(_DATA.finditer(content.decode("latin-1")), _MOST_OBJECTS):
        digits = re.sub(r"[^0-9A-Fa-f]", "", found.group(1))
        budget.count_member()
        budget.draw(len(digits) // 2)
        yield from find_embedded(bytes.fromhex(digits[: len(digits) & ~1]), nested)


def rtf_text(content: bytes) -> str:
    """The text of Rich Text."""
    text = _without_binary(content.decode("latin-1"))
    page = re.search(r"\\ansicpg(\d{1,5})", text[:4096])
    mac = "\\mac" in text[:200]
    codec = _CODE_PAGES.get(page.group(1) if page else "10000" if mac else "", "cp1252")
    joined = "".join(_Reader(codec).read(text))
    # Characters beyond the first plane come in two halves.
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Reader:
    """Goes through the groups of one document."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._groups: list[tuple[bool, int]] = []
        self._shown = True
        self._skips = 1
        """How many letters stand after a Unicode character for readers that do not know it."""
        self._to_skip = 0
        self._starred = False

    def read(self, text: str) -> Iterator[str]:
        for token in _TOKEN.finditer(text):
            code, word, number, symbol, brace, run = token.groups()
            if brace:
                self._group(brace)
            elif word:
                yield self._word(word, number)
            elif symbol == "*":
                self._starred = True
            elif self._shown:
                yield self._letters(code, symbol, run)

    def _group(self, brace: str) -> None:
        self._starred = False
        self._to_skip = 0
        if brace == "{":
            self._groups.append((self._shown, self._skips))
        elif self._groups:
            self._shown, self._skips = self._groups.pop()

    def _word(self, word: str, number: str | None) -> str:
        starred, self._starred = self._starred, False
        if word in _HIDDEN or (starred and word not in _SHOWN_THOUGH_STARRED):
            self._shown = False
        if not self._shown:
            return ""
        if word == "u" and number:
            self._to_skip = self._skips
            return chr(int(number) % 65_536)
        if word == "uc" and number:
            self._skips = max(0, int(number))
        return _SIGNS.get(word, "")

    def _letters(self, code: str | None, symbol: str | None, run: str | None) -> str:
        if run:
            skipped, self._to_skip = self._to_skip, max(0, self._to_skip - len(run))
            return run[skipped:].encode("latin-1").decode(self._codec, "replace")
        if self._to_skip:
            self._to_skip -= 1
            return ""
        if code:
            return bytes.fromhex(code).decode(self._codec, "replace")
        return _SYMBOLS.get(symbol or "", "")


def _without_binary(text: str) -> str:
    """The text without raw data, in which braces mean nothing."""
    if "\\bin" not in text:
        return text
    kept, place = [], 0
    while found := _BINARY.search(text, place):
        kept.append(text[place : found.start()])
        place = min(len(text), found.end() + int(found.group(1)))
    return "".join((*kept, text[place:]))

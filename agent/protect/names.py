"""What files are called in a copy: names that every system can unpack, and that hide nothing.

A name comes from whoever sent the file, so it may hold a path, a line break, or characters that
turn the reading direction and make a program look like a document.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime

LONGEST = 120
"""Bytes in UTF-8; more cannot be unpacked everywhere."""
_BARRED = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Kinds of characters that cannot be seen, as Unicode sorts them."""


def inside(given: Iterable[str]) -> list[str]:
    """The names within a copy, in order; no two are alike on a system that ignores capitals."""
    taken = set[str]()
    return [_new(plain(name), taken) for name in given]


def plain(given: str) -> str:
    """One name without its folders and without what no system should be asked to unpack."""
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if _is_barred(char) else char for char in last).strip(" ").rstrip(". ")
    stem, dot, ending = _short(kept or "_").rpartition(".")
    first = (stem if dot else ending).partition(".")[0]
    return f"_{stem}{dot}{ending}" if first.strip().lower() in _RESERVED else stem + dot + ending


def neutral(word: str, now: datetime, ending: str) -> str:
    """What a copy is called: the name of a file travels readable, so it says nothing."""
    return f"{word}-{now:%Y%m%d-%H%M}.{ending}"


def _is_barred(char: str) -> bool:
    return char in _BARRED or unicodedata.category(char) in _UNSEEN


def _short(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = name, "", ""
    room = LONGEST - len((dot + ending).encode("utf-8", "replace"))
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + dot + ending


def _new(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    found, number = name, 1
    while _folded(found) in taken:
        number += 1
        found = f"{stem} ({number}).{ending}" if dot else f"{name} ({number})"
    taken.add(_folded(found))
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

"""Words as bytes: one byte a character, in small letters, so that looking them up is cheap.

Latin-1 holds every letter of Dutch, Danish and English. Other letters stay letters, under one
stand-in, so that no word seems to end where one of them stands.
"""

import codecs

_STAND_IN = 0xAA


def _other_letters(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    odd = error.object[error.start : error.end]
    return bytes(_STAND_IN if letter.isalnum() else 0x20 for letter in odd), error.end


codecs.register_error("dossierwacht-letters", _other_letters)

_SMALL = bytes(ord(chr(c).lower()) for c in range(256))
_SPACED = bytes(
    ord(chr(c).lower()) if chr(c).isalpha() or chr(c) in "'-_" else 0x20 for c in range(256)
)
_ZEROS = bytes(48 if 48 <= c < 58 else c for c in range(256))
_NO_LETTERS = bytes(c for c in range(256) if not chr(c).isalpha())
_EDGES = (b" '", b"' ", b" -", b"- ")
_JOINT = frozenset(c for c in range(256) if chr(c).isalnum())


def encoded(text: str) -> bytes:
    """A text with one byte for each character."""
    return text.encode("latin-1", "dossierwacht-letters")


def small(raw: bytes) -> bytes:
    """The same in small letters, as ``spelled`` spells the rules."""
    return raw.translate(_SMALL)


def zeroed(raw: bytes) -> bytes:
    """The same with every digit as a 0, so that a form of number is found as a word is."""
    return raw.translate(_ZEROS)


def spelled(words: str) -> bytes:
    """A word or phrase of the rules in the form in which it is looked for."""
    return small(encoded(words))


def spaced(raw: bytes) -> bytes:
    """An encoded text in small letters, with a space for all that belongs to no word.

    Hyphens and apostrophes belong to a word inside it only. No place is moved.
    """
    plain = b" %b " % raw.translate(_SPACED)
    for edge in _EDGES:
        if edge in plain:
            plain = plain.replace(edge, b"  ").replace(edge, b"  ")
    return plain[1:-1]


def all_words(term: str) -> tuple[bytes, ...]:
    """The words of a term of the rules, as they stand in ``spaced`` text."""
    return tuple(spaced(encoded(term)).split())


def first_word(term: str) -> bytes:
    """The word by which a term is looked up first; empty if it has none."""
    return next(iter(all_words(term)), b"")


def find_word(low: bytes, needle: bytes, start: int = 0) -> int:
    """Where a word or phrase begins, not in the middle of another word; -1 if nowhere."""
    place = low.find(needle, start)
    while place > 0 and low[place - 1] in _JOINT:
        place = low.find(needle, place + 1)
    return place


def count_letters(low: bytes) -> int:
    """How many letters a text has."""
    return len(low.translate(None, _NO_LETTERS))

"""Which encoding a text is in, where nothing says so: Unicode first, else the likeliest of three.

Text that is no UTF-8 was written by an older program: Windows-1252 on Windows, code page 850 from a
DOS shell or an old administration, Mac Roman from an old Mac. The three give the same bytes other
letters, so the one in which the letters stand where letters stand is taken.
"""

import re
from itertools import islice

_SINGLE = ("cp1252", "cp850", "mac-roman")
"""In the order in which they are taken where they are equally likely."""
_ACCENTED = frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüýÿßÁÀÂÄÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖØÚÙÛÜ")
_OPENING, _CLOSING, _WITHIN = "\u2018\u201c\u201e\u00ab", "\u2019\u201d\u00bb", "\u2019\u00ad"
_HIGH = re.compile(rb"[\x80-\xff]")
_SAMPLE = 4000
"""How many of such signs are looked at."""


def decode(content: bytes) -> str:
    """Bytes as text: byte order mark, UTF-16 without one, UTF-8, else one byte a letter."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if (order := utf16_order(content)) is not None:
        return content.decode(order, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if _mostly_utf8(content):
        return content.decode("utf-8-sig", "replace")
    return content.decode(single_byte(content), "replace")


def utf16_order(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where every other byte of mostly Western text is zero."""
    sample = head[: min(len(head), 4096) & ~1]
    if len(sample) < 8:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.8 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.8 * half and odd < 0.05 * half else None


def single_byte(content: bytes) -> str:
    """The likeliest encoding of a text with one byte a letter."""
    padded = b" " + content + b" "
    places = [found.start() for found in islice(_HIGH.finditer(padded), _SAMPLE)]
    around = [padded[place - 1 : place + 2] for place in places]
    scores = {codec: sum(_likely(three, codec) for three in around) for codec in _SINGLE}
    return max(_SINGLE, key=lambda codec: scores[codec])


def _likely(three: bytes, codec: str) -> int:
    """Whether a sign stands where it may: 1 for a letter in a word, -1 for a sign in one."""
    before, letter, after = tuple(three.decode(codec, "replace"))
    if letter in _ACCENTED:
        if letter.isupper() and before.islower():
            return -1
        return 1 if before.isalpha() or after.isalpha() else 0
    if before.isalpha() and after.isalpha():
        return 1 if letter in _WITHIN else -1
    opens, closes = after.isalpha() and letter in _OPENING, before.isalpha() and letter in _CLOSING
    return 1 if opens or closes else 0


def _mostly_utf8(content: bytes) -> bool:
    """Whether a text is UTF-8 with a few stray bytes in it, or cut off within a character."""
    sample = content[:262_144]
    text = sample.decode("utf-8", "replace")
    stray = text.count("\ufffd")
    return len(sample) - len(text) > 0 and sum(x > "\x7f" for x in text) - stray > 10 * stray

"""Telephone numbers, addresses and e-mail addresses, as they are written in three countries.

They say which kinds of data a pupil file holds and never whether it is one: a letterhead has an
address too. A number counts by its form; eight or ten bare digits are somebody's only beside a word
that says so, since a citizen number has as many.
"""

import re
from collections.abc import Iterator

from collectors.recognise.category import Category
from collectors.recognise.rules.data_kinds import kinds_of_data

_LONGEST = 400_000
"""Characters that are searched; who to call stands before that."""
_BEFORE = r"(?<![\d+/.,-])(?<!\d )"
_AFTER = r"(?![\d/])(?! ?\d)"
_DUTCH = r"0(?:6[ -]?(?:\d ?){7}\d|[1-9]\d[ -](?:\d ?){6}\d|[1-9]\d\d[ -](?:\d ?){5}\d)"
_FOREIGN = r"(?:\+|\b00)(?:31[ -]?(?:\(0\) ?)?(?:\d[ -]?){8}\d|45 ?(?:\d ?){7}\d)"
_DANISH = r"[2-9]\d \d\d \d\d \d\d"
_PHONE = re.compile(rf"{_BEFORE}(?:{_FOREIGN}|{_DUTCH}|{_DANISH}){_AFTER}")
_BARE = re.compile(rf"[\s:.(]*{_BEFORE}(?:0[1-9]\d{{8}}|[2-9]\d{{7}}){_AFTER}")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z]{2,}")
_CODE_BEHIND = re.compile(r"\b[1-9]\d{3} ?(?!S[ADS]\b)[A-Z]{2}\b(?!-)")
_NUMBER = re.compile(r"[ .,]{0,2} ?\d{1,4}(?: ?[A-Za-z])?\b(?![-/.]\d)")


def contact_kinds(text: str) -> Iterator[Category]:
    """Which of the three kinds stand in a text."""
    text = text[:_LONGEST]
    if "@" in text and _MAIL.search(text):
        yield Category.MAIL
    if _PHONE.search(text) or _bare_number(text):
        yield Category.PHONE
    if _CODE_BEHIND.search(text) or _street(text):
        yield Category.ADDRESS


def _bare_number(text: str) -> bool:
    low = text.lower()
    return any(
        _BARE.match(text, place + len(word))
        for word in kinds_of_data().phone_words
        for place in _places(low, word)
    )


def _street(text: str) -> bool:
    """A word that ends as streets do, and a number behind it."""
    low = text.lower()
    return any(
        low[place - 2 : place].isalpha() and _NUMBER.match(text, place + len(ending))
        for ending in kinds_of_data().street_endings
        for place in _places(low, ending)
    )


def _places(low: str, word: str) -> Iterator[int]:
    place = low.find(word)
    while place >= 0:
        yield place
        place = low.find(word, place + 1)

"""Names that stand on no list of given names, told by the words beside them.

A capitalised word is a name where only a name can stand: behind "pupil" or "the parents of",
before "and her mother" or "'s mother", before an age or "from group 5".
"""

import re
from collections.abc import Iterator
from functools import cache

from collectors.recognise.classes import class_follows
from collectors.recognise.names import CAPITAL, Found, is_given
from collectors.recognise.reading import Reading, Span
from collectors.recognise.rules import rules
from collectors.recognise.words import encoded, find_word, first_word, spaced, spelled

_MOST = 20_000
_REACH = 48
"""Characters before a word about a family or a class in which a name is looked for."""
_WORD = rf"{CAPITAL}[a-zæøåéëïöüçşğıáíóúńśźżćłęąèêà'-]{{2,}}"
_SURNAME = r"(?: (?:(?:van|de|der|den|el|al) )*[A-Z][\w-]+)?"
_BEHIND_NOUN = re.compile(rf"[ ,]{{1,2}}({_WORD}(?!\w){_SURNAME})")
_BEFORE_FAMILY = re.compile(
    rf"(?:({_WORD}?)(?:['’]?s|['’]) |({_WORD}{_SURNAME}) (?:en|og|and) "
    r"(?:zijn|haar|z'n|hans|hendes|sin|his|her) )$"
)
_BEFORE_CLASS = re.compile(rf"({_WORD}{_SURNAME})(?: |, )(?:uit|fra|from|in|i) (?:de )?$")
_FULL_NAME = re.compile(
    rf"({_WORD}(?: (?:van|de|der|den|op|in|el|al|ter|ten))* {CAPITAL}[\w-]+) \("
)
_BEFORE_AGE = re.compile(rf"({_WORD}{_SURNAME}),? (?:på )?\d{{1,2}} $")


def unusual_names(reading: Reading) -> dict[Span, list[Found]]:
    """The unusual names of a text by line, placed from the start of the line."""
    found: dict[Span, list[Found]] = {}
    for count, (start, end) in enumerate(_places(reading)):
        if count >= _MOST:
            break
        name = reading.text[start:end]
        if _may_be_name(name):
            span = reading.line(start)
            found.setdefault(span, []).append(Found(start - span[0], end - span[0], name))
    return {span: _apart(names) for span, names in found.items()}


def _apart(names: list[Found]) -> list[Found]:
    """The names of a line, each once, in order."""
    places = {name.start: name for name in names}
    return [places[start] for start in sorted(places)]


def _places(reading: Reading) -> Iterator[Span]:
    for place in _each(reading, _nouns()):
        if match := _BEHIND_NOUN.match(reading.text, place[1]):
            yield match.span(1)
    for match in _FULL_NAME.finditer(reading.text):
        if class_follows(reading.text[match.end() - 2 : match.end() + _REACH].lower()):
            yield match.span(1)
    people = rules().people
    for words, shape in (
        (_forms(people.kin_words), _BEFORE_FAMILY),
        (_forms(people.class_words), _BEFORE_CLASS),
        (_forms(people.year_words), _BEFORE_AGE),
    ):
        for start, _ in _each(reading, words):
            match = shape.search(reading.text, max(0, start - _REACH), start)
            if match is not None:
                yield match.span(match.lastindex or 1)


def _each(reading: Reading, words: dict[bytes, bytes]) -> Iterator[Span]:
    """Where each of the words or phrases stands."""
    for needle, word in words.items():
        place = find_word(reading.low, needle) if word in reading.words else -1
        for _ in range(_MOST):
            if place < 0:
                break
            yield place, place + len(needle)
            place = find_word(reading.low, needle, place + len(needle))


def _may_be_name(name: str) -> bool:
    """Whether a capitalised word is in no list: neither a given name nor a word of the rules."""
    word = name.partition(" ")[0]
    known = rules().known
    parts = spaced(encoded(word)).split()
    return not (is_given(word) or word.isupper() or any(part in known for part in parts))


@cache
def _nouns() -> dict[bytes, bytes]:
    """What an unusual name may stand behind, and the word by which it is looked up."""
    people = rules().people
    links = [f"{word} {link}" for word in people.relations for link in people.relation_words]
    return {
        spelled(noun): first_word(noun)
        for noun in (*people.child_nouns, *people.about_words, *links)
    }


@cache
def _forms(words: frozenset[str]) -> dict[bytes, bytes]:
    return {spelled(word): first_word(word) for word in sorted(words)}

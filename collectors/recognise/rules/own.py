"""An organisation's own rules: the shape of its pupil numbers and its own terms, from its policy.

They are data like the rules beside them, in a form that cannot do harm: a shape is no regular
expression but a row of places, and every list has an end. Whoever reads them checks them anew, the
agent when it reads the policy and the worker when it starts.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from collectors.recognise.rules import schema

DIGIT, LETTER = "9", "A"
"""What stands in a shape for any digit and for any letter; whatever else stands for itself."""
KEYS = ("pupil_number", "pupil_number_words", "terms", "not_terms")
TOPICS = ("care", "safety", "progress", "school")
MOST_WEIGHT = 5.0
MOST_SHAPES = 8
MOST_NUMBER_WORDS = 20
MOST_TERMS = 200
MOST_NOT_TERMS = 100
LARGEST = 65_536
"""Bytes of all of them in one packet."""

_SHORTEST_SHAPE, _LONGEST_SHAPE = 4, 16
_FEWEST_PLACES = 4
_PLAIN = "-./_ "
_SHORTEST_TERM, _LONGEST_TERM = 3, 60
_MARKS = " -'./&()"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnRules:
    """``shapes`` of pupil numbers, ``number_words`` that name one, weighted ``terms`` by topic,
    and ``not_terms`` that speak against."""

    shapes: tuple[str, ...] = ()
    number_words: tuple[str, ...] = ()
    terms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    not_terms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shapes or self.number_words or self.terms or self.not_terms)

    def packet(self) -> bytes:
        """As a worker is given them; empty if there are none."""
        if not self:
            return b""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()

    def digest(self) -> int:
        """A number of 31 bits that changes with them; 0 if there are none."""
        if not self:
            return 0
        return int.from_bytes(hashlib.sha256(self.packet()).digest()[:4]) >> 1 or 1


NONE = OwnRules()


def faults(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys of a policy, each mistake with its key."""
    for key, read in _READERS.items():
        try:
            read(key, settings.get(key))
        except schema.RuleError as error:
            yield key, str(error)


def read_own(settings: Mapping[str, Any]) -> OwnRules:
    """The rules in a section of a policy. Raises schema.RuleError, which names the key."""
    number, words, terms, against = KEYS
    return OwnRules(
        shapes=_shapes(number, settings.get(number)),
        number_words=_number_words(words, settings.get(words)),
        terms=_terms(terms, settings.get(terms)),
        not_terms=_not_terms(against, settings.get(against)),
    )


def from_packet(packet: bytes) -> OwnRules:
    """The other way round. Raises schema.RuleError for anything that no policy could hold."""
    if not packet:
        return NONE
    if len(packet) > LARGEST:
        raise schema.RuleError("the own rules are too long")
    try:
        given = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise schema.RuleError("the own rules are no JSON") from error
    parts = schema.exactly("own rules", given, ("shapes", "number_words", "terms", "not_terms"))
    names = ("shapes", "number_words", "terms", "not_terms")
    return read_own({key: parts[name] for key, name in zip(KEYS, names, strict=True)})


def is_bare(shape: str) -> bool:
    """Whether a shape holds digits and marks alone: much else looks so, and a word must name it."""
    return not any(place.isalpha() for place in shape)


def _shapes(key: str, content: object) -> tuple[str, ...]:
    return tuple(_shape(key, one) for one in _listed(key, content, MOST_SHAPES))


def _shape(key: str, shape: object) -> str:
    if not isinstance(shape, str) or not _SHORTEST_SHAPE <= len(shape) <= _LONGEST_SHAPE:
        says = f"a shape has {_SHORTEST_SHAPE} to {_LONGEST_SHAPE} characters, such as 'LL-99999'"
        raise schema.RuleError(f"'{key}': {says}")
    if not all(place.isascii() and (place.isalnum() or place in _PLAIN) for place in shape):
        says = f"letters a to z, digits and '{_PLAIN}' alone may stand in a shape"
        raise schema.RuleError(f"'{key}': {says}")
    if sum(place in (DIGIT, LETTER) for place in shape) < _FEWEST_PLACES or DIGIT not in shape:
        says = (
            f"needs {_FEWEST_PLACES} places ({DIGIT} any digit, {LETTER} any letter), one a {DIGIT}"
        )
        raise schema.RuleError(f"'{key}': {shape!r} {says}")
    if not (shape[0] + shape[-1]).isalnum():
        raise schema.RuleError(f"'{key}': {shape!r} must begin and end with a letter or digit")
    return shape


def _words(most: int, key: str, content: object) -> tuple[str, ...]:
    return tuple(_term(key, one) for one in _listed(key, content, most))


def _number_words(key: str, content: object) -> tuple[str, ...]:
    return _words(MOST_NUMBER_WORDS, key, content)


def _not_terms(key: str, content: object) -> tuple[str, ...]:
    return _words(MOST_NOT_TERMS, key, content)


def _terms(key: str, content: object) -> dict[str, dict[str, float]]:
    topics = {} if content is None else content
    if not isinstance(topics, Mapping) or not all(topic in TOPICS for topic in topics):
        raise schema.RuleError(f"'{key}': is a table of {', '.join(TOPICS)}")
    if not all(isinstance(weights, Mapping) for weights in topics.values()):
        raise schema.RuleError(f"'{key}': each topic is a table of terms and weights")
    if sum(map(len, topics.values())) > MOST_TERMS:
        raise schema.RuleError(f"'{key}': holds more than {MOST_TERMS} terms")
    return {
        topic: {_term(key, word): _weight(key, word, given) for word, given in weights.items()}
        for topic, weights in topics.items()
        if weights
    }


def _weight(key: str, word: object, given: object) -> float:
    return schema.number(f"'{key}': {word!r}", given, MOST_WEIGHT)


def _term(key: str, word: object) -> str:
    """A word or phrase as the rules are written, of letters that documents are searched by."""
    plain = schema.term(f"'{key}'", word if isinstance(word, str) and len(word) < 999 else None)
    if not _SHORTEST_TERM <= len(plain) <= _LONGEST_TERM:
        says = f"a term has {_SHORTEST_TERM} to {_LONGEST_TERM} characters"
        raise schema.RuleError(f"'{key}': {plain[:_LONGEST_TERM]!r}: {says}")
    if not all(c in _MARKS or (ord(c) < 256 and c.isalnum()) for c in plain):
        says = f"a term holds letters of Western Europe, digits and {_MARKS.strip()} alone"
        raise schema.RuleError(f"'{key}': {plain!r}: {says}")
    if plain != " ".join(plain.split()) or not (plain[0] + plain[-1]).isalnum():
        raise schema.RuleError(f"'{key}': {plain!r} must begin and end with a letter or digit")
    return plain


def _listed(key: str, content: object, most: int) -> list[Any]:
    listed = [] if content is None else content
    if not isinstance(listed, list | tuple):
        raise schema.RuleError(f"'{key}': must be a list")
    if len(listed) > most:
        raise schema.RuleError(f"'{key}': holds more than {most}")
    if any(one in listed[:place] for place, one in enumerate(listed)):
        raise schema.RuleError(f"'{key}': something stands there twice")
    return list(listed)


_READERS: Mapping[str, Callable[[str, object], object]] = dict(
    zip(KEYS, (_shapes, _number_words, _terms, _not_terms), strict=True)
)

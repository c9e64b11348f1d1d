"""A list of words and phrases, and which of them a text has: whole words, beginnings, phrases.

For the readers that look at few texts, such as those already known to be pupil files; the readers
that see every file go by ``reading.words``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.recognise.words import all_words, find_word, spelled

_PIECE = 1 << 16
_MOST_WORDS = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """Terms as ``words.spelled`` spells them. ``stems`` are beginnings of words."""

    words: frozenset[bytes]
    stems: tuple[bytes, ...]
    phrases: tuple[bytes, ...]

    def found(self, distinct: set[bytes], low: bytes) -> Iterator[bytes]:
        """What of a text belongs to this list: its words first, then its phrases."""
        yield from sorted(self.words & distinct)
        if self.stems:
            yield from sorted(word for word in distinct if word.startswith(self.stems))
        yield from (phrase for phrase in self.phrases if find_word(low, phrase) >= 0)


def vocabulary(terms: Iterable[str]) -> Vocabulary:
    """A list of terms; ``*`` at the end of a word makes it a beginning."""
    listed = tuple(terms)
    single = [term for term in listed if not term.endswith("*") and _is_word(term)]
    return Vocabulary(
        words=frozenset(map(spelled, single)),
        stems=tuple(spelled(term[:-1]) for term in listed if term.endswith("*")),
        phrases=tuple(
            spelled(term) for term in listed if not term.endswith("*") and not _is_word(term)
        ),
    )


def distinct_words(plain: bytes) -> set[bytes]:
    """The different words of a text, gathered piece by piece to spare memory."""
    found, start = set[bytes](), 0
    while start < len(plain) and len(found) < _MOST_WORDS:
        end = plain.find(b" ", start + _PIECE, start + 2 * _PIECE)
        end = end if end >= 0 else start + _PIECE
        found.update(plain[start:end].split())
        start = end
    return found


def _is_word(term: str) -> bool:
    return all_words(term) == (spelled(term),)

"""What a line says about a name in it: a child's or an adult's, in a class, in what situation."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from collectors.recognise.classes import age_follows, class_follows, speaks_of_class
from collectors.recognise.names import Found
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.words import spelled

Told = tuple[str, bytes]
"""A kind of situation and the word that tells of it."""
Stems = dict[bytes, list[tuple[bytes, str]]]

_LAST_WORD = re.compile(r"[\w'.-]+$")
_BESIDE = re.compile(r"\s*[,(-]+\s*(?:de |the )?([\w'-]+)")
_CITED = re.compile(
    r",?(?: ?(?:[a-z]\.)+)*,? ?(?:e\.a\.|et al|m\.fl\.|& |\(?(?:19|20)\d\d[a-z]?\))"
    r"|, (?:[a-z]\.)+[,&]|\s*[:=]?=|,?\s*[<(]?[\w.+-]+@"
)
_SENTENCE = re.compile(r"[.!?]\s+(?=[A-ZÆØÅ])")
_NEAR = 30
_ABBREVIATED = 4
"""Letters of the longest title that ends with a full stop: "mevr."."""
_LEAST = 3
_FEW_LETTERS = 400
_LITTLE_WORDS = 4


def is_adult(line: str, name: Found) -> bool:
    """Whether a title stands before a name, or a function or a year of publication behind it."""
    people = rules().people
    before = line[max(0, name.start - _NEAR) : name.start].rstrip(" \t:")
    word = _LAST_WORD.search(before.rstrip(" ,"))
    title = word.group().lower().strip(".,'") if word else ""
    if before.endswith((".", "!", "?")) and len(title) > _ABBREVIATED:
        title = ""
    if title in people.adult_titles and not (before.endswith(",") and title in people.greetings):
        # "Mother Sanne (5a)" is short for the mother of a child of that class.
        kin = title in people.relations
        return not (kin and class_follows(line[name.end : name.end + _NEAR].lower()))
    after = line[name.end : name.end + _NEAR].lower()
    if _CITED.match(after):
        return True
    word = _BESIDE.match(after)
    return word is not None and (
        word.group(1) in people.adult_titles or word.group(1) in people.adult_lines
    )


def names_adults(line: str) -> bool:
    """Whether a line begins by saying that it names adults: "Present: ...", or names authors."""
    if "©" in line or "opyright" in line:
        return True
    head, colon, _ = line[:_NEAR].partition(":")
    return bool(colon) and head.lower().lstrip(" -•*\t")[:30].strip() in rules().people.adult_lines


def is_signature(line: str, before: str, names: list[Found]) -> bool:
    """Whether a line is a name under a greeting."""
    rest = len(line) - sum(name.end - name.start for name in names)
    words = before.rsplit(None, 1) if rest < 30 else []
    return bool(words) and words[-1].strip(" ,.!").lower() in rules().people.adult_titles


def said_to_be_child(line: str, name: Found) -> tuple[float, float, bool]:
    """Points for a noun, a relation or a class right beside a name, and for a class further on;
    and whether it was a relation: "the parents of Sanne"."""
    sentence = _SENTENCE.split(line[max(0, name.start - 60) : name.end])[-1]
    words = sentence[: -len(name.text)].rsplit(None, 3)[-3:]
    before = [word.strip(".,:()").lower() for word in words]
    people = rules().people
    after = _SENTENCE.split(line[name.end : name.end + 160], 1)[0].lower()
    group = 1.0 if speaks_of_class(after) else 0.0
    related = len(before) >= 2 and before[-1] in people.relation_words
    related = related and before[-2] in people.relations
    noun = any(word in people.child_nouns for word in before[-2:])
    noun = noun or " ".join(before).endswith(_about_words())
    child = noun or related or class_follows(after) or age_follows(after)
    child = child or _numbered().match(after) is not None
    return (3.0 if child else 0.0), group, related


@cache
def _numbered() -> re.Pattern[str]:
    """A pupil's number right behind a name."""
    labels = "|".join(map(re.escape, sorted(rules().people.number_labels, key=len, reverse=True)))
    return re.compile(rf"[\s,(-]*(?:{labels})[.:]?\s*\d{{4}}")


@cache
def _about_words() -> tuple[str, ...]:
    return tuple(sorted(rules().people.about_words))


def speaks_our_languages(reading: Reading, letters: int) -> bool:
    """Whether a text is in a language that the rules know; a few words tell nothing and may be."""
    if letters < _FEW_LETTERS:
        return True
    return any(
        sum(word in reading.words for word in words) >= _LITTLE_WORDS
        for words in rules().little_words
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """What is told in a few lines: of family, trouble, support and learning (``weight``, 0 to 13;
    of a child ``least`` is told, where that is too little to tell of anybody else), whether
    in the ``setting`` of a school or a day care, whether of one person, "he" or "she", and whether
    there is any ``remark`` on trouble, support or learning."""

    weight: float = 0.0
    least: float = 0.0
    setting: bool = False
    somebody: bool = False
    remark: bool = False


NOTHING = Situation()


def situation(*lines: bytes) -> Situation:
    """What is told in plain lines."""
    stems = frozenset[Told]().union(*map(_stems, lines))
    if not stems:
        return NOTHING
    counts = dict.fromkeys(rules().people.situation, 0)
    for kind, _ in stems:
        counts[kind] = min(3, counts[kind] + 1)
    setting, somebody = counts.pop("setting") > 0, counts.pop("somebody") > 0
    learning = counts.pop("learning")
    told = sum(count > 0 for count in counts.values()) >= 2 or counts["trouble"] >= 2
    told = told or (counts["trouble"] > 0 and learning >= 2)
    counts["learning"] = learning
    weight = sum(counts.values()) + setting if told else min(1, counts["trouble"])
    least = min(_LEAST, counts["trouble"] + counts["support"] + counts["learning"])
    remark = counts["trouble"] + counts["support"] + counts["learning"] > 0
    return Situation(float(weight), float(least), setting, somebody, remark)


@lru_cache(64)
def _stems(line: bytes) -> frozenset[Told]:
    """The words of a line that tell of a situation, each with its kind."""
    words = set(line.split())
    found = set[Told]().union(*filter(None, map(_told_by, words)))
    found.update(
        (kind, stem) for first, stem, kind in _phrases() if first in words and stem in line
    )
    return frozenset(found)


@lru_cache(8192)
def _told_by(word: bytes) -> tuple[Told, ...]:
    """What a word tells of; also as a participle, "gespijbeld" as "spijbelt"."""
    told = _begun_with(word)
    return told or (_begun_with(word[2:]) if word.startswith(b"ge") and len(word) > 6 else ())


def _begun_with(word: bytes) -> tuple[Told, ...]:
    whole, stems = _by_beginning()
    found = stems.get(word[:4], ())
    return (
        *((kind, word) for stem, kind in whole.get(word, ()) if stem == word),
        *((kind, word) for stem, kind in found if word.startswith(stem)),
    )


@cache
def _by_beginning() -> tuple[Stems, Stems]:
    """The short words, which must stand there whole, and the stems by their first four letters."""
    whole, long = Stems(), Stems()
    for kind, stems in rules().people.situation.items():
        for stem in map(spelled, stems):
            short = len(stem) < 4
            (whole if short else long).setdefault(stem[:4], []).append((stem, kind))
    return whole, long


@cache
def _phrases() -> tuple[tuple[bytes, bytes, str], ...]:
    stems = [stem for found in _by_beginning()[1].values() for stem in found]
    return tuple((stem.split(b" ")[0], stem, kind) for stem, kind in stems if b" " in stem)

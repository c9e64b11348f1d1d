"""Birth dates in sentences: beside a name, or behind a word that says what they are.

A name and a recent date side by side stand in every log, mail head and signed list of changes. So
without a word for "born" only what a birth date may look like counts: nothing but a class or a
letter may stand between, and nobody has two of them.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from collectors.recognise.findings import Findings
from collectors.recognise.names import (
    OLDEST_PUPIL,
    Dated,
    Found,
    age_on,
    birth_in,
    date_at,
    find_dates,
    is_young,
    key_of,
)
from collectors.recognise.reading import Reading
from collectors.recognise.rules import rules
from collectors.recognise.told import is_adult
from collectors.recognise.verdict import Evidence
from collectors.recognise.words import find_word, first_word, spelled

_GAP = 40
"""How many characters may stand between a name and the birth date that belongs to it."""
_LONGEST_DATE, _SHORTEST = 22, 8
_UNLABELLED = 2.0
"""Years. A date without a label that is younger than this may be any date of a letter."""
_FAMILY = 2.0
_BRIEF, _SEVERAL = 3, 1.0
_IN_BRACKETS = re.compile(r" ?\((?:geb\.? |f\. ?|\*)?\d{1,2}[-./]\d{1,2}[-./]\d\d\)")
_LABEL_LEAST = 4
"""Letters of a label by which a text is taken to speak of births at all."""
_MOST_LOOKED_AT = 20_000
_BEFORE_DATE = re.compile(r"[ :(]*")
_BARE = re.compile(r"[\s,;:()|/*–-]*(?:(?:\w?\d\w{0,2}|\w)[\s,;:()|/*–-]+){0,2}")


@dataclass(slots=True)
class _Days:
    """The days that stand beside one name."""

    said: bool = False
    """Whether a word calls one of them a birth date."""
    spots: dict[date, str] = field(default_factory=dict)


@dataclass(slots=True)
class Births:
    """The dates beside names in a text. ``labelled`` says whether it speaks of births at all."""

    labelled: bool
    _names: dict[str, _Days] = field(default_factory=dict)

    _brief: dict[str, Dated] = field(default_factory=dict)
    """Dates with a short year in brackets right behind names, by name."""
    older: set[str] = field(default_factory=set)
    """Names beside whom an adult's birth date stands."""

    def pair(self, line: str, names: list[Found], today: date) -> None:
        """Note the dates right behind the names of a line."""
        least = 0.0 if self.labelled else _UNLABELLED
        for name, after in zip(names, [*names[1:], None], strict=True):
            self._note_brief(line, name, today)
            beside = line[name.end : name.end + _GAP + _LONGEST_DATE]
            for found in [*find_dates(beside), *self._short(beside, today)]:
                if found.start > _GAP or (after and name.end + found.start > after.start):
                    break
                if is_young(found.day, today, least):
                    self._note(line, name, found)
                elif age_on(found.day, today) > OLDEST_PUPIL:
                    self.older.add(key_of(name.text))

    def _short(self, beside: str, today: date) -> list[Dated]:
        """A date with a short year, where a word says that it is one of birth."""
        found = birth_in(beside, today) if self.labelled else None
        told = found is not None and found.end - found.start <= _SHORTEST
        return [found] if found and told and _calls_it_a_birth(beside[: found.start]) else []

    def _note_brief(self, line: str, name: Found, today: date) -> None:
        if match := _IN_BRACKETS.match(line, name.end):
            found = birth_in(match.group(), today)
            if found is not None and is_young(found.day, today):
                self._brief[key_of(name.text)] = found

    def _note(self, line: str, name: Found, found: Dated) -> None:
        between = line[name.end : name.end + found.start].lower()
        said = _calls_it_a_birth(between)
        if said or (_BARE.fullmatch(between) and not is_adult(line, name)):
            days = self._names.setdefault(key_of(name.text), _Days())
            days.said = days.said or said
            days.spots.setdefault(found.day, line[name.start : name.end + found.end])

    def settle(self, schooled: bool, findings: Findings) -> None:
        """Weigh what was noted: the more different days, the surer. Young and old together are a
        family, which is a school's business only if the text is, too."""
        if len(self._brief) >= _BRIEF:
            for key, found in self._brief.items():
                self._names.setdefault(key, _Days()).spots.setdefault(found.day, key)
        sound = [days for days in self._names.values() if days.said or len(days.spots) == 1]
        known = {day.isoformat() for days in sound for day in days.spots}
        known |= findings.groups.get(Evidence.BIRTH_DATE, set())
        for days in sound:
            points = (4.0 if days.said else 1.0) + min(5.0, len(known))
            points += _SEVERAL if len(sound) >= _BRIEF else 0.0
            points = points if schooled or len(self.older) * 2 < len(sound) else _FAMILY
            persons = (day.isoformat() for day in days.spots)
            findings.add(Evidence.BIRTH_DATE, points, *persons, spots=days.spots.values())


def _calls_it_a_birth(between: str) -> bool:
    """Whether a label of a birth date stands there, and not as a part of a longer word."""
    low = spelled(between)
    return any(
        (place := find_word(low, label)) >= 0 and not low[place + len(label) :][:1].isalpha()
        for label in _birth_labels()
    )


def has_birth_label(reading: Reading) -> bool:
    """Whether a text speaks of births at all."""
    return any(len(label) >= _LABEL_LEAST and label in reading.low for label in _labels_in(reading))


def lone_births(reading: Reading, today: date, findings: Findings) -> None:
    """A date that a word calls a birth date counts without a name beside it: "she was born on"."""
    for label in _labels_in(reading):
        place = find_word(reading.low, label)
        for _ in range(_MOST_LOOKED_AT):
            if place < 0:
                break
            found = _date_behind(reading.text, place + len(label))
            if found is not None and is_young(found.day, today):
                findings.add(Evidence.BIRTH_DATE, 3.0, spots=(reading.around(place),))
            place = find_word(reading.low, label, place + len(label))


@cache
def _birth_labels() -> dict[bytes, bytes]:
    return {spelled(label): first_word(label) for label in rules().people.birth_labels}


def _labels_in(reading: Reading) -> list[bytes]:
    return [label for label, word in _birth_labels().items() if word in reading.words]


def _date_behind(text: str, place: int) -> Dated | None:
    gap = _BEFORE_DATE.match(text, place, place + _GAP)
    return date_at(text, gap.end()) if gap else None

"""Sentences: a named child of whom something is told.

Most pupil files are no lists: a note, a letter, a mail. What makes them so is a person's name
close to words that say this is a child (a noun, a class, a date of birth) or to what happens to
children who need help: family, trouble, support. Names of teachers, parents and signatories are
set apart by what stands beside them.

Only lines are looked at in which a name stands, or a word behind "pupil" or "parents of".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from collectors.recognise.births import Births, has_birth_label, lone_births
from collectors.recognise.breath import told_about
from collectors.recognise.findings import Findings
from collectors.recognise.letters import Letter, greets, letter_of
from collectors.recognise.name_lists import read_name_list
from collectors.recognise.names import Found, key_of
from collectors.recognise.reading import Reading, Span
from collectors.recognise.remarks import read_remarks
from collectors.recognise.told import (
    is_adult,
    is_signature,
    names_adults,
    said_to_be_child,
    situation,
    speaks_our_languages,
)
from collectors.recognise.unusual import unusual_names
from collectors.recognise.verdict import Evidence

_BESIDE = 40
"""Characters before a name that are shown with it."""
SCHOOLED = 0.6
"""Weight of all topics from which a text speaks of school or care at all."""
_LONG = 5000
"""Letters of two pages."""
_ALL_TOLD, _LITTLE_TOLD = 9.0, 1.5
_CHILD, _RELATED = 3.0, 1.5
"""Points for a child, and for somebody's child who may be grown: "Karin's mother"."""
_MUCH = 5.0
"""What a text tells of one person from which on the name need stand in its title only."""
_ABOUT = 2.0
"""Points for a child of whom the text speaks more than once."""
_MANY, _LISTED = 4, 2.0
"""Children with their classes that are a list, and its points besides those of each child."""
_HEADINGS = 5
_LONGEST_TITLE = 120
_MOST_NAMES = 5000
_ALL_LINES = 2000
_ALL_ROWS = 100
_EVERY = 16
"""One line in so many is looked at beyond the first 2000 of a text and 100 of a table: what a list
holds is told by its columns."""


@dataclass(slots=True)
class _Told:
    """What a text says about one name."""

    child: float = 0.0
    """3 where the name is said to be a child's."""
    group: float = 0.0
    """1 where the name shares a sentence with a class."""
    situation: float = 0.0
    least: float = 0.0
    """What is told that would be too little of anybody but a child."""
    somebody: bool = False
    """Whether it is told of one person, "he" or "she"."""
    related: bool = False
    """Whether the name is that of somebody's child: "the parents of Sanne"."""
    adult: bool = False
    """Whether some line says that it is an adult's."""
    times: int = 1
    spot: str = ""

    def points(self) -> float:
        """0 to 9. What is told weighs nothing alone until there is more of it than one word."""
        if self.adult and not self.child:
            return 0.0
        situation = max(self.situation, self.least) if self.child else self.situation
        if situation >= 2:
            told = min(5.5, 1.5 * situation - 0.5 + self.somebody)
            return self.child + self.group + told
        again = _ABOUT if self.related and self.times > 1 else 0.0
        return self.child + (self.group + situation + again if self.child else 0.0)

    def joined(self, other: "_Told | None") -> "_Told":
        """What is told here and elsewhere, or under a shorter name."""
        if other is None:
            return self
        return _Told(
            child=max(self.child, other.child),
            group=max(self.group, other.group),
            situation=_together(self.situation, other.situation),
            least=max(self.least, other.least),
            somebody=self.somebody or other.somebody,
            related=self.related or other.related,
            adult=self.adult or other.adult,
            times=self.times + other.times,
            spot=max(self, other, key=_Told.points).spot,
        )


def _together(one: float, other: float) -> float:
    """What is told of somebody in two places: the more of it, and a little for the other."""
    return max(one, other) + (1.0 if min(one, other) >= 1 else 0.0)


def read_prose(reading: Reading, today: date, topics: float, findings: Findings) -> None:
    """Look at every line of a text for named children.

    ``topics`` is the weight of all topics of the text. Only where it speaks of school or care at
    all is a word behind "pupil" taken for an unusual name.
    """
    schooled = topics >= SCHOOLED
    told: dict[str, _Told] = {}
    full_names: set[str] = set()
    births = Births(has_birth_label(reading))
    unusual = unusual_names(reading) if schooled or births.labelled else {}
    known = reading.name_lines()
    letter = letter_of(reading) if schooled or known else None
    for span in _thinned(reading.text, sorted({*known, *unusual})):
        line = reading.text[slice(*span)]
        names = [*reading.names_at(span, known.get(span, ())), *unusual.get(span, ())]
        names.sort(key=_start)
        if names and len(told) < _MOST_NAMES:
            full_names.update(key_of(name.text) for name in names if " " in name.text)
            births.pair(line, names, today)
            _mentions(reading, span, names, told, letter)
    _about_one(reading, told, topics)
    for key in births.older:
        told.pop(key, None)
    _weigh(told, _most_told(reading, topics), findings)
    births.settle(schooled, findings)
    if births.labelled:
        lone_births(reading, today, findings)
    read_name_list(reading, full_names, births.older, findings)
    read_remarks(reading, findings)


def _start(name: Found) -> int:
    return name.start


def _thinned(text: str, spans: list[Span]) -> Iterator[Span]:
    """All lines of a usual text; of a very long one, or of a long table, some of them."""
    looked_at = rows = 0
    for place, span in enumerate(spans):
        in_table = text.find("\t", *span) >= 0
        rows = rows + 1 if in_table else 0
        if (rows <= _ALL_ROWS and looked_at < _ALL_LINES) or place % _EVERY == 0:
            looked_at += 1
            yield span


def _mentions(
    reading: Reading,
    span: Span,
    names: list[Found],
    told: dict[str, _Told],
    letter: Letter | None,
) -> None:
    """Note for each name of a line what says that it is a child's, and what is told of it."""
    line, before = reading.text[slice(*span)], reading.line_before(span)
    if names_adults(line) or is_signature(line, reading.text[slice(*before)], names):
        return
    for name in names:
        key = key_of(name.text)
        if is_adult(line, name):
            told.setdefault(key, _Told()).adult = True
            continue
        child, group, related = said_to_be_child(line, name)
        found = told_about(reading, span, name, child > 0)
        if related and not (found.setting or letter or greets(line[: name.start])):
            child = _RELATED
        if letter is not None and found.weight and letter.is_about(name):
            child = _CHILD
        new = _Told(
            child=child,
            group=group,
            situation=found.weight,
            least=found.least,
            somebody=found.somebody,
            related=related,
            spot=_around(line, name),
        )
        told[key] = new.joined(told.get(key))


def _around(line: str, name: Found) -> str:
    return line[max(0, name.start - _BESIDE) : name.end + 2 * _BESIDE]


def _about_one(reading: Reading, told: dict[str, _Told], topics: float) -> None:
    """A short text with a name in its title is about that person; often it says "she" from then
    on. All that it tells counts, if it tells of one person, and of school or care at all."""
    if reading.letters() > _LONG or not told:
        return
    titles = list(_titles(reading))
    named = [key for key in told if any(key in title for title in titles)]
    children = [key for key in named if told[key].child] or named
    if len(children) != 1:
        return
    person, whole = told[children[0]], situation(reading.plain[: 4 * _LONG])
    schooled = person.child > 0 or whole.setting or topics >= SCHOOLED
    again = person.times > 1 or whole.weight >= _MUCH
    if again and whole.somebody and schooled:
        person.situation = max(person.situation, whole.weight - 1)
        person.somebody = True


def _titles(reading: Reading) -> Iterator[str]:
    """The first lines, but for sentences."""
    span = reading.line(0)
    for _ in range(_HEADINGS):
        line = reading.text[slice(*span)].strip()
        if len(line) <= _LONGEST_TITLE and not line.endswith((".", "!", "?")):
            yield line.casefold()
        span = reading.line_after(span)


def _most_told(reading: Reading, topics: float) -> float:
    """What may be weighed of a person who is not said to be a child: all of it in a note; in a
    long text only if school or care is what it speaks of, since long texts mention everything."""
    letters = reading.letters()
    if not speaks_our_languages(reading, letters):
        return 0.0
    return _ALL_TOLD if letters < _LONG or topics >= SCHOOLED * letters / _LONG else _LITTLE_TOLD


def _weigh(told: dict[str, _Told], most: float, findings: Findings) -> None:
    """Join "Sanne" to "Sanne de Vries", then weigh each; many with a class are a list."""
    listed = [key for key, person in told.items() if person.child and person.group]
    if len(listed) >= _MANY:
        spots = sorted(listed)[:3]
        findings.add(Evidence.NAME_LIST, _LISTED, *listed, times=len(listed), spots=spots)
    for key, person in told.items():
        first = key.split(" ")[0]
        person = person.joined(told.get(first) if first != key else None)
        points = person.points() if person.child else min(most, person.points())
        if points:
            child = key if person.child else ""
            findings.add(Evidence.MENTION, points, child, spots=(person.spot,))
            findings.maybe.update(() if person.child else (key,))

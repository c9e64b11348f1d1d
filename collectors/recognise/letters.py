"""Letters about a child: somebody of a school writes to parents and speaks of a first name.

Such a letter often says neither "pupil" nor "your son". What tells it is its frame: it is addressed
to a couple, to a family or to somebody's parents, and it is signed by a teacher, a mentor or the
like. A person with the surname of somebody it is addressed to is a relative of theirs.
"""

import re
from dataclasses import dataclass
from functools import cache

from collectors.recognise.names import Found, key_of
from collectors.recognise.reading import Reading, Span
from collectors.recognise.rules import rules
from collectors.recognise.words import first_word, spelled

_MOST_LOOKED_AT = 200
"""Lines of greeting of one text that are looked at; a mailbox holds many letters."""
_LINES_SIGNED = 4
_LONGEST_GREETING = 120
_WORDS = re.compile(r"[\w'.-]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom a letter is addressed. ``close`` says whether to parents: a couple or a family."""

    addressed: frozenset[str]
    surnames: frozenset[str]
    close: bool

    def is_about(self, name: Found) -> bool:
        """Whether a name in it is that of the child the letter is about, as far as can be told."""
        key = key_of(name.text)
        if key in self.addressed or key.split(" ")[0] in self.addressed:
            return False
        return self.close or (" " in key and key.split(" ")[-1] in self.surnames)


def letter_of(reading: Reading) -> Letter | None:
    """The letter that a text is, if somebody of a school signed it, else None."""
    people = rules().people
    greetings = _opening_lines(reading, people.salutations)
    if not greetings or not any(
        _signed(reading, span) for span in _opening_lines(reading, people.closings)
    ):
        return None
    names = reading.name_lines()
    found = [name for span in greetings for name in reading.names_at(span, names.get(span, []))]
    keys = [key_of(name.text) for name in found]
    text = " ".join(reading.text[slice(*span)].lower() for span in greetings)
    family = any(word in text for word in people.family_words)
    return Letter(
        addressed=frozenset(word for key in keys for word in (key, key.split(" ")[0])),
        surnames=frozenset(key.split(" ")[-1] for key in keys if " " in key),
        close=family or any(len(reading.names_at(s, names.get(s, []))) == 2 for s in greetings),
    )


def greets(before: str) -> bool:
    """Whether what stands before a name in its line greets it, as a letter begins."""
    start = before.lstrip(" >\t").casefold()
    return "," not in start and start.startswith(tuple(rules().people.salutations))


def _opening_lines(reading: Reading, words: frozenset[str]) -> list[Span]:
    """The short lines that begin with one of the words."""
    present = [form for form, word in _forms(words) if word in reading.words]
    lines = reading.lines_with(present)[:_MOST_LOOKED_AT]
    return [
        (start, end)
        for start, end in lines
        if end - start <= _LONGEST_GREETING
        and reading.low[start:end].lstrip(b" >\t").startswith(tuple(present))
    ]


@cache
def _forms(words: frozenset[str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((spelled(word), first_word(word)) for word in sorted(words))


def _signed(reading: Reading, span: Span) -> bool:
    """Whether a closing line or one right below it names somebody's place in a school."""
    roles = rules().people.school_roles
    for _ in range(_LINES_SIGNED):
        line = reading.text[span[0] : min(span[1], span[0] + _LONGEST_GREETING)].lower()
        if any(role in line for role in roles) or not roles.isdisjoint(_WORDS.findall(line)):
            return True
        span = reading.line_after(span)
    return False

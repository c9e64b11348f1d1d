"""The people, dice and words of one file while it is being filled in.

Everything a template can name lives here: the child, its family, the staff, the place, numbers,
days and banks of sentences of which none is told twice in a file.
"""

import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.corpora.second import people
from bench.corpora.second.levels import Level, level
from bench.corpora.second.numerals import NUMBERS
from bench.corpora.second.places import place
from bench.corpora.second.templates import Banks, Template

CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{(~?[a-z][A-Za-z0-9_.]*)((?: [^{}\"']*)?)\}")
NUMBERED = 0.75
"""Files that name a BSN or CPR where their template can."""

LONG = 0.25
"""Files that say twice or thrice as much."""


class Filling:
    """The people and dice of one file, and how far the telling is."""

    def __init__(self, template: Template, banks: Banks, chance: random.Random) -> None:
        self.template, self.banks, self.chance = template, banks, chance
        self.language = template.language
        self.level: Level = level(chance, self.language, template.level)
        self.style = chance.choice(people.STYLES[self.language])
        self.numbered = chance.random() < NUMBERED
        self.children = 0
        self.told_apart: set[str] = set()
        self.stretch = chance.choice((2, 3)) if chance.random() < LONG else 1
        self.used: dict[str, list[str]] = {}
        self.scope: dict[str, Any] = {"g": self.level.group, "g2": self.level.other, "i": "1"}
        self.scope["o"] = place(chance, self.language)
        for name in ("k", "k2", "k3", "k4"):
            self.scope[name] = self.child()
        self.scope["s"] = replace(self.child(), surname=self.scope["k"].surname)
        for name in ("t", "t2", "t3", "t4", "x", "x2"):
            self.scope[name] = self.adult()

    def child(self) -> people.Person:
        made = people.person(self.chance, self.language, self.level.ages, dates=self.style)
        return replace(made, group=self.level.group)

    def adult(self) -> people.Person:
        return people.person(self.chance, self.language, (23, 66), dates=self.style)

    def text(self, line: str) -> str:
        """A line with its choices made and its slots filled."""
        while CHOICE.search(line):
            line = CHOICE.sub(lambda found: self.chance.choice(found[1].split("|")), line)
        return SLOT.sub(self._slot, line)

    def sentence(self, bank: str) -> str:
        """One of a bank; none twice in a file while there are others."""
        young = f"{bank}_{self.level.stage}"
        bank = young if (young, self.language) in self.banks else bank
        left = self.used.get(bank) or list(self.banks[bank, self.language])
        chosen = left.pop(self.chance.randrange(len(left)))
        self.used[bank] = left
        return self.text(chosen)

    def _slot(self, found: re.Match[str]) -> str:
        name, words = found[1], found[2].split()
        if name.startswith("~"):
            return self.sentence(name[1:])
        if name in NUMBERS:
            return NUMBERS[name](self.chance, words)
        if name == "d":
            first, last = (int(word) for word in words or ("-90", "0"))
            day = people.TODAY + timedelta(days=self.chance.randint(first, last))
            return people.dated(day, self.style, self.language)
        value: Any = self.scope[name.split(".")[0]]
        for part in name.split(".")[1:]:
            value = getattr(value, part)
        return str(value)

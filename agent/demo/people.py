"""Invented people for the sample home: names from word lists, numbers made by code.

Every BSN and CPR number here is invented: drawn at random and completed so that it passes its
check, as a real one does. Nobody's number is meant, and none is kept in the project.
"""

import random
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["nl", "da"]
BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
YOUNGEST, OLDEST = date(2020, 6, 30), date(2011, 7, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who does not exist. ``number`` is a BSN, a CPR number with hyphen, or nothing."""

    given: str
    infix: str
    family: str
    born: date
    number: str
    street: str
    town: str
    phone: str

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.given, self.infix, self.family) if part)

    def traces(self) -> tuple[str, ...]:
        """Every text that would give this person away."""
        bare = self.number.replace("-", "")
        return tuple(filter(None, (self.name, self.family, self.number, bare, self.phone)))


@cache
def words(language: Language) -> dict[str, list[str]]:
    """The word lists of a language."""
    text = files("agent.demo").joinpath("words.toml").read_text("utf-8")
    lists: dict[str, list[str]] = tomllib.loads(text)[language]
    return lists


def people(chance: random.Random, language: Language, count: int) -> list[Person]:
    """``count`` pupils of one class, no two with the same name, by family name."""
    found: dict[str, Person] = {}
    while len(found) < count:
        person = _person(chance, language, "given", _birthday(chance))
        found.setdefault(person.name, person)
    return sorted(found.values(), key=lambda person: person.family)


def staff(chance: random.Random, language: Language, count: int) -> list[Person]:
    """``count`` grown-ups who work at the school; their numbers stand in no document."""
    return [_person(chance, language, "staff", None) for _ in range(count)]


def bsn(chance: random.Random) -> str:
    """An invented number of nine digits that passes the elfproef."""
    while True:
        digits = [chance.randint(1, 9), *(chance.randint(0, 9) for _ in range(7))]
        last = sum(d * w for d, w in zip(digits, BSN_WEIGHTS, strict=True)) % 11
        if last < 10:
            return "".join(map(str, [*digits, last]))


def cpr(chance: random.Random, born: date) -> str:
    """An invented CPR number of somebody born after 1999, which passes the check modulo 11."""
    while True:
        digits = f"{born:%d%m%y}{chance.choice('456789')}{chance.randint(0, 999):03}"
        total = sum(int(d) * w for d, w in zip(digits, CPR_WEIGHTS, strict=True))
        if total % 11 == 0:
            return f"{digits[:6]}-{digits[6:]}"


def _person(chance: random.Random, language: Language, given: str, born: date | None) -> Person:
    lists = words(language)
    family = chance.choice(lists["first_half"]) + chance.choice(lists["second_half"])
    return Person(
        given=chance.choice(lists[given]),
        infix=chance.choice(lists["infix"]),
        family=family,
        born=born or date(1985, 3, 14),
        number=_number(chance, language, born) if born else "",
        street=f"{chance.choice(lists['street'])} {chance.randint(1, 98)}",
        town=chance.choice(lists["town"]),
        phone=_phone(chance, language),
    )


def _number(chance: random.Random, language: Language, born: date) -> str:
    return bsn(chance) if language == "nl" else cpr(chance, born)


def _phone(chance: random.Random, language: Language) -> str:
    if language == "nl":
        return f"06-{chance.randint(10_000_000, 99_999_999)}"
    return " ".join(str(chance.randint(20, 99)) for _ in range(4))


def _birthday(chance: random.Random) -> date:
    return OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days))

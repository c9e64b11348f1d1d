"""Invented people: put together from lists of names, never copied from anybody.

The lists are long and of many origins on purpose. Among them are names that are also words, names
with prefixes and double names, for a reader of lists must live with all of them.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

TODAY = date(2026, 10, 14)
NAMES = Path(__file__).parent / "names.txt"
PRONOUNS = {
    "nl": (
        ("hij", "hem", "zijn", "jongen", "zoon", "m", "broertje"),
        ("ze", "haar", "haar", "meisje", "dochter", "v", "zusje"),
    ),
    "da": (
        ("han", "ham", "hans", "dreng", "søn", "d", "lillebror"),
        ("hun", "hende", "hendes", "pige", "datter", "p", "lillesøster"),
    ),
    "en": (
        ("he", "him", "his", "boy", "son", "M", "brother"),
        ("she", "her", "her", "girl", "daughter", "F", "sister"),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first: str
    second: str
    prefix: str
    core: str
    girl: bool
    born: date

    @property
    def last(self) -> str:
        return f"{self.prefix} {self.core}".strip()

    @property
    def age(self) -> int:
        return (TODAY - self.born).days * 100 // 36525


@cache
def lists(path: Path = NAMES) -> Mapping[str, Sequence[str]]:
    """The lists of names and places: a heading with a colon, then names between commas."""
    text = path.read_text("utf-8")
    blocks = (block.split(":", 1) for block in text.strip().split("\n\n"))
    return {head: [one.strip() for one in body.split(",")] for head, body in blocks}


def somebody(
    language: str,
    ages: tuple[int, int],
    chance: random.Random,
    surname: tuple[str, str] | None = None,
    path: Path = NAMES,
) -> Person:
    """A person of an age within the bounds, with the surname given or one by chance."""
    girl = chance.random() < 0.5
    names = lists(path)[f"{language} {'girls' if girl else 'boys'}"]
    prefix, core = surname or family_name(language, chance, path)
    days = chance.randint(ages[0] * 366, ages[1] * 365 + 300)
    first, second = chance.sample(names, 2)
    born = TODAY - timedelta(days=days)
    return Person(first=first, second=second, prefix=prefix, core=core, girl=girl, born=born)


def family_name(language: str, chance: random.Random, path: Path = NAMES) -> tuple[str, str]:
    """A prefix, mostly empty, and the name; now and then a double one."""
    names = lists(path)[f"{language} families"]
    core = chance.choice(names)
    if chance.random() < 0.1:
        joint = "-" if language != "da" else " "
        core = f"{core}{joint}{chance.choice([name for name in names if name != core])}"
    prefixed = language == "nl" and chance.random() < 0.22
    return (
        (chance.choice(lists(path)["nl prefixes"]), chance.choice(lists(path)["nl prefixed"]))
        if (prefixed)
        else ("", core)
    )


def plain_letters(text: str) -> str:
    """As it would stand in an address of mail."""
    swaps = str.maketrans("éèëïöüçığşńáó", "eeeioucigsnao")
    lowered = text.lower().translate(swaps).replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return "".join(each for each in lowered if each.isalnum() or each == "-")

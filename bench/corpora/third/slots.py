"""What stands in a slot of a template: ``{k.first}``, ``{date}``, ``{num:3-9}``, ``{@pool 2-4}``.

The letter before the dot is a person of this one file: ``k`` a child, ``m`` and ``f`` its parents,
``b`` its brother or sister, ``s`` staff, ``x`` another adult, ``o`` somebody long dead; a number
after the letter makes another. In a list ``r`` is the child of this row, ``p`` its parent and
``w`` the adult of this row. The same slot says the same all through a file.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from bench.corpora.third.numbers import invented_bsn, invented_cpr, phone, plain_digits
from bench.corpora.third.people import (
    NAMES,
    PRONOUNS,
    TODAY,
    Person,
    lists,
    plain_letters,
    somebody,
)

MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "en": "January February March April May June July August September October November December",
}
STYLES = {
    "nl": "{d:02}-{m:02}-{y}|{d}-{m}-{y}|{d} {name} {y}|{d:02}-{m:02}-{yy:02}|{d}/{m}/{y}",
    "da": "{d:02}.{m:02}.{y}|{d}. {name} {y}|{d}/{m} {y}|{d:02}-{m:02}-{y}|{d}/{m}-{yy:02}",
    "en": "{d} {name} {y}|{d:02}/{m:02}/{y}|{name} {d}, {y}",
}
CHILD = "kbr"
LONG_DEAD = (95, 240)


@dataclass(kw_only=True, slots=True)
class Cast:
    """Who and what one file is about, filled as slots ask for it."""

    language: str
    ages: tuple[int, int]
    chance: random.Random
    style: str = ""
    school: str = ""
    alias: str = ""
    names: Path = NAMES
    people: dict[str, Person] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)
    diary: date = TODAY - timedelta(days=170)

    def __post_init__(self) -> None:
        self.style = self.chance.choice(STYLES[self.language].split("|"))
        self.school = self.place("schools")

    def person(self, who: str) -> Person:
        if who not in self.people:
            self.people[who] = self._made(who)
        return self.people[who]

    def _made(self, who: str) -> Person:
        letter, number = who[0], who[1:]
        if letter == "b" or (letter in "mfp" and self.chance.random() < 0.6):
            child = self.person(f"{'r' if letter == 'p' else 'k'}{number}")
            name = (child.prefix, child.core)
            ages = self.ages if letter == "b" else (29, 47)
            return self._other(letter, ages, name)
        ages = self.ages if letter in CHILD else LONG_DEAD if letter == "o" else (24, 64)
        return self._other(letter, ages, None)

    def _other(self, letter: str, ages: tuple[int, int], name: tuple[str, str] | None) -> Person:
        """Somebody whose first name nobody else has yet, where the list is long enough."""
        wanted = {"m": True, "f": False}.get(letter)
        taken = {person.first for person in self.people.values()}
        for _ in range(40):
            made = somebody(self.language, ages, self.chance, name, self.names)
            if made.first not in taken and wanted in {None, made.girl}:
                break
        return made

    def day(self, when: date) -> str:
        """A date as this writer writes dates."""
        name = MONTHS[self.language].split()[when.month - 1]
        parts = {"d": when.day, "m": when.month, "y": when.year, "yy": when.year % 100}
        return self.style.format(name=name, **parts)

    def later(self) -> date:
        """A day some days after the last one asked for, as in a diary."""
        self.diary += timedelta(days=self.chance.randint(1, 16))
        return self.diary

    def place(self, kind: str) -> str:
        return self.chance.choice(lists(self.names)[f"{self.language} {kind}"])


def filled(slot: str, cast: Cast) -> str:
    """The text for one slot; a slot that is unknown is a mistake in a template."""
    if "." in slot:
        who, what = slot.split(".", 1)
        key = cast.seats.get(who, who)
        if what == "nr":
            return key.partition("_")[2]
        if f"{key}.{what}" not in cast.said:
            cast.said[f"{key}.{what}"] = _of_person(key, what, cast)
        return cast.said[f"{key}.{what}"]
    name, _, bounds = slot.partition(":")
    if name[-1:].isdigit():
        return cast.said.setdefault(slot, _thing(name.rstrip("0123456789"), bounds, cast))
    return _thing(name, bounds, cast)


def _thing(name: str, bounds: str, cast: Cast) -> str:
    chance, language = cast.chance, cast.language
    simple: dict[str, Callable[[], str]] = {
        "date": lambda: cast.day(TODAY - timedelta(days=chance.randrange(420))),
        "iso": lambda: f"{TODAY - timedelta(days=chance.randrange(420)):%Y-%m-%d}",
        "next": lambda: cast.day(cast.later()),
        "past": lambda: cast.day(TODAY - timedelta(days=chance.randrange(500, 3000))),
        "soon": lambda: cast.day(TODAY + timedelta(days=chance.randrange(5, 200))),
        "short": lambda: f"{chance.randint(1, 28)}{chance.choice('-/')}{chance.randint(1, 12)}",
        "time": lambda: f"{chance.randint(7, 17)}{chance.choice(':.')}{chance.choice('0134')}5",
        "clock": lambda: f"{chance.randint(7, 17):02}:{_two(chance)}:{_two(chance)}",
        "month": lambda: chance.choice(MONTHS[language].split()),
        "phone": lambda: phone(language, chance),
        "money": lambda: f"{chance.randint(4, 900)},{chance.choice(['00', '50', '95', '25'])}",
        "street": lambda: f"{cast.place('streets')} {chance.randint(1, 180)}",
        "city": lambda: cast.place("cities"),
        "zip": lambda: _zip(language, chance),
        "school": lambda: cast.school,
        "room": lambda: cast.place("rooms"),
        "subject": lambda: cast.place("subjects"),
        "mark": lambda: _mark(language, chance),
        "kid": lambda: cast.place(chance.choice(["girls", "boys"])),
    }  # fmt: skip
    if name == "num":
        low, high = bounds.split("-")
        return str(chance.randint(int(low), int(high)))
    return plain_digits(int(bounds), chance) if name == "digits" else simple[name]()


def _two(chance: random.Random) -> str:
    return f"{chance.randrange(60):02}"


def _zip(language: str, chance: random.Random) -> str:
    letters = "".join(chance.choice("BCDEGHJKLNPRT") for _ in range(2))
    return f"{chance.randint(1011, 9998)}" + (f" {letters}" if language != "da" else "")


def _mark(language: str, chance: random.Random) -> str:
    if language == "da":
        return chance.choice(["02", "4", "7", "7", "10", "12", "00"])
    return f"{chance.randint(40, 92) / 10:.1f}".replace(".", ",")


def _of_person(key: str, what: str, cast: Cast) -> str:
    person, chance, language = cast.person(key), cast.chance, cast.language
    if cast.alias and key == "k" and what in {"first", "full"}:
        return cast.alias
    kinds = ("he", "him", "his", "boy", "son", "sex", "sib")
    words = dict(zip(kinds, PRONOUNS[language][person.girl], strict=True))
    if what.lower() in words:
        text = words[what.lower()]
        return text.capitalize() if what[0].isupper() else text
    return _written(person, what, cast) or _number(person, what, language, chance)


def _written(person: Person, what: str, cast: Cast) -> str:
    first, last = person.first, person.last
    mail = f"{plain_letters(first)[:1]}.{plain_letters(last)}@{plain_letters(cast.school)}.example"
    forms = {
        "first": first, "firsts": _owned(first), "last": last, "core": person.core,
        "prefix": person.prefix,
        "full": f"{first} {last}", "caps": last.upper(), "ini": f"{first[0]}. {last}",
        "inis": f"{first[0]}.{person.second[0]}. {last}", "letters": first[0] + person.core[0],
        "long": f"{first} {person.second} {last}", "cap": last[:1].upper() + last[1:],
        "sort": f"{person.core}, {first} {person.prefix}".strip(),
        "born": cast.day(person.born), "birth": f"{person.born:%Y-%m-%d}", "mail": mail,
        "year": str(person.born.year), "died": str(person.born.year + 41 + len(first) * 4),
        "age": str(person.age), "agem": f"{person.age};{person.born.month % 12}",
        "group": _group(person, cast), "level": str(max(1, person.age - 3)),
    }  # fmt: skip
    return forms.get(what, "") or ("\u200b" if what == "prefix" else "")


def _owned(name: str) -> str:
    return f"{name}'" if name[-1] in "sxz" else f"{name}s"


def _group(person: Person, cast: Cast) -> str:
    letter = cast.chance.choice("abc")
    if cast.language == "da":
        return f"{max(0, person.age - 6)}.{letter}"
    if person.age > 12 and cast.language == "nl":
        stream = cast.chance.choice(["hv", "m", "bk", "vwo"])
        return f"{person.age - 11}{stream}{cast.chance.randint(1, 4)}"
    return f"{min(8, max(1, person.age - 3))}{letter}"


def _number(person: Person, what: str, language: str, chance: random.Random) -> str:
    if what == "id":
        cpr = language == "da"
        return invented_cpr(person.born, person.girl, chance) if cpr else invented_bsn(chance)
    return {"no": plain_digits(5, chance), "phone": phone(language, chance)}[what]

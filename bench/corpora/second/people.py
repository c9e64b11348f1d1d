"""Invented children and adults of the second set, with all that files say about people.

All of them are put together by dice, and so are their numbers: a BSN here passes the eleven test
and a CPR number its own (most do, as in life), but nobody was looked up and nobody is meant.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from bench.corpora.second.names import FAMILY, GIVEN, ORIGINS, PREFIXES
from bench.corpora.second.places import Place, place

TODAY = date(2026, 11, 16)

WORDS = {
    ("nl", "m"): ("hij", "zijn", "hem", "zoon", "jongen", "M"),
    ("nl", "f"): ("zij", "haar", "haar", "dochter", "meisje", "V"),
    ("da", "m"): ("han", "hans", "ham", "søn", "dreng", "D"),
    ("da", "f"): ("hun", "hendes", "hende", "datter", "pige", "P"),
    ("en", "m"): ("he", "his", "him", "son", "boy", "M"),
    ("en", "f"): ("she", "her", "her", "daughter", "girl", "F"),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who does not exist."""

    language: str
    sex: str
    first: str
    surname: str
    day: date
    number: int
    id: str
    place: Place
    group: str
    house: int
    dates: str = "{0:%d-%m-%Y}"

    @property
    def prefix(self) -> str:
        found = [each for each in PREFIXES if self.surname.startswith(f"{each} ")]
        return found[0] if found else ""

    @property
    def last(self) -> str:
        return self.surname.removeprefix(self.prefix).strip()

    @property
    def full(self) -> str:
        return f"{self.first} {self.surname}"

    @property
    def sort(self) -> str:
        return f"{self.last}, {self.first} {self.prefix}".strip()

    @property
    def short(self) -> str:
        return f"{self.first} {self.last[0].upper()}."

    @property
    def initials(self) -> str:
        second = "" if self.number % 3 else f"{'ABDEHJKLMS'[self.number % 10]}."
        return f"{self.first[0]}.{second}"

    @property
    def formal(self) -> str:
        return f"{self.initials} {self.surname}"

    @property
    def letters(self) -> str:
        return f"{self.first[0]}{self.last[0].upper()}"

    @property
    def born(self) -> str:
        return dated(self.day, self.dates, self.language)

    @property
    def iso(self) -> str:
        return self.day.isoformat()

    @property
    def compact(self) -> str:
        return f"{self.day:%Y%m%d}"

    @property
    def age(self) -> str:
        return str((TODAY - self.day).days * 100 // 36525)

    @property
    def he(self) -> str:
        return WORDS[self.language, self.sex][0]

    @property
    def He(self) -> str:
        return self.he.capitalize()

    @property
    def his(self) -> str:
        return WORDS[self.language, self.sex][1]

    @property
    def His(self) -> str:
        return self.his.capitalize()

    @property
    def him(self) -> str:
        return WORDS[self.language, self.sex][2]

    @property
    def son(self) -> str:
        return WORDS[self.language, self.sex][3]

    @property
    def boy(self) -> str:
        return WORDS[self.language, self.sex][4]

    @property
    def mark(self) -> str:
        return WORDS[self.language, self.sex][5]

    @property
    def street(self) -> str:
        return f"{self.place.streets[self.number % len(self.place.streets)]} {self.house}"

    @property
    def postcode(self) -> str:
        return self.place.postcode(self.number)

    @property
    def town(self) -> str:
        return self.place.town

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postcode} {self.town}"

    @property
    def phone(self) -> str:
        return self.place.mobile(self.number)

    @property
    def user(self) -> str:
        return plain(f"{self.first[:4]}{self.last[:4]}") + str(self.number % 90 + 10)

    @property
    def mail(self) -> str:
        return f"{plain(self.first)}.{plain(self.last)}{self.number % 50}@example.org"

    @cached_property
    def mother(self) -> "Person":
        return parent(self, "f")

    @cached_property
    def father(self) -> "Person":
        return parent(self, "m")


def dated(day: date, style: str, language: str) -> str:
    """A day as people write it: ``{0}`` is the day, ``{1}`` the name of its month."""
    months = {
        "nl": "januari februari maart april mei juni juli augustus september oktober november "
        "december",
        "da": "januar februar marts april maj juni juli august september oktober november december",
        "en": "January February March April May June July August September October November "
        "December",
    }
    return style.format(day, months[language].split()[day.month - 1], day.day, day.month)


STYLES: dict[str, Sequence[str]] = {
    "nl": (
        "{0:%d-%m-%Y}", "{0:%d-%m-%Y}", "{2}-{3}-{0:%Y}", "{2} {1} {0:%Y}", "{0:%d/%m/%Y}",
        "{0:%d.%m.%Y}", "{2}-{3}-{0:%y}", "{0:%Y-%m-%d}",
    ),
    "da": (
        "{0:%d.%m.%Y}", "{0:%d-%m-%Y}", "{2}. {1} {0:%Y}", "{2}/{3}-{0:%Y}", "{0:%d.%m.%y}",
        "{2}.{3}.{0:%Y}", "{0:%d/%m %Y}",
    ),
    "en": ("{2} {1} {0:%Y}", "{0:%d/%m/%Y}", "{0:%Y-%m-%d}", "{1} {2}, {0:%Y}"),
}  # fmt: skip


def plain(text: str) -> str:
    """Letters as they stand in an address."""
    table = str.maketrans("æøåáíóúýðéëöüşçğıłśąćńź", "aoaaiouydeeouscgilsacnz")
    return "".join(c for c in text.lower().translate(table) if c.isascii() and c.isalpha())


def bsn(chance: random.Random) -> str:
    """An invented number that passes the eleven test."""
    while True:
        digits = [chance.randint(1, 9), *(chance.randint(0, 9) for _ in range(7))]
        last = sum(d * w for d, w in zip(digits, range(9, 1, -1), strict=True)) % 11
        if last < 10:
            return "".join(map(str, (*digits, last)))


def cpr(chance: random.Random, day: date, sex: str) -> str:
    """An invented number for this birth date; one in ten fails the old check, as it may."""
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    while True:
        century = chance.choice("4567" if 2000 <= day.year < 2037 else "0123")
        text = f"{day:%d%m%y}{century}{chance.randint(0, 999):03}"
        if (int(text[-1]) % 2 == 1) is not (sex == "m"):
            continue
        if (
            chance.random() < 0.1
            or not sum(int(d) * w for d, w in zip(text, weights, strict=True)) % 11
        ):
            return f"{text[:6]}-{text[6:]}"


def person(
    chance: random.Random, language: str, ages: tuple[float, float], **more: object
) -> Person:
    """Somebody of these ages."""
    sex, origin = chance.choice("mf"), chance.choice(ORIGINS[language])
    given = GIVEN[origin][sex == "f"].split()
    surname = chance.choice(FAMILY[origin].split(","))
    if chance.random() < 0.05:
        surname += (
            f"-{chance.choice(FAMILY['danish' if language == 'da' else 'dutch'].split(',')[1::2])}"
        )
    day = TODAY - timedelta(days=int(chance.uniform(*ages) * 365.25))
    number = cpr(chance, day, sex) if language == "da" else bsn(chance)
    made: dict[str, object] = {
        "language": language, "sex": sex, "first": chance.choice(given), "surname": surname,
        "day": day, "number": chance.randint(10000, 99999), "id": number,
        "place": place(chance, language), "group": "", "house": chance.randint(1, 180),
    }  # fmt: skip
    return Person(**{**made, **more})  # type: ignore[arg-type]


def parent(child: Person, sex: str) -> Person:
    """A parent of a child: often of the same name and address."""
    chance = random.Random(f"{child.number}{sex}{child.full}")
    made = person(chance, child.language, (28, 49))
    origin = [each for each, names in FAMILY.items() if child.surname in names.split(",")]
    given = GIVEN[origin[0] if origin else "dutch"][sex == "f"].split()
    surname = child.surname if sex == "m" or chance.random() < 0.4 else made.surname
    return person(
        chance, child.language, (28, 49), sex=sex, first=chance.choice(given), surname=surname,
        place=child.place, house=child.house, dates=child.dates,
    )  # fmt: skip

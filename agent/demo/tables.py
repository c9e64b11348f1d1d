"""The tables of the sample home: class lists and exports, and the lists that only resemble them."""

import random
from collections.abc import Iterable
from datetime import date

from agent.demo.documents import Row
from agent.demo.people import Person, bsn

SUBJECTS = ("rekenen", "taal", "spelling", "begrijpend lezen", "wereldoriëntatie", "Engels")
PUBLISHERS = ("Uitgeverij De Linde", "Leesboom", "Schoolatlas BV")
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag")


def class_list(pupils: list[Person], group: str) -> list[Row]:
    """A Dutch class list as the pupil administration prints it."""
    head = ("Achternaam", "Tussenvoegsel", "Roepnaam", "Geboortedatum", "Groep", "BSN", "Telefoon")
    return [head, *((p.family, p.infix, p.given, p.born, group, p.number, p.phone) for p in pupils)]


def export(pupils: list[Person], group: str) -> list[Row]:
    """A Dutch export of everything, parents' address included."""
    head = (
        *("Leerlingnummer", "Roepnaam", "Voorvoegsel", "Achternaam", "Geb.datum"),
        *("Stamgroep", "Burgerservicenummer", "Straat", "Woonplaats", "Tel. thuis"),
    )
    rows = (
        (2000 + n, p.given, p.infix, p.family, p.born, group, p.number, p.street, p.town, p.phone)
        for n, p in enumerate(pupils, 1)
    )
    return [head, *rows]


def absence(chance: random.Random, pupils: list[Person]) -> list[Row]:
    """A week's absence with reasons; no citizen number in it."""
    reasons = ("ziek", "tandarts", "ongeoorloofd", "psycholoog", "begrafenis", "te laat")
    head = ("Leerling", "Geboortedatum", "Klas", "Dag", "Uren", "Reden verzuim")
    return [
        head,
        *(
            (
                p.name,
                p.born,
                "2C",
                chance.choice(DAYS),
                chance.randint(1, 7),
                chance.choice(reasons),
            )
            for p in pupils
        ),
    ]


def danish_class_list(pupils: list[Person], group: str) -> list[Row]:
    """A Danish class list with CPR numbers."""
    head = ("Navn", "CPR-nummer", "Klasse", "Adresse", "By", "Forældres mobil")
    return [head, *((p.name, p.number, group, p.street, p.town, p.phone) for p in pupils)]


def roster(chance: random.Random, team: list[Person]) -> list[Row]:
    """Who of the team works when, in which class."""
    groups = ("1A", "2B", "3A", "4B", "5A", "6C", "7B", "8A", "vrij")
    rows = [[adult.name, *(chance.choice(groups) for _ in DAYS)] for adult in team]
    return [("Medewerker", *DAYS), *rows]


def phone_list(team: list[Person]) -> list[Row]:
    """Staff and their internal telephone numbers."""
    rows = ((adult.name, "lærer", 2100 + n, adult.phone) for n, adult in enumerate(team))
    return [("Navn", "Funktion", "Lokal", "Mobil"), *rows]


def books(chance: random.Random) -> list[Row]:
    """Books by subject with numbers of 13 and 10 digits that mean no person."""
    rows = (
        (f"{subject.capitalize()} leerboek {part}", chance.choice(PUBLISHERS), *isbns(chance))
        for subject in SUBJECTS
        for part in "AB"
    )
    return [("Titel", "Uitgever", "ISBN-13", "ISBN-10"), *rows]


def order(chance: random.Random) -> list[Row]:
    """An order whose article numbers have nine digits; some pass the elfproef by chance."""
    rows: Iterable[Row] = (
        (
            bsn(chance) if n % 5 == 0 else str(chance.randint(100_000_000, 999_999_999)),
            f"werkboek {subject} {part}",
            chance.randint(5, 60),
            f"{chance.randint(4, 19)},95",
        )
        for n, (subject, part) in enumerate((s, p) for s in SUBJECTS for p in "ABC")
    )
    return [("Artikelnummer", "Omschrijving", "Aantal", "Prijs"), *rows]


def sums(chance: random.Random) -> list[Row]:
    """A worksheet of fractions to compare."""
    head = ("Opgave", "Breuk 1", "Breuk 2", "Groter")
    pairs = ((chance.randint(2, 9), chance.randint(2, 9)) for _ in range(30))
    return [head, *((n, f"1/{a}", f"1/{b}", "") for n, (a, b) in enumerate(pairs, 1))]


def budget(chance: random.Random) -> list[Row]:
    """A year's budget by post and quarter."""
    posts = ("Løn", "Undervisningsmidler", "Rengøring", "Varme", "IT", "Vedligehold", "Kørsel")
    head = ("Konto", "Post", "Dato", "1. kvartal", "2. kvartal", "3. kvartal", "4. kvartal")
    opened = date(2026, 1, 2)
    rows: list[Row] = [
        [3000 + 10 * n, post, opened, *(chance.randint(8, 900) * 100 for _ in range(4))]
        for n, post in enumerate(posts)
    ]
    return [head, *rows]


def isbns(chance: random.Random) -> tuple[str, str]:
    """The same invented book number in its long and its short form, with right check digits."""
    body = "90" + "".join(str(chance.randint(0, 9)) for _ in range(7))
    long = "978" + body
    total = sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(long))
    short = sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True))
    return f"{long}{-total % 10}", f"{body}{'0123456789X'[-short % 11]}"


def iban(chance: random.Random) -> str:
    """An invented account at a bank that does not exist, with right check digits."""
    bank, account = "KOLK", f"{chance.randint(10_000_000, 99_999_999):010}"
    digits = "".join(str(int(letter, 36)) for letter in f"{bank}{account}NL00")
    return f"NL{98 - int(digits) % 97:02} {bank} {account[:4]} {account[4:8]} {account[8:]}"

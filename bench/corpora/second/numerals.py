"""Numbers of every sort that stand in office files; some pass the checks of personal numbers."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bench.corpora.second.people import TODAY, bsn, cpr

Words = Sequence[str]


def integer(chance: random.Random, words: Words) -> str:
    return str(chance.randint(int(words[0]), int(words[1])))


def decimal(chance: random.Random, words: Words) -> str:
    """With a comma, one place."""
    return f"{chance.uniform(float(words[0]), float(words[1])):.1f}".replace(".", ",")


def money(chance: random.Random, words: Words) -> str:
    amount = f"{chance.uniform(float(words[0]), float(words[1])):,.2f}"
    return amount.translate(str.maketrans(",.", ".,"))


def nine(chance: random.Random, words: Words) -> str:
    """Nine digits as they come; one in eleven passes the test."""
    return str(chance.randint(100000000, 999999999))


def ten(chance: random.Random, words: Words) -> str:
    return str(chance.randint(1000000000, 9999999999))


def eleven(chance: random.Random, words: Words) -> str:
    """Nine digits of which four in ten pass the test by accident: some suppliers number so."""
    return bsn(chance) if chance.random() < 0.35 else nine(chance, words)


def birthlike(chance: random.Random, words: Words) -> str:
    """Ten digits of which a fifth look like a CPR number and are none."""
    if chance.random() > 0.2:
        return ten(chance, words)
    day = TODAY - timedelta(days=chance.randint(300, 20000))
    return cpr(chance, day, chance.choice("mf")).replace("-", chance.choice(("", "", "", "-")))


def isbn(chance: random.Random, words: Words) -> str:
    body = f"978{chance.choice(('90', '87', '94'))}{chance.randint(1000000, 9999999)}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def iban(chance: random.Random, words: Words) -> str:
    body = f"NOVA0{chance.randint(100000000, 999999999)}"
    coded = "".join(str(int(c, 36)) for c in f"{body}NL00")
    return f"NL{98 - int(coded) % 97:02}{body}"


def hexadecimal(chance: random.Random, words: Words) -> str:
    return "".join(chance.choices("0123456789abcdef", k=int(words[0])))


def key(chance: random.Random, words: Words) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "-".join("".join(chance.choices(letters, k=5)) for _ in range(5))


def clock(chance: random.Random, words: Words) -> str:
    return (
        f"{chance.randint(7, 18):02}{chance.choice(':.')}{chance.choice(('00', '15', '30', '45'))}"
    )


def stamp(chance: random.Random, words: Words) -> str:
    moment = datetime(2026, 11, 16, 23, 59, 59) - timedelta(seconds=chance.randint(0, 9_000_000))  # noqa: DTZ001
    return moment.isoformat()


def isoday(chance: random.Random, words: Words) -> str:
    return (TODAY + timedelta(days=chance.randint(int(words[0]), int(words[1])))).isoformat()


NUMBERS: dict[str, Callable[[random.Random, Words], str]] = {
    "n": integer,
    "dec": decimal,
    "money": money,
    "nine": nine,
    "ten": ten,
    "eleven": eleven,
    "birthlike": birthlike,
    "isbn": isbn,
    "iban": iban,
    "hex": hexadecimal,
    "key": key,
    "clock": clock,
    "stamp": stamp,
    "isoday": isoday,
}

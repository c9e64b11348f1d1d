"""Numbers that nobody was given: made by dice, and marked as invented by their names here.

A BSN passes the eleven test and a CPR its checksum, since real ones do; orders and serials are
plain digits, of which one in eleven passes by accident, as in real life.
"""

import random
from collections.abc import Sequence
from datetime import date

BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def _sum(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def passes_eleven(digits: str) -> bool:
    """Whether nine digits pass the eleven test."""
    return _sum(digits, BSN_WEIGHTS) % 11 == 0


def invented_bsn(chance: random.Random) -> str:
    """A BSN made by dice; whoever might have it, it was not taken from them."""
    while True:
        digits = f"{chance.randrange(10**8, 10**9)}"
        if passes_eleven(digits):
            return digits


def invented_cpr(born: date, girl: bool, chance: random.Random) -> str:
    """A CPR made by dice for somebody made by dice."""
    centuries = "456789" if born.year >= 2000 else "0123"
    while True:
        serial = chance.choice(centuries) + f"{chance.randrange(1000):03d}"
        fits = (int(serial) % 2 == 0) == girl
        if fits and _sum(f"{born:%d%m%y}{serial}", CPR_WEIGHTS) % 11 == 0:
            return f"{born:%d%m%y}-{serial}"


def plain_digits(length: int, chance: random.Random) -> str:
    """An order, a serial, a reading: digits that stand for no person."""
    return str(chance.randrange(10 ** (length - 1), 10**length))


def phone(language: str, chance: random.Random) -> str:
    """A telephone number in one of the ways people write them."""
    digits = [plain_digits(2, chance) for _ in range(4)]
    if language == "da":
        return chance.choice(["{} {} {} {}", "{}{}{}{}", "+45 {}{} {}{}"]).format(*digits)
    if language == "en":
        return f"07700 900{plain_digits(3, chance)}"
    way = chance.choice(["06-{}{}{}{}", "06 {} {} {} {}", "06{}{}{}{}", "0{} - {} {} {}0"])
    return way.format(*digits)

"""Bytes that somebody has tampered with: what a fuzzer, a bad disk or a forger makes of good ones.

The same seed gives the same mutations, and none of them is what it was made from.
"""

import random
from collections.abc import Callable, Iterator

Change = Callable[[random.Random, bytes], bytes]


def mutations(data: bytes, seed: int, n: int) -> Iterator[bytes]:
    """``n`` mutations of ``data``, each of another kind than the one before."""
    dice = random.Random(seed)
    for number in range(n):
        change = CHANGES[number % len(CHANGES)]
        made = data
        while made == data:
            made = change(dice, data)
        yield made


def flip(dice: random.Random, data: bytes) -> bytes:
    """One bit the other way."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def retype(dice: random.Random, data: bytes) -> bytes:
    """One byte as another that occurs in the same data, so that the form often holds."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([dice.choice(data)]) + data[at + 1 :]


def cut(dice: random.Random, data: bytes) -> bytes:
    """The end gone."""
    return data[: dice.randrange(len(data))]


def omit(dice: random.Random, data: bytes) -> bytes:
    """A piece gone."""
    first, last = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:]


def repeat(dice: random.Random, data: bytes) -> bytes:
    """A piece twice."""
    first, last = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    return data[:last] + data[first:]


def add(dice: random.Random, data: bytes) -> bytes:
    """A byte too many."""
    at = dice.randrange(len(data) + 1)
    return data[:at] + bytes([dice.randrange(256)]) + data[at:]


CHANGES: tuple[Change, ...] = (flip, retype, cut, omit, repeat, add)

"""Many laptops show one token at the same moment, round after round, at a real collector.

The test plays a few rounds; ``race`` takes any number of them, for a longer run.
"""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.collector_on_loopback import Laptop, Running, collector, problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What came of all rounds: tries, those let in, rounds with exactly one, and refusals."""

    tries: int
    let_in: int
    rounds_with_one: int
    refused: dict[str, int]


def race(rounds: int, threads: int, at: Running | None = None) -> Counted:
    """Play ``rounds`` rounds, each with a new single-use token shown by ``threads`` laptops."""
    if at is not None:
        return _race(rounds, threads, at)
    with tempfile.TemporaryDirectory() as top, collector(Path(top) / "state") as made:
        return _race(rounds, threads, made)


def _race(rounds: int, threads: int, at: Running) -> Counted:
    told = [code for _ in range(rounds) for code in _round(at, threads)]
    each = [told[n : n + threads] for n in range(0, len(told), threads)]
    refused = {code: told.count(code) for code in set(told) - {""}}
    once = sum(one.count("") == 1 for one in each)
    return Counted(tries=len(told), let_in=told.count(""), rounds_with_one=once, refused=refused)


def _round(at: Running, threads: int) -> list[str]:
    """The codes that the laptops were refused with; an empty one is a laptop that came in."""
    token, start = at.token(), threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        return list(
            pool.map(_tried, [Laptop(at) for _ in range(threads)], [(token, start)] * threads)
        )


def _tried(laptop: Laptop, given: tuple[str, threading.Barrier]) -> str:
    token, start = given
    start.wait()
    reply = laptop.enrol(token)
    return "" if reply.status_code == 200 else problem(reply)

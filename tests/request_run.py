"""Malformed requests by the thousand against a real collector, and what came of them.

Number n is damaged in the same way everywhere: from the seed and the number comes which valid
request is taken and what is wrong with it.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import psutil

from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console
from tests.request_caller import Caller
from tests.request_damage import damaged
from tests.request_seeds import Seed, of_laptops, of_programs
from tests.request_seeds_console import People, forms, pages

CALLERS = 6
WEIGHTS = {"wire": 40, "pull": 20, "page": 15, "form": 25}
LINES_OF_CALLERS = ("WARNING Invalid HTTP request received.",)
"""What a log may say of a request that is no HTTP; it names nothing of it."""
WARM = 0.2
"""After this part of the requests the collector is as large as it needs to be."""


@dataclass
class Counted:
    """What came of it; every list holds what must not be."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    damages: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    deaf: list[str] = field(default_factory=list)
    warm_mb: int = 0
    end_mb: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        """Both together; of the memory that which grew most."""
        larger = max(self, other, key=lambda one: one.end_mb - one.warm_mb)
        return Counted(
            sent=self.sent + other.sent,
            statuses=self.statuses + other.statuses,
            damages=self.damages + other.damages,
            faults=self.faults + other.faults,
            logged=self.logged + other.logged,
            deaf=self.deaf + other.deaf,
            warm_mb=larger.warm_mb,
            end_mb=larger.end_mb,
        )


Failed = Callable[[int, bytes], None]


class Run:
    """Requests number ``first`` and on, sent by several callers at once."""

    def __init__(self, at: Console, number: int, seed: int, first: int = 0) -> None:
        self.at, self.number, self.seed, self.first = at, number, seed, first
        self.seeds = all_seeds(at, number)
        self.counted = Counted()
        self.lock = threading.Lock()
        self.numbers = count(first)
        self.process = psutil.Process(at.running.pid)

    def go(self, failed: Failed = lambda number, content: None) -> Counted:
        """Send them all, then look what the collector says and whether it still answers."""
        with ThreadPoolExecutor(CALLERS) as pool:
            for done in [pool.submit(self._call, failed) for _ in range(CALLERS)]:
                done.result()
        self.counted.logged += unexpected(self.at.running.log)
        self.counted.deaf += still_answers(self.at)
        self.counted.end_mb = self._megabytes()
        return self.counted

    def _call(self, failed: Failed) -> None:
        caller = Caller(self.at.running, Random(threading.get_ident()))
        while (number := next(self.numbers)) < self.first + self.number:
            name, content = malformed(self.seeds, self.seed, number)
            answer = caller.ask(content)
            with self.lock:
                self._count(number, name, answer.status, answer.fault())
            if answer.fault():
                failed(number, content)
        caller.close()

    def _count(self, number: int, name: str, status: int, fault: str) -> None:
        self.counted.sent += 1
        self.counted.statuses[status] += 1
        self.counted.damages[name] += 1
        if fault:
            self.counted.faults.append(f"{number} {name}: {fault}")
        if self.counted.sent == int(self.number * WARM):
            self.counted.warm_mb = self._megabytes()

    def _megabytes(self) -> int:
        return int(self.process.memory_info().rss) >> 20


def all_seeds(at: Console, number: int) -> dict[str, list[Seed]]:
    """Valid requests by who sends them: laptops, programs, or people at the console."""
    people = People(at)
    return {
        "wire": list(of_laptops(at.running)),
        "pull": list(of_programs(at.running, at.laptop.name, number)),
        "page": list(pages(people)),
        "form": list(forms(people)),
    }


def malformed(seeds: dict[str, list[Seed]], seed: int, number: int) -> tuple[str, bytes]:
    """Request ``number``: by whom and what is wrong with it, and its bytes."""
    dice = Random(f"{seed} {number}")
    (who,) = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
    name, content = damaged(dice, dice.choice(seeds[who])(dice))
    return f"{who} {name}", content


def unexpected(log: list[str]) -> list[str]:
    """Lines of the collector's log that no request may bring about."""
    return [line.rstrip() for line in log if line.rstrip() not in LINES_OF_CALLERS]


def still_answers(at: Console) -> list[str]:
    """What a laptop, a person and a program that do everything right do not get any more."""
    laptop, officer = at.running.laptop(), at.session("olaf")
    checks = {
        "a laptop's events": laptop.send(pupil_file()).status_code,
        "a page": at.get(officer, "/overview").status_code,
        "the certificate": at.get(at.stranger(), "/v1/ca").status_code,
    }
    return [f"{what}: {status}" for what, status in checks.items() if status != 200]


def keep_in(folder: Path) -> Failed:
    """Keeps requests that failed, under their numbers."""

    def keep(number: int, content: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.bin").write_bytes(content)

    return keep

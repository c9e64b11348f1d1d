"""``./dev lab requests [NUMBER] [--seed S]``: malformed requests against a real collector over TLS.

Needs no virtual machine. Every address is tried, in rounds of up to 20,000 requests with a
collector of their own, in turn on SQLite and on PostgreSQL. Requests that failed are kept under
their numbers in build/lab/requests. Writes build/lab/requests.json and prints a summary; exit 1 if
one of them was answered by an error of the collector, brought anything into its log, left it deaf
to a valid request, or made it grow.
"""

import argparse
import contextlib
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests import databases
from tests.console_visit import console
from tests.request_run import Counted, Run, keep_in

OUT = Path("build/lab")
ROUND = 20_000
MOST_GROWTH_MB = 64
"""One check of a password takes as much for a moment."""

Case = dict[str, object]


def main(words: Sequence[str]) -> int:
    """Run the rounds, then add up."""
    given = options(words)
    began, counted = time.monotonic(), Counted()
    with postgresql() as server:
        for turn, first in enumerate(range(0, given.number, ROUND)):
            database = server.make() if server is not None and turn % 2 else ""
            number = min(ROUND, given.number - first)
            found = one_round(database, number, given.seed, first, given.out)
            say(f"{'PostgreSQL' if database else 'SQLite'}: {told(found)}")
            counted += found
    found = cases(counted, given.number)
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    body = {"cases": found, "machine": machine, "seed": given.seed,
            "seconds": round(time.monotonic() - began),
            "statuses": dict(sorted(counted.statuses.items())),
            "damages": dict(counted.damages.most_common())}  # fmt: skip
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "requests.json").write_text(json.dumps(body, indent=1), "utf-8")
    show(found, counted)
    return 0 if all(case["passed"] for case in found) else 1


def one_round(database: str, number: int, seed: int, first: int, out: Path) -> Counted:
    with tempfile.TemporaryDirectory() as folder:
        with console(Path(folder) / "state", database) as at:
            return Run(at, number, seed, first).go(keep_in(out / "requests"))


@contextlib.contextmanager
def postgresql() -> Iterator[databases.Server | None]:
    """The other database, where it is installed."""
    if databases.PROGRAMS is None:
        say("PostgreSQL is not installed: every round runs on SQLite")
        yield None
        return
    with databases.server() as server:
        yield server


def cases(counted: Counted, number: int) -> list[Case]:
    """What must hold, over all rounds."""
    none = {
        "answered by an error, in another shape, or not at all": counted.faults,
        "lines in the collector's log": counted.logged,
        "valid requests that were not answered afterwards": counted.deaf,
    }
    grown = counted.end_mb - counted.warm_mb
    return [
        {"name": "requests", "expected": number, "got": counted.sent,
         "passed": counted.sent == number},
        *({"name": name, "expected": 0, "got": len(got), "passed": not got, "which": got[:100]}
          for name, got in none.items()),
        {"name": "growth of the collector after a fifth of the requests, MB",
         "expected": f"at most {MOST_GROWTH_MB}", "got": grown,
         "passed": grown <= MOST_GROWTH_MB},
    ]  # fmt: skip


def told(counted: Counted) -> str:
    bad = len(counted.faults) + len(counted.logged) + len(counted.deaf)
    return f"{counted.sent} requests, {bad} bad, {counted.warm_mb} to {counted.end_mb} MB"


def show(found: Sequence[Case], counted: Counted) -> None:
    for status, times in sorted(counted.statuses.items()):
        print(f"  {times:>7}  {status or 'no answer was due'}")
    for line in [*counted.faults, *counted.logged, *counted.deaf][:40]:
        print(f"  note: {line}")
    for case in found:
        print(f"  {'ok  ' if case['passed'] else 'FAIL'} {case['name']}: {case['got']}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev lab requests")
    parser.add_argument("number", nargs="?", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

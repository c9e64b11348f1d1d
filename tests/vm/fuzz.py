"""``./dev lab fuzz``: a million damaged documents in the real workers.

    ./dev lab fuzz [DOCUMENTS] [--shards N] [--shard K] [--minutes M] [--seed S] [--workers W]

Needs no virtual machine. Document n is the same everywhere. Without ``--shard`` every shard is run
in turn; with it only that one, so that several machines or terminals can share the work. How far a
shard came stands in build/lab/fuzz/shard-K.json, and the next call goes on from there. Documents
that failed are kept in build/lab/fuzz/failing. Writes build/lab/fuzz.json and prints a summary;
exit 1 if a case failed or the run did not come to its end.
"""

import argparse
import json
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests import fuzz_run
from tests.fuzz_containers import document
from tests.fuzz_run import Counted

OUT = Path("build/lab")
MEMORY_MB = 512
"""The address space of a worker, see ``collectors.recognise.sandbox_linux``."""

Case = dict[str, object]


def main(words: Sequence[str]) -> int:
    """Run the shards that are asked for, then add up all there are."""
    given = options(words)
    folder = given.out / "fuzz"
    end = time.monotonic() + given.minutes * 60 if given.minutes else None
    for shard in range(given.shards) if given.shard is None else (given.shard,):
        run_shard(shard, given, folder, end)
    counted = [read(shard, given, folder) for shard in range(given.shards)]
    found = cases(counted, given.documents)
    verdicts: Counter[str] = sum((each.verdicts for each in counted), Counter())
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    body = {"cases": found, "machine": machine, "seed": given.seed,
            "verdicts": dict(verdicts.most_common())}  # fmt: skip
    (given.out / "fuzz.json").write_text(json.dumps(body, indent=1), "utf-8")
    show(found, verdicts, counted, given.documents)
    return 0 if all(case["passed"] for case in found) else 1


def run_shard(shard: int, given: argparse.Namespace, folder: Path, end: float | None) -> None:
    """Go on with a shard until it is done or the time is up."""
    path, made_with = folder / f"shard-{shard}.json", made(shard, given)
    counted = fuzz_run.read_state(path, made_with)
    first = shard + counted.done * given.shards
    numbers = until(iter(range(first, given.documents, given.shards)), end)

    def save() -> None:
        fuzz_run.write_state(path, made_with, counted)
        keep(counted.bad(), given.seed, folder / "failing")
        say(f"shard {shard}: {counted.done} documents, {len(counted.bad())} failed")

    fuzz_run.run(numbers, counted, seed=given.seed, workers=given.workers, save=save)


def until(numbers: Iterator[int], end: float | None) -> Iterator[int]:
    """The numbers, as long as there is time."""
    for number in numbers:
        if end is not None and time.monotonic() > end:
            return
        yield number


def keep(numbers: Sequence[int], seed: int, folder: Path) -> None:
    """Keep documents that failed under their numbers."""
    for number in numbers:
        folder.mkdir(parents=True, exist_ok=True)
        name, content = document(number, seed)
        (folder / f"{seed}-{number}-{name.replace(' ', '-')}").write_bytes(content)


def cases(counted: Sequence[Counted], documents: int) -> list[Case]:
    """What must hold, over all shards."""
    seconds = sum(each.seconds for each in counted)

    def case(name: str, expected: object, got: object, passed: bool) -> Case:
        return {"name": name, "expected": expected, "got": got, "passed": passed,
                "seconds": round(seconds, 1)}  # fmt: skip

    none = {
        "worker died or answered nonsense": sum(len(each.worker_faults) for each in counted),
        "over the cap of time or memory": sum(len(each.over_time) for each in counted),
        "answers that are not true": sum(len(each.untrue_answers) for each in counted),
        "escapes: files of others touched": sum(each.canary_touched for each in counted),
        "escapes: processes left": sum(each.processes_left for each in counted),
    }
    done = sum(each.done for each in counted)
    space = max(each.peak_address_space_kb for each in counted) // 1024
    rss = max(each.peak_rss_kb for each in counted) // 1024
    return [
        case("documents judged", documents, done, done >= documents),
        *(case(name, 0, got, got == 0) for name, got in none.items()),
        case("largest address space of a worker, MB", f"1 to {MEMORY_MB}", space,
             0 < space <= MEMORY_MB),
        case("largest resident memory of a worker, MB", f"1 to {MEMORY_MB}", rss,
             0 < rss <= MEMORY_MB),
    ]  # fmt: skip


def show(
    found: Sequence[Case], verdicts: Counter[str], counted: Sequence[Counted], documents: int
) -> None:
    for name, times in verdicts.most_common():
        print(f"  {times:>9}  {name}")
    done, seconds = sum(each.done for each in counted), sum(each.seconds for each in counted)
    print(f"{done} documents, {done / max(seconds, 1):.0f} a second")
    slow = sorted((pair for each in counted for pair in each.slow), reverse=True)
    for took, number in slow[:10]:
        print(f"  note: document {number} took {took} s")
    for number in [number for each in counted for number in each.heavy][:10]:
        print(f"  note: document {number} took more than {fuzz_run.HEAVY} MB")
    if done < documents:
        print(f"did not run to the end: {done} of {documents}; the same command goes on from here")
    for case in found:
        print(f"  {'ok  ' if case['passed'] else 'FAIL'} {case['name']}: {case['got']}")


def made(shard: int, given: argparse.Namespace) -> dict[str, object]:
    return {"seed": given.seed, "shard": shard, "shards": given.shards,
            "sources": fuzz_run.sources()}  # fmt: skip


def read(shard: int, given: argparse.Namespace, folder: Path) -> Counted:
    return fuzz_run.read_state(folder / f"shard-{shard}.json", made(shard, given))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev lab fuzz")
    parser.add_argument("documents", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=1, help="parts that the work is cut into")
    parser.add_argument("--shard", type=int, help="run only this one, from 0")
    parser.add_argument("--minutes", type=float, help="stop after that long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(words)
    if given.shard is not None and not 0 <= given.shard < given.shards:
        parser.error(f"--shard is 0 to {given.shards - 1}")
    return given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

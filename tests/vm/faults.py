"""``./dev lab faults [--kills N] [--only NAMES] [--quick]``: sealing and the agent under faults.

Needs no virtual machine; the power cuts and the full disk need root. Prints a table as it goes and
writes build/lab/faults.json; exit 1 if a case failed or did not run.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests import delivery_damage
from tests import delivery_faults as delivery
from tests import delivery_forged as forged
from tests import delivery_impostors as impostor
from tests import delivery_network as network
from tests import delivery_offline as offline
from tests import leak_faults as leak
from tests import seal_faults as seal
from tests.delivery_faults import Notes
from tests.kill_loop import Counted, kill_loop
from tests.seal_faults import Case
from tests.test_seal_crash import Disk
from tests.wide_rule import wide_rule

OUT = Path("build/lab/faults.json")
COUNTED = {
    "lost": "events of the journal that are not at the collector, or sealings without an event",
    "doubled": "events or sealings told twice",
    "unsealed": "pupil files still in the home when all was quiet",
    "not_restored": "sealed files that did not come back byte for byte",
    "decoys_touched": "other files changed or gone",
    "left_in_stage": "files left half done in the stage",
    "orphans": "workers or senders that outlived their agent",
}
Work = Callable[[Path], Iterator[Case]]


def main(arguments: argparse.Namespace) -> int:
    """Run what was asked for."""
    done: list[tuple[Case, float]] = []
    for name, work in works(arguments).items():
        if re.search(arguments.only, name):
            done += run(work)
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    OUT.parent.mkdir(parents=True, exist_ok=True)
    cases = [told(case, seconds) for case, seconds in done]
    OUT.write_text(json.dumps({"cases": cases, "machine": machine}, indent=1), "utf-8")
    return 0 if cases and all(case["passed"] for case in cases) else 1


def works(arguments: argparse.Namespace) -> dict[str, Work]:
    """Every kind of fault by a word, at the length that was asked for."""
    quick = arguments.quick
    return {
        "kill": lambda base: iter([seal.killed(base)]),
        "power": lambda base: iter([seal.power_cut(base, 1 if quick else 10)]),
        "attack": lambda base: seal.attacked(base, 500 if quick else 33_334),
        "damage": lambda base: iter([seal.damaged(base, 100 if quick else 2_000)]),
        "full": lambda base: iter([seal.full_disk(base)]),
        "wide": lambda base: iter([wide(base, 300 if quick else 10_000)]),
        "delivery-kill": lambda base: delivery.killed(base, 100 if quick else arguments.deaths),
        "delivery-power": lambda base: iter([delivery_cut(base, 20 if quick else 1_000)]),
        "delivery-store": lambda base: iter(delivery_damage.damaged(base, 100 if quick else 1_000)),
        "delivery-forged": lambda base: iter(
            [case(base, 1000 if quick else 5000) for case in (forged.replies, forged.ordered)]
        ),
        "delivery-network": lambda base: iter([network.bad_networks(base, 1 if quick else 20)]),
        "delivery-impostor": impostors,
        "delivery-token": lambda _: iter([delivery.raced(3 if quick else 100, 100)]),
        "delivery-month": lambda base: iter(
            [delivery.long_offline(base, 1 if quick else 30, 5_000)]
        ),
        "delivery-drain": lambda base: iter([offline.offline(base, 1 if quick else 30, 5_000)[0]]),
        "leak": lambda base: iter([leak.submitted(base, 9 if quick else 200)]),
        "agent": partial(agent_killed, kills=5 if quick else arguments.kills),
    }


def run(work: Work) -> list[tuple[Case, float]]:
    """One kind of fault in a folder of its own; a case that breaks off has failed."""
    done: list[tuple[Case, float]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as base:
        try:
            for case in work(Path(base)):
                done.append((case, time.monotonic() - began))
                began = time.monotonic()
                print(line(*done[-1]), flush=True)
        except AssertionError as error:
            case = Case(name="broke off", bad=1, note=str(error)[:1500])
            done.append((case, time.monotonic() - began))
            print(line(*done[-1]), flush=True)
    return done


def wide(base: Path, files: int) -> Case:
    """A rule that matches everything, with the real agent."""
    found = wide_rule(base, files)
    note = f"{found.sealed} sealed and given back, tripped after {found.tripped_after} s"
    return Case(name="a rule that matches everything", tries=files, bad=found.faults(), note=note)


def impostors(base: Path) -> Iterator[Case]:
    """Whoever is not the collector, or not the laptop, or has another time."""
    for number, tried in enumerate(
        (impostor.impostors, impostor.wrong_clocks, impostor.unknown_laptops)
    ):
        folder = base / str(number)
        folder.mkdir()
        yield tried(folder)


def delivery_cut(base: Path, cuts: int) -> Case:
    """The journal on a disk of its own whose power is cut."""
    if os.geteuid():
        return Case(name="delivery: power cut", note="did not run: needs root")
    disk = Disk(base)

    def again() -> None:
        disk.unmount()
        disk.mount()

    try:
        return delivery.cut_off(disk.at, disk.cut_power, again, cuts, Notes(folder=base))
    finally:
        disk.unmount()


def agent_killed(base: Path, kills: int) -> Iterator[Case]:
    """The whole agent killed at random moments; each count must be 0."""
    counted: Counted = kill_loop(base, kills)
    note = f"{counted.events} events, {counted.sealed} files sealed"
    for name, what in COUNTED.items():
        bad = int(getattr(counted, name))
        yield Case(name=f"agent killed: {what}", tries=counted.kills, bad=bad, note=note)


def told(case: Case, seconds: float) -> dict[str, object]:
    """A case for the JSON."""
    return {
        "name": case.name,
        "expected": 0,
        "got": case.bad,
        "tries": case.tries,
        "note": case.note,
        "passed": passed(case),
        "seconds": round(seconds, 1),
    }


def passed(case: Case) -> bool:
    """Nothing bad happened, and it was tried at all."""
    return case.bad == 0 and case.tries > 0


def line(case: Case, seconds: float) -> str:
    """A case as a row of the table."""
    mark = "ok  " if passed(case) else "FAIL"
    return f"{mark} {case.name}: {case.bad} bad of {case.tries}, {seconds:.0f} s  {case.note}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab faults")
    parser.add_argument("--kills", type=int, default=100, help="how often the agent is killed")
    parser.add_argument(
        "--deaths", type=int, default=10_000, help="how often a laptop that delivers is killed"
    )
    parser.add_argument("--only", default="", help="kinds whose word this expression finds")
    parser.add_argument("--quick", action="store_true", help="each kind once or a few times")
    sys.exit(main(parser.parse_args()))

"""``./dev lab defence [--only NAMES] [--deb FILE]``: the agent under attack.

A Debian desktop in QEMU without KVM, with the product's package under systemd and a staff member
without root's rights who tries to stop, starve and blind it; and accidents that befall its own
files. Prints a table and writes build/lab/defence.json; exit 1 if a case did not come out as it
should, 3 if there was no machine to run them in.
"""

import argparse
import contextlib
import json
import platform
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.vm.attacks import accidents, many, staff
from tests.vm.attacks.bench import Bench, Row
from tests.vm.laptop import installed
from tests.vm.laptop.installed import NOT_RUN, laptop_with_product

OUT = Path("build/lab/defence.json")
BROKEN = (*installed.BROKEN, AssertionError)
CASES: dict[str, tuple[str, Callable[[Bench], str]]] = {
    "signals, ptrace, nice, limits": ("all refused", staff.signals),
    "asking systemd": ("all refused", staff.asking_systemd),
    "control groups": ("all refused", staff.control_groups),
    "clock, zone and name": ("all refused", staff.clock),
    "the agent's files and state": ("all refused", staff.own_files),
    "environment of root's commands": ("nothing of theirs ran", staff.environment),
    "20,000 changes at once": ("all 5 found", staff.flood),
    "100,000 files, on this machine": ("20 of 20 found", many.files),
    "400 burning processes": ("found", staff.burning),
    "full /run/user": ("answers, goes on", staff.full_run),
    "full disk": ("full, found", staff.full_disk),
    "own parts put back": ("9 told, 8 put back, whole", accidents.put_back),
    "the package put in again": ("started anew, 0 told", accidents.upgrade),
}


def main(arguments: argparse.Namespace) -> int:
    """Run what was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the machine ends as well
    began = time.monotonic()
    done: list[Row] = []
    with contextlib.ExitStack() as held:
        try:
            bench = laptop_with_product(held, lambda laptop, _: Bench(laptop), arguments.deb)
        except BROKEN as error:
            print(f"did not run: the laptop of the lab could not be had: {error}")
            return NOT_RUN
        for name in wanted(arguments):
            done.append(one(bench, name))
            print(done[-1].line(), flush=True)
            write(done, time.monotonic() - began)
    bad = sum(not row.passed for row in done)
    print(f"{len(done)} cases, {bad} failed, {time.monotonic() - began:.0f} s; {OUT}")
    return 1 if bad or not done else 0


def one(bench: Bench, name: str) -> Row:
    """Run one case; one that breaks off has failed."""
    expected, attack = CASES[name]
    began = time.monotonic()
    try:
        got = attack(bench)
    except BROKEN as error:
        got = f"broke off: {error}"
    return Row(name=name, expected=expected, got=got, seconds=time.monotonic() - began)


def wanted(arguments: argparse.Namespace) -> list[str]:
    """The cases to run, in order."""
    return [name for name in CASES if re.search(arguments.only, name)]


def write(rows: Sequence[Row], seconds: float) -> None:
    """The table as JSON."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "machine": f"{platform.machine()}, {platform.system()}, QEMU without KVM",
        "seconds": round(seconds),
        "cases": [row.told() for row in rows],
    }
    OUT.write_text(json.dumps(told, indent=1), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab defence")
    parser.add_argument("--only", default="", help="cases whose name this expression finds")
    parser.add_argument("--deb", type=Path, help="a package made before")
    sys.exit(main(parser.parse_args()))

"""``./dev lab session [--quick] [--only NAMES] [--typing MINUTES]``: screens in a virtual machine.

Desktops and lockers in QEMU without KVM, with the product's package under systemd and a limit of
one minute. Prints a table, leaves pictures in build/lab/screens and writes build/lab/session.json;
exit 1 if a case did not come out as it should, 3 if there was no machine to run them in.
"""

import argparse
import contextlib
import json
import platform
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.vm.laptop.installed import BROKEN, NOT_RUN, laptop_with_product
from tests.vm.screens import cases, leaves, left_open, touches
from tests.vm.screens.bench import Bench
from tests.vm.screens.rows import HEAD, Row

OUT = Path("build/lab/session.json")
Work = tuple[str, Callable[[Bench], Row]]


def main(arguments: argparse.Namespace) -> int:
    """Run what was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the machine ends as well
    began = time.monotonic()
    done: list[Row] = []
    with contextlib.ExitStack() as held:
        try:
            bench = laptop_with_product(held, Bench, arguments.deb)
        except BROKEN as error:
            print(f"did not run: the laptop of the lab could not be had: {error}")
            return NOT_RUN
        print(HEAD, flush=True)
        for name, work in wanted(arguments):
            done.append(one(bench, name, work))
            print(done[-1].line(), flush=True)
            write(done, time.monotonic() - began)
    bad = sum(bool(row.faults) for row in done)
    print(f"{len(done)} cases, {bad} failed, {time.monotonic() - began:.0f} s; {OUT}")
    return 1 if bad or not done else 0


def one(bench: Bench, name: str, work: Callable[[Bench], Row]) -> Row:
    """Run one case; one that breaks off has failed, unless a second try does not."""
    for last in (False, True):
        try:
            return work(bench)
        except BROKEN as error:
            left_open.clear(bench)
            fault = f"broke off{' again' if last else ''}: {error}"
    return Row(name=name, faults=[fault])


def wanted(arguments: argparse.Namespace) -> Iterator[Work]:
    """The cases to run, in order."""
    for case in cases.CASES:
        if (not arguments.quick or case.name in cases.QUICK) and re.search(
            arguments.only, case.name
        ):
            yield case.name, partial(left_open.left_open, case=case, timed=not arguments.quick)
    if not arguments.quick and re.search(arguments.only, touches.LAST_SECOND):
        yield touches.LAST_SECOND, touches.last_second
    for name in leaves.NAMES:
        if not arguments.quick and re.search(arguments.only, name):
            yield name, partial(leaves.leaves, name=name)
    if arguments.typing:
        yield "typing", partial(touches.typing, minutes=arguments.typing)


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
    parser = argparse.ArgumentParser(prog="./dev lab session")
    parser.add_argument("--quick", action="store_true", help="the few cases that the tests run")
    parser.add_argument("--only", default="", help="cases whose name this expression finds")
    parser.add_argument("--typing", type=float, default=0, help="also type for so many minutes")
    parser.add_argument("--deb", type=Path, help="a package made before")
    sys.exit(main(parser.parse_args()))

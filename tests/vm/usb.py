"""``./dev lab usb [--quick] [--plugs N] [--only NAMES]``: sticks in a virtual machine.

A Debian desktop in QEMU without KVM, with an automounter, the product's package under systemd and
a staff member who tries everything. Prints a table and writes build/lab/usb.json; exit 1 if a case
did not come out as it should, 3 if there was no machine to run them in. The first run makes the
laptop's disk: one to five minutes.
"""

import argparse
import contextlib
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.vm.laptop.installed import BROKEN, NOT_RUN, laptop_with_product, say
from tests.vm.sticks import cases, plugs, rows, stories
from tests.vm.sticks.bench import Bench

OUT = Path("build/lab/usb.json")
Work = tuple[str, Callable[[Bench], rows.Row]]


def main(arguments: argparse.Namespace) -> int:
    """Run what was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the machine ends as well
    began = time.monotonic()
    done: list[rows.Row] = []
    with contextlib.ExitStack() as held:
        try:
            bench = laptop_with_product(held, Bench)
        except BROKEN as error:
            print(f"did not run: the laptop of the lab could not be had: {error}")
            return NOT_RUN
        print(rows.HEAD, flush=True)
        for name, work in wanted(arguments):
            done.append(one(bench, name, work))
            print(done[-1].line(), flush=True)
            rows.write(done, OUT, {"seconds": round(time.monotonic() - began)})
    bad = rows.failed(done)
    print(f"{len(done)} cases, {bad} failed, {time.monotonic() - began:.0f} s; {OUT}")
    return 1 if bad or not done else 0


def one(bench: Bench, name: str, work: Callable[[Bench], rows.Row]) -> rows.Row:
    """Run one case, and once more if the machine broke it off; twice is a failed case."""
    try:
        return work(bench)
    except BROKEN as error:
        stories.clear(bench)
        first = error
    try:
        row = work(bench)
        row.note += f" (second try; the first broke off: {str(first)[:80]})"
        return row
    except BROKEN as error:
        stories.clear(bench)
        return rows.Row(name=name, faults=[f"broke off: {first}", f"broke off again: {error}"])


def wanted(arguments: argparse.Namespace) -> Iterator[Work]:
    """The cases to run, in order."""
    for case in cases.CASES:
        if (not arguments.quick or case.name in cases.QUICK) and re.search(
            arguments.only, case.name
        ):
            yield case.name, partial(cases.judged, case=case)
    for name, story in stories.STORIES.items():
        if (not arguments.quick or name in stories.QUICK) and re.search(arguments.only, name):
            yield name, story
    if arguments.plugs:
        yield "many plugs", partial(plugs.many, number=arguments.plugs, say=say)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab usb")
    parser.add_argument("--quick", action="store_true", help="the few cases that the tests run")
    parser.add_argument("--plugs", type=int, default=0, help="also plug this many sticks in a row")
    parser.add_argument("--only", default="", help="cases whose name this expression finds")
    sys.exit(main(parser.parse_args()))

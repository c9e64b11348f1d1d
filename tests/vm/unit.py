"""``./dev lab unit [--only NAMES] [--idle MINUTES] [--deb FILE]``: the agent in its unit.

The package in the virtual machine of the other labs, with pupil files in a person's home: found,
put away, given back, a home closed, a screen locked, and nothing that was refused to the agent by
its own unit. Prints a table and writes build/lab/unit.json; exit 1 if a case did not come out as it
should, 3 if there was no machine to run them in.
"""

import argparse
import contextlib
import json
import re
import signal
import sys
import time
from pathlib import Path

from tests.vm.confined.cases import CASES, Bench, Row
from tests.vm.laptop.installed import BROKEN, NOT_RUN, laptop_with_product

OUT = Path("build/lab/unit.json")


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
        bench.idle = arguments.idle
        for name, work in CASES.items():
            if re.search(arguments.only, name):
                row = Row(name=name)
                begun = time.monotonic()
                try:
                    work(bench, row)
                except BROKEN as error:
                    row.faults.append(f"broke off: {error}")
                row.seconds = round(time.monotonic() - begun, 1)
                done.append(row)
                print(row.line(), flush=True)
                write(done, time.monotonic() - began)
    bad = sum(bool(row.faults) for row in done)
    print(f"{len(done)} cases, {bad} failed, {time.monotonic() - began:.0f} s; {OUT}")
    return 1 if bad or not done else 0


def write(rows: list[Row], seconds: float) -> None:
    """The table as JSON."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    cases = [row.told() for row in rows]
    told = {"machine": "QEMU without KVM", "seconds": round(seconds), "cases": cases}
    OUT.write_text(json.dumps(told, indent=1), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab unit")
    parser.add_argument("--only", default="", help="cases whose name this expression finds")
    parser.add_argument("--idle", type=float, default=0, help="also be idle for so many minutes")
    parser.add_argument("--deb", type=Path, help="a package made before")
    sys.exit(main(parser.parse_args()))

"""``./dev lab collector_package [--deb FILE]``: the collector's package in a virtual machine.

A fresh machine without a network: installed from files, first login, the officer's keys made in a
browser, a PDF, back-up and restore, PostgreSQL by the lines of the document, upgrade, removal,
purge. Each case goes on from the one before. Writes build/lab/collector_package.json; exit 1 if a
case did not come out as it should or did not run, 3 if there was no machine.
"""

import argparse
import contextlib
import json
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError

from tests.vm.laptop import machine
from tests.vm.laptop.desktop import desktop
from tests.vm.laptop.qmp import QmpError
from tests.vm.packaged import cases, place
from tests.vm.packaged.place import Place

OUT = Path("build/lab/collector_package.json")
NOT_RUN = 3
BROKEN = (machine.GuestError, QmpError, BrowserError, *cases.BROKEN, AssertionError, LookupError)


def main(arguments: argparse.Namespace) -> int:
    """Run every case, in order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the machine ends as well
    began = time.monotonic()
    done: list[dict[str, Any]] = []
    with contextlib.ExitStack() as held:
        try:
            at = prepared(held, arguments.deb)
        except BROKEN as error:
            print(f"did not run: the machine of the lab could not be had: {error}")
            return NOT_RUN
        for name, case, expected in cases.CASES:
            done.append(one(at, name, case, expected))
            print(line(done[-1]), flush=True)
            write(done, time.monotonic() - began)
    bad = [row["name"] for row in done if not row["passed"]]
    print(f"{len(done)} cases, {len(bad)} failed, {time.monotonic() - began:.0f} s; {OUT}")
    return 1 if bad or len(done) < len(cases.CASES) else 0


def prepared(held: contextlib.ExitStack, deb: Path | None) -> Place:
    """The machine as it is after its first start, and the files."""
    say("making the package")
    made = deb or place.build("collector")
    folder, disk = desktop(say)
    say("fetching what Debian has to give")
    debian = place.from_debian(folder, made)
    run = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="dw-")))
    pictures = (OUT.parent / "collector_package").absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    say("starting the machine")
    laptop = held.enter_context(machine.restored(folder, disk, run / "m"))
    laptop.sh("systemctl isolate multi-user.target", timeout=300)  # a server has no desktop
    return Place(laptop=laptop, deb=made, debian=debian, pictures=pictures)


def one(at: Place, name: str, case: cases.Case, expected: str) -> dict[str, Any]:
    """Run one case; one that breaks off has failed."""
    began = time.monotonic()
    try:
        got = case(at)
    except BROKEN as error:
        got = f"broke off: {type(error).__name__}: {error}"
    seconds = round(time.monotonic() - began, 1)
    told = {"name": name, "expected": expected, "got": got}
    return told | {"passed": got == expected, "seconds": seconds}


def line(row: dict[str, Any]) -> str:
    """A case as a line of the table."""
    said = "ok" if row["passed"] else f"FAILED: {row['got']}; expected: {row['expected']}"
    return f"{row['name']:20} {row['seconds']:7.1f} s  {said}"


def write(rows: list[dict[str, Any]], seconds: float) -> None:
    """The table as JSON."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "machine": f"{platform.machine()}, {platform.system()}, QEMU without KVM",
        "seconds": round(seconds),
        "cases": rows,
    }
    OUT.write_text(json.dumps(told, indent=1), "utf-8")


def say(text: str) -> None:
    """A line of progress."""
    print(f"==> {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab collector_package")
    parser.add_argument("--deb", type=Path, help="a package made before")
    sys.exit(main(parser.parse_args()))

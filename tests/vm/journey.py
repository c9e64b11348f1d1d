"""``./dev lab journey``: the whole mission in one run, in a virtual machine.

A fresh Debian 12 gets both packages from files; people, keys and a signed policy are made; a staff
member plugs sticks in, leaves the screen, has pupil files and reports a leak; IT pulls the reports,
the privacy officer works the breach to its end; then the agent is upgraded and everything is taken
away. Prints a table and writes build/lab/journey.json, a log beside it and pictures in
build/lab/journey; exit 1 if a step failed or did not run.
"""

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError

from tests.vm.laptop import machine
from tests.vm.laptop.desktop import desktop
from tests.vm.laptop.qmp import QmpError
from tests.vm.mission import classroom, debs, farewell, founding, leak, office
from tests.vm.mission.ledger import Case, Ledger, NotRun, Step
from tests.vm.mission.road import Road

OUT = Path("build/lab/journey.json")
LOG = Path("build/lab/journey.log")
PICTURES = Path("build/lab/journey")
BROKEN = (
    machine.GuestError,
    QmpError,
    BrowserError,
    OSError,
    subprocess.SubprocessError,
    AssertionError,
    LookupError,
    ValueError,
)
STEPS = (
    *founding.STEPS,
    *classroom.STEPS,
    *leak.STEPS,
    *office.STEPS,
    *farewell.STEPS,
)


def main() -> int:
    """Go all the way, and say how it went."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the machine ends as well
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    LOG.write_text("", "utf-8")
    ledger = Ledger(OUT)
    with contextlib.ExitStack() as held:
        known: dict[str, Any] = {}
        packed = lambda: "\n".join(_packages(known))  # noqa: E731
        note(ledger, "packages", "three packages of this checkout", packed)
        try:
            road = on_the_road(held, known)
        except BROKEN as error:
            ledger.note(Case(name="the laptop", expected="it starts", got=f"{error}"))
            return end(ledger)
        for step in STEPS:
            one(ledger, road, step)
    return end(ledger)


def _packages(known: dict[str, Any]) -> list[str]:
    known["newer"] = debs.build("agent", debs.NEWER)
    known["agent"], known["collector"] = debs.build("agent"), debs.build("collector")
    names = ("agent", "collector", "newer")
    return [f"{known[one].name} {known[one].stat().st_size >> 20} MiB" for one in names]


def on_the_road(held: contextlib.ExitStack, known: dict[str, Any]) -> Road:
    """A laptop with somebody logged in, as it was before it ever saw the product."""
    folder, disk = desktop(say)
    run = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="dw-")))
    laptop = held.enter_context(machine.restored(folder, disk, run / "m"))
    return Road(laptop, run, PICTURES, LOG, held, known)


def one(ledger: Ledger, road: Road, step: Step) -> None:
    """Take one step, unless one that it needs did not come out well."""
    lacking = [name for name in step.needs if not ledger.passed(name)]
    road.say(f"=== {step.name}: {step.expected}")

    def work() -> str:
        if lacking:
            raise NotRun(f"needs {', '.join(lacking)}")
        return step.work(road)

    note(ledger, step.name, step.expected, work)
    case = ledger.cases[-1]
    road.say(f"--- {'ok' if case.passed else 'NOT AS IT SHOULD BE'}: {case.got}")
    if case.ran and not case.passed:
        with contextlib.suppress(*BROKEN):
            road.screen(f"failed-{step.name.replace(' ', '-')}")


def note(ledger: Ledger, name: str, expected: str, work: Callable[[], str]) -> None:
    """Do some work and write down what came of it."""
    case, began = Case(name=name, expected=expected), time.monotonic()
    try:
        case.got, case.passed = work() or "done", True
    except NotRun as error:
        case.got, case.ran = f"did not run: {error}", False
    except BROKEN as error:
        case.got = f"{type(error).__name__}: {error}"
    case.seconds = round(time.monotonic() - began, 1)
    ledger.note(case)
    print(case.line(), flush=True)


def end(ledger: Ledger) -> int:
    """The last line, and the exit code."""
    bad = sum(not case.passed for case in ledger.cases)
    seconds = sum(case.seconds for case in ledger.cases)
    print(f"{len(ledger.cases)} steps, {bad} not as they should be, {seconds:.0f} s; {OUT}, {LOG}")
    return 0 if ledger.good else 1


def say(text: str) -> None:
    """A line of progress."""
    print(f"==> {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="./dev lab journey", description=__doc__).parse_args()
    sys.exit(main())

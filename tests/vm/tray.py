"""``./dev lab tray [--only NAMES]``: the icon on real panels, looked at and clicked on.

Each panel runs on an X server without a monitor. The tray is started, its icon looked for in the
picture of the screen, pointed at and clicked on; then the panel is killed and started again. Prints
a table, leaves pictures in build/lab/tray and writes build/lab/tray.json; exit 1 if a case did not
come out as it should. A panel that is not installed is named as one that did not run.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from PIL import Image

from agent.tray.view import State
from tests.vm.panels.desktops import DESKTOPS, Desktop
from tests.vm.panels.processes import pss, wakeups
from tests.vm.panels.screen import changed
from tests.vm.panels.session import Session, session, until

OUT = Path("build/lab/tray.json")
PICTURES = Path("build/lab/tray")
SEEN_WITHIN = 30.0
"""Seconds after which an icon that is not seen is missing."""
QUIET = 10.0
"""Seconds over which the wake-ups are counted."""
MENU = 5_000
"""Pixels that an open menu changes at the least."""
STRIP = 40
"""Pixels from the top that hold the panel of Xfce."""
LANGUAGES = ("nl_NL.UTF-8", "da_DK.UTF-8", "en_GB.UTF-8")
HEAD = f"{'case':18}{'seen s':>8}{'menu':>6}{'click':>7}{'again s':>9}{'PSS MiB':>9}{'woken':>7}"


@dataclass(kw_only=True)
class Case:
    """How one panel took the icon in. ``woken`` counts wake-ups in ten seconds with nothing new."""

    name: str
    seen_seconds: float | None = None
    menu: bool | None = None
    click: bool | None = None
    again_seconds: float | None = None
    pss_mib: float | None = None
    woken: int | None = None
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        cells = (self.seen_seconds, self.menu, self.click, self.again_seconds, self.pss_mib)
        widths = (8, 6, 7, 9, 9)
        shown = "".join(f"{_cell(one):>{width}}" for one, width in zip(cells, widths, strict=True))
        end = "; ".join([*self.faults, *([self.note] if self.note else [])])
        return f"{self.name:18}{shown}{_cell(self.woken):>7}  {end}".rstrip()


def main(arguments: argparse.Namespace) -> int:
    """Run what was asked for."""
    done: list[Case] = []
    print(HEAD, flush=True)
    for name, work in works().items():
        if arguments.only and name not in arguments.only:
            continue
        done.append(tried(name, work))
        print(done[-1].line(), flush=True)
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps({"cases": [asdict(one) for one in done]}, indent=1), "utf-8")
    bad = sum(bool(case.faults) for case in done)
    print(f"{len(done)} cases, {bad} failed; {OUT}, pictures in {PICTURES}")
    return 1 if bad or not done else 0


def works() -> dict[str, Callable[[], Case]]:
    """Every case by its name."""
    found: dict[str, Callable[[], Case]] = {one.name: partial(on, one) for one in DESKTOPS}
    found["states"] = partial(states, DESKTOPS[0])
    for language in LANGUAGES:
        found[f"xfce-{language[:2]}"] = partial(in_language, DESKTOPS[0], language)
    return found


def tried(name: str, work: Callable[[], Case]) -> Case:
    try:
        return work()
    except OSError as error:
        return Case(name=name, faults=[f"broke off: {error}"])


def lacking(desktop: Desktop) -> Case | None:
    needed = [desktop.command[0], *([desktop.windows] if desktop.windows else [])]
    if all(os.access(program, os.X_OK) for program in needed):
        return None
    return Case(name=desktop.name, note=f"did not run: needs {', '.join(desktop.packages)}")


def on(desktop: Desktop) -> Case:
    """One panel from the icon's coming to the panel's own end and return."""
    if missing := lacking(desktop):
        return missing
    case = Case(name=desktop.name)
    with session(desktop) as desk:
        time.sleep(2)  # what a panel opens by itself at its start is gone by then
        desk.screen.escape()
        began = desk.start_tray()
        if desktop.way == "none":
            nowhere(desk, case)
        elif until(desk.screen.icon, SEEN_WITHIN):
            case.seen_seconds = round(time.monotonic() - began, 2)
            used(desk, case)
        else:
            case.faults.append("no icon")
            desk.screen.keep(PICTURES / f"{desktop.name}-no-icon.png")
        if desk.stop_tray() != 0:
            case.faults.append("the tray did not end well")
        if "Traceback" in desk.log.read_text():
            case.faults.append(f"the tray failed: {desk.log.read_text().splitlines()[-1]}")
    return case


def used(desk: Session, case: Case) -> None:
    """Point, open the menu, click, and take the panel away for a while."""
    time.sleep(1)
    measure(desk, case)
    pointed_at(desk, case)
    if desk.desktop.menu_by is not None:
        menu(desk, case, f"{case.name}-menu")
    if desk.desktop.menu_by != 1:
        case.click = clicked(desk)
        if not case.click:
            case.faults.append("a click began nothing")
    desk.screen.point((500, 300))
    desk.stop_panel()
    began = time.monotonic()
    desk.start_panel()
    if until(desk.screen.icon, SEEN_WITHIN):
        case.again_seconds = round(time.monotonic() - began, 2)
    else:
        case.faults.append("no icon on the panel that was started again")
        desk.screen.keep(PICTURES / f"{case.name}-no-icon.png")


def pointed_at(desk: Session, case: Case) -> None:
    place = desk.screen.icon()
    assert place is not None
    desk.screen.point(place)
    time.sleep(2)
    desk.screen.keep(PICTURES / f"{case.name}.png")
    desk.screen.point((place[0], 300))  # some panels light up what is pointed at
    time.sleep(1)


def menu(desk: Session, case: Case, name: str) -> None:
    """Open the menu and keep its picture."""
    place = desk.screen.icon()
    assert place is not None
    desk.screen.point((place[0], 300))
    time.sleep(1)
    before = desk.screen.picture()
    desk.screen.point(place)
    desk.screen.press(desk.desktop.menu_by or 3)
    case.menu = until(lambda: changed(before, desk.screen.picture()) > MENU, 10)
    time.sleep(1)
    desk.screen.keep(PICTURES / f"{name}.png")
    if not case.menu:
        case.faults.append("no menu")
    desk.screen.escape()
    desk.screen.point((place[0], 300))
    time.sleep(1)


def clicked(desk: Session) -> bool:
    """Whether a left click begins a leak report."""
    place = desk.screen.icon()
    if place is None:
        return False
    desk.screen.point(place)
    desk.screen.press(1)
    return until(lambda: "chosen: tray-report-leak" in desk.log.read_text(), 10)


def nowhere(desk: Session, case: Case) -> None:
    """A desktop without any place for the icon: the agent hears of it."""
    if not until(lambda: desk.agent.place() == "none", 60):
        case.faults.append("the agent was not told that there is no place")
    case.note = "no place, and said so"
    desk.screen.keep(PICTURES / f"{case.name}.png")
    measure(desk, case)


def measure(desk: Session, case: Case) -> None:
    """Memory, and wake-ups while nothing happens."""
    assert desk.tray is not None
    case.pss_mib = round(pss(desk.tray.pid), 1)
    before = wakeups(desk.tray.pid)
    time.sleep(QUIET)
    case.woken = wakeups(desk.tray.pid) - before


def states(desktop: Desktop) -> Case:
    """Every state in one picture, on the panel."""
    if missing := lacking(desktop):
        return missing
    case, strips = Case(name="states"), []
    with session(desktop) as desk:
        desk.start_tray()
        for word, state in (
            ("fine", State.FINE),
            ("look", State.LOOK),
            ("blocked", State.BLOCKED),
            ("offline", State.NO_CONTACT),
            ("", State.OFFLINE),
        ):
            if word:
                desk.agent.status["state"] = word
            else:
                desk.agent.stop()
            if not until(partial(desk.screen.icon, state, STRIP), SEEN_WITHIN):
                case.faults.append(f"{state} was not seen")
            strips.append(desk.screen.picture().crop((700, 0, 1000, STRIP)))
    picture = Image.new("RGB", (300, STRIP * len(strips)))
    for number, strip in enumerate(strips):
        picture.paste(strip, (0, STRIP * number))
    picture.resize((900, 3 * STRIP * len(strips))).save(PICTURES / "states.png")
    return case


def in_language(desktop: Desktop, language: str) -> Case:
    """The menu with all it can hold, in one language."""
    if missing := lacking(desktop):
        return missing
    case = Case(name=f"{desktop.name}-{language[:2]}")
    with session(desktop, language) as desk:
        desk.agent.status["override"] = {"minutes": 30, "devices": ["1-2"]}
        message = {"id": "1", "kind": "pupil-file-found", "action": "seal-file", "result": "done"}
        desk.agent.status["messages"] = [message]
        desk.start_tray()
        if until(desk.screen.icon, SEEN_WITHIN):
            time.sleep(12)  # what was done before is told first
            menu(desk, case, f"{case.name}-menu")
        else:
            case.faults.append("no icon")
    return case


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return {True: "yes", False: "NO"}[value] if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="./dev lab tray", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {', '.join(works())}")
    sys.exit(main(parser.parse_args()))

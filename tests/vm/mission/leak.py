"""A leak is reported from the icon while the collector is down, and arrives when it is back."""

import json
import re
import time

from PIL import Image
from playwright.sync_api import Page

from agent.tray.view import State
from tests.test_breach_story import NOTICED, local
from tests.vm.mission import desk
from tests.vm.mission.founding import COLLECTOR, listens
from tests.vm.mission.ledger import Step
from tests.vm.mission.road import Road
from tests.vm.panels.screen import icon_in

SAID = "Mijn blauwe stick met de kinderlijst lag in de bus."
LOST_STICK = 2
"""How many kinds of leak stand above it in the form."""


def collector_down(road: Road) -> str:
    """What goes wrong on the way: the collector cannot be reached."""
    road.sh(f"systemctl stop {COLLECTOR}")
    return "stopped"


def icon(road: Road) -> str:
    """The icon can be seen in the panel, and its colour says how things are."""
    road.awake()

    def place() -> tuple[State, tuple[int, int]] | None:
        with Image.open(road.screen("icon")) as picture:
            seen = picture.convert("RGB")
        found = ((state, icon_in(seen, state)) for state in State)
        return next(((state, at) for state, at in found if at), None)

    state, (x, y) = road.until(place, 120, "an icon is seen in the panel")
    road.known["icon"] = (x, y)
    _xdotool(road, f"mousemove {x - 40} {y} mousemove {x} {y}")
    time.sleep(4)
    road.screen("icon-pointed-at")
    return f"seen at {x}, {y}, and it says: {state}"


def _xdotool(road: Road, words: str) -> None:
    road.sh(f"as-staff xdotool {words}")


def report(road: Road) -> str:
    """A click on the icon opens the form; a number is there at once."""
    road.awake()
    x, y = road.known["icon"]
    _xdotool(road, f"mousemove {x} {y} click 1")
    page = desk.visit(road, desk.asked_for(road))
    by_keyboard(road, page)
    number = page.locator(".number").inner_text()
    road.look(page, "leak-reported", whole=True)
    assert re.fullmatch(r"DW-[0-9A-F]{4}-[0-9A-F]{4}", number), number
    assert desk.words("leak-sent-told") in page.locator("main").inner_text()
    road.known |= {"number": number}
    page.context.close()
    status = json.loads(road.laptop.tried("dossierwacht status --json").stdout)
    road.say(json.dumps(status))
    return f"{number}, while the collector is down"


def by_keyboard(road: Road, page: Page) -> None:
    """The whole form in Dutch, without a pointer."""
    assert page.locator("html").get_attribute("lang") == desk.LANGUAGE
    page.keyboard.press("Tab")  # to the link past the head
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(LOST_STICK):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.locator("#text").focus()
    page.keyboard.type(SAID)
    page.locator("#noticed_at").fill(local(NOTICED))
    road.look(page, "leak-form", whole=True)
    page.locator("#noticed_at").press("Enter")
    page.wait_for_selector(".number")


def delivered(road: Road) -> str:
    """The collector is back, and gets what waited."""
    began = time.monotonic()
    road.sh(f"systemctl start {COLLECTOR}")
    listens(road)
    road.until(lambda: _there(road), 900, "the report arrives at the collector")
    return f"{time.monotonic() - began:.0f} s after the collector was started"


def _there(road: Road) -> bool:
    said = road.laptop.sh(f"{COLLECTOR} report --kind leak-reported --format json")
    found = [one for one in json.loads(said)["events"] if _number(one) == road.known["number"]]
    if found:
        road.known["leak"] = found[0]
    return bool(found)


def _number(event: dict[str, object]) -> str:
    begin = str(event["id"])[:8].upper()
    return f"DW-{begin[:4]}-{begin[4:]}"


STEPS = (
    Step(
        name="the collector is down",
        expected="nothing on the laptop depends on it",
        work=collector_down,
        needs=("log in",),
    ),
    Step(
        name="the icon",
        expected="seen in the panel",
        work=icon,
        needs=("log in",),
    ),
    Step(
        name="a leak is reported",
        expected="from the icon, by keyboard, in Dutch, with a number at once",
        work=report,
        needs=("the icon",),
    ),
    Step(
        name="the report arrives",
        expected="at the collector, once it is back",
        work=delivered,
        needs=("a leak is reported",),
    ),
)

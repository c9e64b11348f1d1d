"""Every page of the console, for each role in each language, with axe-core: nothing to complain of.

The pages come from the table of doors, so that a new one is looked at without being named here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.accessible import violations
from tests.console_furnished import furnish
from tests.console_visit import PASSWORDS, Console, console
from tests.test_server_browser import STRUCTURE, browser, open_page, pytestmark
from tests.test_server_doors import DOORS, filled
from tests.test_server_processors import add_processor
from tests.test_server_slips import slip

__all__ = ["browser", "pytestmark"]  # a fixture and marks, which pytest finds by their names

NO_PAGES = ("/v1/", "/api/", "/metrics", "/login")
FILES = ("/devices/{device}/{seq}/sealed", "/slips/{slip}/sealed", "/register/export")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("accessible") / "state") as made:
        officer = made.session("olaf")
        path = f"/devices/{made.laptop.name}/2/breach"
        assert made.post(officer, path, csrf=made.csrf(officer)).status_code == 303
        furnish(made)
        for agreement in ("no", "yes"):
            add_processor(made, f"Invented Hosting {agreement}", agreement=agreement)
        for name in ("ingrid", "olaf", "maaike"):
            made.running.command("user", "team", name, "yes")
        year = datetime.now(UTC).year
        call = f"/register/{year}-0001/plan/call"
        assert made.post(officer, call, csrf=made.csrf(officer)).status_code == 303
        made.laptop.receipt(slip())
        made.running.command("opening", "set", "two")
        assert made.give_reason(officer, 3, case="HR 12").status_code == 303
        made.running.command("opening", "set", "one")
        yield made


def pages_of(who: str) -> list[str]:
    """The addresses of every page that somebody may see."""
    return [
        path
        for (method, path), allowed in DOORS.items()
        if method == "GET" and who in allowed and path not in FILES
        if not path.startswith(NO_PAGES) and not path.endswith(".svg")
        if path != "/events"  # leads to a report by its number, and shows nothing itself
    ]


@pytest.mark.parametrize(
    ("language", "width"), [("nl-NL", 1280), ("da-DK", 1280), ("en-GB", 1280), ("nl-NL", 360)]
)
@pytest.mark.parametrize("who", ["ingrid", "olaf", "maaike", "dirk", "fleur"])
def test_every_page_is_for_everybody(
    at: Console, browser: object, who: str, language: str, width: int
) -> None:
    page, said = open_page(browser, language, width)
    page.goto(at.running.url + "/login")
    page.fill("#name", who)
    page.fill("#password", PASSWORDS[who])
    page.click("main button[type=submit]")
    page.wait_for_selector("nav.menu")
    wrong: dict[str, list[str]] = {}
    for path in pages_of(who):
        # Only one of the events is of a stick.
        reply = page.goto(at.running.url + filled(at, path.replace("{seq}/stick", "5/stick")))
        assert reply is not None and reply.status == 200, path
        assert page.get_attribute("html", "lang") == language[:2]
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        wrong[path] = page.evaluate(STRUCTURE) + violations(page)
    page.context.close()
    assert {path: lines for path, lines in wrong.items() if lines} == {}
    assert said == []

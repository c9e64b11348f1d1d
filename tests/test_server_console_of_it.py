"""IT's working day in a real Chromium: what needs doing, done on the pages, by mouse or keyboard.

Screenshots go to ``build/console``, for a person to look at.
"""

from collections.abc import Iterator

import pytest

from server_stub import wording
from server_stub.storage.store_fleet import Show
from tests.console_furnished import furnish
from tests.console_visit import PASSWORDS, Console, console
from tests.test_server_browser import browser, log_in, look, open_page, pytestmark

__all__ = ["browser", "pytestmark"]  # a fixture and marks, which pytest finds by their names


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("day") / "state") as made:
        furnish(made)
        yield made


@pytest.mark.parametrize(
    ("language", "width"), [("nl-NL", 1280), ("da-DK", 1280), ("en-GB", 1280), ("nl-NL", 360)]
)
def test_the_pages_of_it_as_they_look(
    at: Console, browser: object, language: str, width: int
) -> None:
    page, said = open_page(browser, language, width)
    log_in(page, at, "ingrid")
    for name in ("overview", "devices", "figures", "enrolment", "policy"):
        page.goto(f"{at.running.url}/{name}")
        look(page, f"it-{name}-{language[:2]}-{width}")
    for show in Show:
        page.goto(f"{at.running.url}/devices?show={show}")
        look(page, f"it-devices-{show}-{language[:2]}-{width}")
    assert said == []


def test_a_token_is_made_and_withdrawn_without_a_mouse(at: Console, browser: object) -> None:
    page, said = open_page(browser, "nl-NL")
    words = wording.load()["nl"]
    log_in(page, at, "ingrid")
    page.goto(at.running.url + "/enrolment")
    page.focus("#uses")
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "approve"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".once code")
    assert page.inner_text(".once code").startswith(
        f"sudo dossierwacht enrol --server {at.running.url}"
    )
    look(page, "it-enrolment-made")
    page.click(".once code")
    assert page.evaluate("getSelection().toString()").strip() == page.inner_text(".once code")
    button = page.locator(f"button:text-is('{words.text('enrolment.withdraw')}')").first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/enrolment")
    assert words.text("enrolment.state.over") in page.inner_text("main tbody tr >> nth=0")
    page.fill("#group", "Met Hoofdletters")
    page.press("#group", "Enter")
    page.wait_for_selector("#group-wrong")
    look(page, "it-enrolment-wrong")
    assert [line for line in said if "422" not in line] == []


def test_an_alarm_that_was_seen_stays_to_be_read_and_calls_no_more(
    at: Console, browser: object
) -> None:
    page, said = open_page(browser, "da-DK")
    words = wording.load()["da"]
    log_in(page, at, "ingrid")
    page.goto(at.running.url + "/overview")
    buttons = page.locator(f"button:text-is('{words.text('seen.button')}')")
    before = buttons.count()
    buttons.first.click()
    page.wait_for_load_state()
    assert buttons.count() == before - 1
    assert words.text("seen.by", who="ingrid") in page.inner_text("main")
    look(page, "it-overview-seen")
    assert said == []


def test_laptops_are_found_by_name_and_an_empty_answer_leads_on(
    at: Console, browser: object
) -> None:
    page, said = open_page(browser, "nl-NL", 360)
    log_in(page, at, "ingrid")
    page.fill("#name", at.laptop.name[:8].upper())
    page.press("#name", "Enter")
    page.wait_for_url("**name=**")
    assert page.locator("main .wide tbody tr").first.inner_text().startswith(at.laptop.name)
    page.fill("#name", "zzz")
    page.press("#name", "Enter")
    page.wait_for_url("**name=zzz**")
    assert "zzz" in page.inner_text("main p.card")
    look(page, "it-devices-nobody")
    assert said == []


def test_management_reads_the_figures(at: Console, browser: object) -> None:
    page, said = open_page(browser, "nl-NL")
    page.goto(at.running.url + "/login")
    page.fill("#name", "maaike")
    page.fill("#password", PASSWORDS["maaike"])
    page.click("main button[type=submit]")
    page.wait_for_url("**/overview")
    page.goto(at.running.url + "/figures")
    look(page, "figures-management")
    loaded = "[...document.images].every(one => one.complete && one.naturalWidth > 0)"
    assert page.evaluate(loaded)
    assert said == []

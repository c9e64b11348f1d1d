"""Reporting a leak on the page: by keyboard alone, in three languages, with or without an agent."""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyrage
import pytest
from playwright.sync_api import Browser, Page

from agent.control_server import Caller
from agent.leak import LeakKind, event_number
from agent.own_key import own_key
from agent.texts import LANGUAGES, say
from agent.wire.receipts import receipt_number
from tests.accessible import violations
from tests.pages_served import CONTACT, OFFICER, answering, browser, served, visit

SAID = "De lijst van groep 7 ging naar het verkeerde adres."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Agent:
    """What an agent was told."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        self.told.append(given)
        return {"receipt": receipt_number(given["number"]), "event": given["number"]}


def by_keyboard(page: Page, kind_steps: int = 2) -> None:
    """The whole report without a pointer."""
    page.keyboard.press("Tab")  # to the link past the head
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(kind_steps):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type(SAID)
    page.locator("#noticed_at").press("Enter")  # the moment stands there already


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_by_keyboard_alone(chromium: Browser, tmp_path: Path, language: str) -> None:
    agent = Agent()
    with (
        answering(tmp_path / "s", leak_report=agent.take),
        served("leak", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == []
        by_keyboard(page)
        page.wait_for_selector(".number")
        assert violations(page) == []
        shown = page.locator(".number").inner_text()
        assert say(language, "leak-sent-told") in page.locator("main").inner_text()
        assert CONTACT["phone"] in page.locator("footer").inner_text()
    (told,) = agent.told
    assert shown == receipt_number(event_number(os.getuid(), told["number"]))
    assert told["kind"] == list(LeakKind)[2]
    sealed = json.loads(pyrage.decrypt(base64.b64decode(told["sealed"]), [OFFICER]))
    assert sealed == {"text": SAID}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_named_and_nothing_that_was_written_is_lost(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    with served("leak", tmp_path / "nobody", tmp_path, language) as one:
        page = visit(chromium, one.address, width=360)
        page.evaluate("document.querySelectorAll('[required]').forEach(e => e.required = false)")
        page.fill("#text", SAID)
        page.fill("#noticed_at", "2999-01-01T00:00")
        page.evaluate("document.querySelector('#noticed_at').max = ''")
        page.click("button")
        assert page.locator("[role=alert] li").count() == 2
        assert violations(page) == []
        assert page.input_value("#text") == SAID
        page.check(f"input[value={LeakKind.PAPER}]")
        page.fill("#noticed_at", "2026-01-01T00:00")
        page.click("button")
        # Nobody is known yet to whom it could be sealed, so it is not kept, and says so.
        assert say(language, "leak-need-nobody") in page.locator("[role=alert]").inner_text()
        assert page.input_value("#text") == SAID
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_an_agent_the_number_comes_at_once_and_the_report_later(
    chromium: Browser, tmp_path: Path
) -> None:
    agent = Agent()
    with answering(tmp_path / "s"), served("leak", tmp_path / "s", tmp_path) as one:
        visit(chromium, one.address)  # from now on it is known to whom to seal
    with served("leak", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        assert say("en", "page-offline") in page.locator("main").inner_text()
        page.check("input[value=lost-stick]")
        page.fill("#text", SAID)
        page.click("summary")
        page.fill("#lost", "blue, with a star")
        page.fill("#reach", "Sanne, room 12")
        page.select_option("#persons", "up-to-hundred")
        page.check("input[name=ongoing]")
        page.click("button")
        shown = page.locator(".number").inner_text()
        assert say("en", "leak-waiting-told") in page.locator("main").inner_text()
        assert violations(page) == []
        with answering(tmp_path / "s", leak_report=agent.take):
            page.reload()
            assert say("en", "leak-sent-told") in page.locator("main").inner_text()
            page.click("main a")
            assert page.locator("table").inner_text().count(shown) == 1
            assert violations(page) == []
    (told,) = agent.told
    assert (told["kind"], told["persons"], told["ongoing"]) == ("lost-stick", "up-to-hundred", True)
    sealed = json.loads(pyrage.decrypt(base64.b64decode(told["sealed"]), [OFFICER]))
    assert sealed == {"lost": "blue, with a star", "reach": "Sanne, room 12", "text": SAID}


def test_who_lost_a_stick_is_asked_which_of_those_they_used(
    chromium: Browser, tmp_path: Path
) -> None:
    key = own_key(tmp_path / "data" / "dossierwacht")
    shown = json.dumps({"model": "Rood \u202e stickje", "serial": "AA-1"}).encode()
    sealed = pyrage.encrypt(shown, [pyrage.x25519.Recipient.from_str(key.public)])
    row = {
        "id": "0d3f9c1e-0000-4000-8000-000000000001",
        "at": "2026-11-20T10:00:00+00:00",
        "mine": True,
        "state": "received",
        "received": None,
        "body": json.dumps({"kind": "usb-storage-attached"}),
        "shown": base64.b64encode(sealed).decode(),
        "source": "",
        "sealed_here": False,
    }
    told = {"records": [row, row], "next": None, "key": key.public}
    with (
        answering(tmp_path / "s", mine=lambda *_: told),
        served("leak", tmp_path / "s", tmp_path) as one,
    ):
        page = visit(chromium, one.address)
        assert not page.locator("#lost").is_visible()
        page.check("input[value=paper]")
        assert not page.locator("#lost").is_visible()
        page.check("input[value=lost-device]")
        assert page.locator("#lost").is_visible()
        options = page.locator("#sticks option")
        assert options.count() == 1
        assert options.get_attribute("value") == "Rood \\u202e stickje AA-1 (20-11-2026)"
        assert violations(page) == []


def test_a_number_nobody_has_is_no_report(chromium: Browser, tmp_path: Path) -> None:
    with served("leak", tmp_path / "nobody", tmp_path) as one:
        page = visit(chromium, one.address)
        page.goto(page.url + "/0d3f9c1e-0000-4000-8000-000000000001")
        assert say("en", "leak-no-report") in page.locator("main").inner_text()


@pytest.mark.parametrize("language", ["nl", "da", "en"])
def test_each_kind_has_its_name_and_what_can_still_be_done(language: str) -> None:
    told = {say(language, f"leak-next-{kind}") for kind in LeakKind}
    assert len(told) == len(LeakKind)
    assert all(say(language, f"leak-{kind}") for kind in LeakKind)

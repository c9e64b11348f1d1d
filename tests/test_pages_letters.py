"""Letters, requests and slips on a person's own pages: read, answered, refused; each language."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyrage
import pytest
from playwright.sync_api import Browser

from agent.control_server import Caller, Refused
from agent.texts import LANGUAGES, say
from agent.wire.receipts import receipt_number
from tests.accessible import violations
from tests.pages_served import answering, browser, served, status, visit

DIRECTOR = pyrage.x25519.Identity.generate()
NUMBER = "0d3f9c1e-0000-4000-8000-000000000001"
QUESTION = "Lag er ook een lijst van groep 8 op de stick? <script>alert(1)</script>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def letter(what: str, **more: Any) -> dict[str, Any]:
    event = {"kind": "leak-reported", "at": "2026-11-20T10:00:00+00:00"}
    plain = {"number": NUMBER, "by": "officer", "at": "2026-11-21T10:00:00+00:00", "text": ""}
    rest = {"until": None, "purpose": "", "event": event, "new": True, "answered": False}
    return {"what": what, **plain, **rest, **more}


LETTERS = [
    letter("question", text=QUESTION),
    letter("granted", number=NUMBER[:-1] + "2", until="2026-12-24", new=False),
    letter("opened", number=NUMBER[:-1] + "3", purpose="judge", text="to know whose list it is"),
]


class Desk:
    """An agent that has letters and takes answers."""

    def __init__(self) -> None:
        self.answered: list[Mapping[str, Any]] = []
        self.asked: list[Mapping[str, Any]] = []
        self.slips: list[Mapping[str, Any]] = []

    def letters(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        done = bool(self.answered)
        return {"letters": [{**LETTERS[0], "answered": done, "new": not done}, *LETTERS[1:]]}

    def answer(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["number"] != NUMBER:
            raise Refused("unknown", "you have no letter with this number")
        self.answered.append(given)
        return {"receipt": "DW-AAAA-BBBB", "event": NUMBER}

    def ask(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["until"] == "2000-01-01":
            raise Refused("until", "the last day lies within a year from today")
        self.asked.append(given)
        return {"receipt": "DW-AAAA-CCCC", "event": NUMBER}

    def slip(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.slips.append(given)
        return {"receipt": receipt_number(given["number"]), "event": given["number"]}

    def status(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        sticks = {"minutes": 0, "devices": ["1-2", "1-3"]}
        return status(caller, given) | {
            "directors": [str(DIRECTOR.to_public())],
            "override": sticks,
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_read_and_a_question_is_answered(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    desk = Desk()
    with (
        answering(tmp_path / "s", letters=desk.letters, answer=desk.answer),
        served("letters", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address, width=360)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        text = page.locator("main").inner_text()
        assert QUESTION in text, "shown as text, whatever it holds"
        assert say(language, "letter-until", until="2026-12-24") in text
        assert page.locator("article").count() == 3
        page.fill("textarea", "Nee, alleen groep 7.")
        page.click("article button")
        assert say(language, "letters-answered") in page.locator("main").inner_text()
        assert violations(page) == []
    assert desk.answered == [{"number": NUMBER, "text": "Nee, alleen groep 7."}]


def test_an_answer_that_does_not_get_through_is_still_there(
    chromium: Browser, tmp_path: Path
) -> None:
    def refuse(caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Refused("full", "the disk is full")

    desk = Desk()
    with (
        answering(tmp_path / "s", letters=desk.letters, answer=refuse),
        served("letters", tmp_path / "s", tmp_path) as one,
    ):
        page = visit(chromium, one.address)
        page.fill("textarea", "No, group 7 alone.")
        page.click("article button")
        assert say("en", "letters-need-not-sent") in page.locator("[role=alert]").inner_text()
        assert page.input_value("textarea") == "No, group 7 alone."


def test_without_letters_or_an_agent_the_page_says_so(chromium: Browser, tmp_path: Path) -> None:
    with served("letters", tmp_path / "nobody", tmp_path) as one:
        text = visit(chromium, one.address).locator("main").inner_text()
        assert say("en", "letters-none") in text
        assert say("en", "page-offline") in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stick_is_asked_for(chromium: Browser, tmp_path: Path, language: str) -> None:
    desk = Desk()
    with (
        answering(tmp_path / "s", status=desk.status, ask_permission=desk.ask),
        served("ask", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address, width=360)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.check("input[value=stick]")
        page.select_option("#device", "1-3")
        page.fill("#text", "The camera's card, for the school play")
        page.evaluate("document.querySelector('#until').min = ''")
        page.fill("#until", "2000-01-01")
        page.click("button")
        assert say(language, "ask-need-until") in page.locator("[role=alert]").inner_text()
        assert violations(page) == []
        page.fill("#until", "")
        page.click("button")
        assert page.locator(".number").inner_text() == "DW-AAAA-CCCC"
        assert violations(page) == []
    (told,) = desk.asked
    assert (told["what"], told["device"], told["until"]) == ("stick", "1-3", None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_is_told_to_the_director_alone(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    desk, said = Desk(), "I mailed the list to my own address."
    with (
        answering(tmp_path / "s", status=desk.status, slip_report=desk.slip),
        served("leak", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address, width=360)
        page.click("main a[href$='/slip']")
        assert violations(page) == []
        page.fill("#text", said)
        page.click("button")
        assert say(language, "slip-sent-told") in page.locator("main").inner_text()
        assert violations(page) == []
    (told,) = desk.slips
    sealed = pyrage.decrypt(base64.b64decode(told["sealed"]), [DIRECTOR])
    assert json.loads(sealed) == {"text": said}


def test_without_a_director_there_is_no_form(chromium: Browser, tmp_path: Path) -> None:
    with answering(tmp_path / "s"), served("slip", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        assert say("en", "slip-need-nobody") in page.locator("main").inner_text()
        assert page.locator("form").count() == 0

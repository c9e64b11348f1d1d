"""The notice on its page, with the words of a real policy."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from agent import policy_file
from agent.commands import open as open_command
from agent.control_server import Caller
from agent.notice_read import NoticesRead
from agent.pages import app
from agent.pages.page import MENU
from agent.policy_usb import UsbMode
from agent.texts import LANGUAGES, has, say
from tests.accessible import violations
from tests.pages_served import CONTACT, answering, browser, served, visit
from tests.test_notice_read import NOTICE, NOW, POLICY, Journal

PRESETS = sorted((Path(__file__).parent.parent / "installer/presets").glob("*.toml"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def reading(folder: Path, journal: Journal, **more: Any) -> NoticesRead:
    given: dict[str, Any] = {"policy": POLICY, "notice": NOTICE, **more}
    return NoticesRead(file=folder / "read.json", record=journal.record, now=lambda: NOW, **given)


def table(one: NoticesRead) -> Mapping[str, Any]:
    def show(caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return one.show(caller)

    return {"notice": show, "notice_read": one.take}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_read_by_keyboard_alone_and_recorded_once(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    journal = Journal()
    with (
        answering(tmp_path / "s", **table(reading(tmp_path, journal))),
        served("notice", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address, width=360)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        text = page.locator("main").inner_text()
        for key in ("notice-seen-usb", "notice-never", "notice-who-it", "notice-i-read-hint"):
            assert say(language, key) in text
        assert say(language, "notice-then-seal-file") in text
        assert say(language, "notice-who-details", readers="Noor Visser") in text
        assert "15-10-2026" in text
        assert CONTACT["phone"] in page.locator("footer").inner_text()
        page.keyboard.press("Tab")  # to the link past the head
        page.keyboard.press("Enter")
        for _ in range(2):  # the list of kinds, to the button
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".note.good")
        assert violations(page) == []
        assert page.locator("button").count() == 0
    (told,) = journal.told
    assert told.facts() == {"policy-version": 7, "notice-version": 3, "language": language}


def test_a_version_that_is_not_in_force_any_more_is_shown_anew(
    chromium: Browser, tmp_path: Path
) -> None:
    journal = Journal()
    one = reading(tmp_path, journal)
    with (
        answering(tmp_path / "s", **table(one)),
        served("notice", tmp_path / "s", tmp_path) as pages,
    ):
        page = visit(chromium, pages.address)
        page.evaluate("document.querySelector('input[name=policy]').value = '６'")
        page.click("button")
        assert say("en", "notice-need-changed") in page.locator("[role=alert]").inner_text()
        assert violations(page) == []
        page.click("button")
        page.wait_for_selector(".note.good")
    assert len(journal.told) == 1


def test_without_an_agent_or_a_policy_it_says_so(chromium: Browser, tmp_path: Path) -> None:
    with served("notice", tmp_path / "nobody", tmp_path) as one:
        page = visit(chromium, one.address)
        assert say("en", "notice-offline") in page.locator("main").inner_text()
        assert violations(page) == []
        none = reading(tmp_path, Journal(), policy=policy_file.default(), notice=None)
        with answering(tmp_path / "nobody", **table(none)):
            page.reload()
            assert say("en", "notice-none") in page.locator("main").inner_text()
            assert page.locator("button").count() == 0


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_preset_can_be_shown(chromium: Browser, tmp_path: Path, preset: Path) -> None:
    found = policy_file.read(preset)
    one = reading(tmp_path, Journal(), policy=found, notice=None)
    with answering(tmp_path / "s", **table(one)), served("notice", tmp_path / "s", tmp_path) as own:
        page = visit(chromium, own.address)
        text = page.locator("main").inner_text()
        assert say("en", "notice-when-report") in text
        for rule in found.rules:
            assert rule.source in text
        assert say("en", f"notice-usb-{found.usb.mode}") in text


CONDITIONS = """
name = "conditions"
version = 1
[[rules]]
name = "downloads"
kind = "pupil-file-found"
action = "seal-file"
when = { place = "downloads" }
[[rules]]
name = "screens"
kind = "session-unattended"
action = "lock-session"
when = { locked = false, source = "logind" }
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_condition_of_a_rule_is_told_in_words_where_there_are_some(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(CONDITIONS, "utf-8")
    one = reading(tmp_path, Journal(), policy=policy_file.read(file), notice=None)
    with (
        answering(tmp_path / "s", **table(one)),
        served("notice", tmp_path / "s", tmp_path, language) as own,
    ):
        text = visit(chromium, own.address).locator("main").inner_text()
    assert say(language, "notice-if-fact-place-downloads") in text
    assert say(language, "notice-if-fact-locked-False") in text
    assert "source: logind" in text
    assert "locked:" not in text


def test_every_page_can_be_opened_by_its_name() -> None:
    there = {route.path for route in app.routes() if "GET" in (route.methods or ())}
    assert {f"/{name}" for name in open_command.PAGES} <= there
    assert set(MENU) <= set(open_command.PAGES)


def test_every_word_that_a_policy_may_hold_has_its_sentence() -> None:
    missing = [mode for mode in UsbMode if not has(f"notice-usb-{mode}")]
    actions = set(policy_file.action_names()) - {"expire-sealed"}
    missing += [action for action in sorted(actions) if not has(f"notice-then-{action}")]
    assert missing == []

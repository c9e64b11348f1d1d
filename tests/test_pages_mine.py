"""The person's own record on its page: read, acted upon, saved; whatever a file is called."""

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyrage
import pytest
from playwright.sync_api import Browser, Page

from agent.control_server import Caller, Refused
from agent.own import SessionLeft
from agent.own_key import own_key
from agent.own_month import month_of
from agent.texts import LANGUAGES, say
from agent.wire.receipts import receipt_number
from collectors.base import utc_now
from collectors.session_state import SessionKind
from enforcement.base import Outcome, Reason, Result
from tests.accessible import violations
from tests.pages_served import OFFICER, browser, served, visit
from tests.recorded_people import SANNE, SOURCE, People, found

HOSTILE = "/home/me/<img src=x onerror=alert(1)>\u202egpj.\x1b[31mxslx\n.xlsx"
SHOWN = "/home/me/<img src=x onerror=alert(1)>\\u202egpj.\\x1b[31mxslx\\n.xlsx"
WHY = "De lijst hoort bij het kamp van groep 7."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    made = People(state=tmp_path / "state", owners={"/home/me/": os.geteuid()})
    with_key(made, tmp_path)
    yield made
    made.close()


def with_key(people: People, home: Path) -> None:
    """As after the tray has started once."""
    key = own_key(home / "data" / "dossierwacht")
    people.keys.take(Caller(uid=os.geteuid(), pid=1), {"key": key.public})


def a_month(people: People) -> str:
    """Events of the person, of another, and of the laptop; the number of the sealed file."""
    people.sealer.answer = Outcome(result=Result.DONE)
    number = people.record(found("/home/me/Downloads/groep 7.xlsx"))
    people.record(found("/home/sanne/Downloads/geheim van Sanne.xlsx"))
    people.record(found(HOSTILE))
    people.receipt()
    (people.state / "vault").mkdir()
    for part in ("age", "json"):
        (people.state / "vault" / f"{number}.{part}").write_text("sealed")
    left = SessionLeft(
        observed_at=utc_now(), subject="5", user="me", session=SessionKind.X11, started=1
    )
    people.record(left)
    return number


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_shown_in_three_languages_and_unfolds(
    chromium: Browser, tmp_path: Path, people: People, language: str
) -> None:
    people.owners["/home/sanne/"] = SANNE
    number = a_month(people)
    with (
        people.answering(tmp_path / "s"),
        served("mine", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == []
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert violations(page) == []
        told = page.locator("main").inner_text()
        assert "/home/me/Downloads/groep 7.xlsx" in told and SHOWN in told
        assert page.locator("img[src=x]").count() == 0
        assert SOURCE in told
        assert "geheim" not in told and "sanne" not in told
        body = people.of(os.geteuid(), number=number)["records"][0]["body"]
        assert page.locator("pre", has_text=number).inner_text() == body
        keep(page, tmp_path, f"mine-{language}")
        page.set_viewport_size({"width": 360, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        keep(page, tmp_path, f"mine-{language}-360")
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = false)")
        assert not page.locator("pre").first.is_visible()
        page.emulate_media(media="print")
        assert page.locator("pre").first.is_visible(), "on paper everything is unfolded"
        assert not page.locator("a.button").first.is_visible()
        page.emulate_media(media="screen")
        for link in page.locator("nav.ways a").all()[:1]:
            link.click()
        assert violations(page) == []
        counts = page.locator(".counts").inner_text()
        assert say(language, "own-count-found") in counts
        assert say(language, "own-advice-found") in page.locator("main").inner_text()
        keep(page, tmp_path, f"month-{language}")


def keep(page: Page, folder: Path, name: str) -> None:
    """A picture to look at, where somebody asked for one."""
    if kept := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(kept) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_record_says_so(
    chromium: Browser, tmp_path: Path, people: People, language: str
) -> None:
    with (
        people.answering(tmp_path / "s"),
        served("mine", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address, width=360)
        assert say(language, "own-none") in page.locator("main").inner_text()
        assert say(language, "own-sealed-none") in page.locator("main").inner_text()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        keep(page, tmp_path, f"empty-{language}")


def test_the_bytes_and_everything_can_be_saved(
    chromium: Browser, tmp_path: Path, people: People
) -> None:
    number = a_month(people)
    with people.answering(tmp_path / "s"), served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        with page.expect_download() as waited:
            page.locator(f"a[href$='{number}/left.json']").click()
        body = people.of(os.geteuid(), number=number)["records"][0]["body"]
        assert waited.value.path().read_text() == body
        with page.expect_download() as waited:
            page.get_by_text(say("en", "own-export")).click()
        saved = json.loads(waited.value.path().read_text())
    kept = {one["number"]: one for one in saved["events"]}
    assert kept[number]["left"] == body
    assert kept[number]["kept_for_me"]["path"] == "/home/me/Downloads/groep 7.xlsx"
    assert kept[number]["state"] == "received"


def test_a_file_is_asked_back_and_objected_to_by_keyboard_alone(
    chromium: Browser, tmp_path: Path, people: People
) -> None:
    asked: list[Mapping[str, Any]] = []

    def want_back(caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        asked.append(given)
        return {"event": given["number"], "receipt": receipt_number(given["number"])}

    number = a_month(people)
    with (
        people.answering(tmp_path / "s", want_back=want_back),
        served("mine", tmp_path / "s", tmp_path) as one,
    ):
        page = visit(chromium, one.address)
        page.locator(f"a[href$='{number}#back']").press("Enter")
        assert violations(page) == []
        keep(page, tmp_path, "event")
        page.locator("#back-text").focus()
        page.keyboard.type(WHY)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=status]")
        assert receipt_number(number) in page.locator("[role=status]").inner_text()
        page.locator("#object summary").press("Enter")
        page.locator("#object-text").focus()
        page.keyboard.type(WHY)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**told=object**")
        assert violations(page) == []
        page.get_by_text(say("en", "own-back")).click()
        assert say("en", "leak-sent") in page.locator("table").inner_text()
        assert say("en", "objection-raised") in page.locator("main").inner_text()
        assert violations(page) == []
    assert asked == [{"number": number, "reason": WHY}]
    objected = next(
        one
        for one in people.of(os.geteuid())["records"]
        if json.loads(one["body"])["kind"] == "objection-raised"
    )
    event = json.loads(objected["body"])
    assert event["facts"] == {"about": "event"}
    said = json.loads(pyrage.decrypt(base64.b64decode(event["sealed"]), [OFFICER]))
    assert said == {"text": WHY, "event": number}


def test_a_file_in_its_place_is_handed_over_open_by_whoever_can_read_it(
    chromium: Browser, tmp_path: Path, people: People
) -> None:
    seen: list[bytes] = []

    def dispute(caller: Caller, given: Mapping[str, Any]) -> dict[str, str]:
        assert caller.descriptor is not None
        seen.append(os.pread(caller.descriptor, 99, 0))
        raise Refused("agreed", "the agent says so too") if len(seen) == 1 else Refused("odd", "x")

    place = tmp_path / "recipe.xlsx"
    place.write_bytes(b"apples")
    people.owners[str(tmp_path)] = os.geteuid()
    people.sealer.answer = Outcome(result=Result.FAILED, reason=Reason.IN_USE)
    number = people.record(found(str(place)))
    with (
        people.answering(tmp_path / "s", dispute=dispute),
        served("mine", tmp_path / "s", tmp_path) as one,
    ):
        page = visit(chromium, one.address)
        page.locator(f"a[href$='mine/{number}']").first.click()
        page.locator("#wrong summary").click()
        for fault in ("agreed", "refused"):
            page.fill("#wrong-text", WHY)
            page.locator("#wrong button").click()
            assert say("en", f"own-need-{fault}") in page.locator("[role=alert]").inner_text()
            assert page.input_value("#wrong-text") == WHY
            assert violations(page) == []
        place.unlink()
        page.locator("#wrong button").click()
        assert say("en", "own-need-gone") in page.locator("[role=alert]").inner_text()
    assert seen == [b"apples", b"apples"]


def test_an_objection_in_general_waits_while_there_is_no_agent(
    chromium: Browser, tmp_path: Path, people: People
) -> None:
    with people.answering(tmp_path / "s"), served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        page.get_by_text(say("en", "own-object"), exact=True).click()
        assert violations(page) == []
        page.evaluate("document.querySelector('#text').required = false")
        page.click("button")
        assert say("en", "own-need-text") in page.locator("[role=alert]").inner_text()
        keep(page, tmp_path, "object")
    with served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        assert say("en", "own-offline") in page.locator("main").inner_text()
        assert violations(page) == []
        page.goto(page.url + "/object")
        page.fill("#text", WHY)
        page.click("button")
        page.wait_for_selector("[role=status].good")
    waits = tmp_path / "data/dossierwacht/objections/waiting"
    (waiting,) = waits.glob("*.json")
    assert WHY not in waiting.read_text()
    with people.answering(tmp_path / "s"), served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        assert say("en", "leak-sent") in page.locator("table").inner_text()
    assert list(waits.iterdir()) == []
    (objected,) = people.of(os.geteuid())["records"]
    assert json.loads(objected["body"])["facts"] == {"about": "general"}


def test_without_the_key_everything_is_shown_but_the_names(
    chromium: Browser, tmp_path: Path, people: People
) -> None:
    a_month(people)
    shutil.rmtree(tmp_path / "data")
    with people.answering(tmp_path / "s"), served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        told = page.locator("main").inner_text()
        assert say("en", "own-details-closed") in told and say("en", "own-key-new") in told
        assert "groep 7" not in told
        people.record(found("/home/me/Downloads/groep 8.xlsx"))
        page.reload()
        assert "groep 8" in page.locator("main").inner_text()
        (tmp_path / "data/dossierwacht/own-key.txt").write_text("no key")
        page.reload()
        assert "own-key.txt" in page.locator(".note.warn").inner_text()
        assert violations(page) == []


@pytest.mark.parametrize(
    "address",
    [
        "month/2026-13",
        "month/9999-12",
        "month/x",
        "0d3f9c1e-0000-4000-8000-000000000001",
        "x/left.json",
    ],
)
def test_what_is_not_there_is_said(
    chromium: Browser, tmp_path: Path, people: People, address: str
) -> None:
    with people.answering(tmp_path / "s"), served("mine", tmp_path / "s", tmp_path) as one:
        page = visit(chromium, one.address)
        answer = page.goto(f"{page.url}/{address}")
        assert answer is not None and answer.status == 404
        assert say("en", "own-no-event") in page.locator("main").inner_text()


def test_a_month_is_counted_by_the_laptops_own_time() -> None:
    assert month_of(utc_now()).moved(-12).moved(12) == month_of(utc_now())

"""Sealed details opened in a real Chromium: in the console's page, and in the file without network.

What is opened was sealed by the agent's own recorder. Every request that the browser makes is kept
and looked through for the key, and so is all that a page can store.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from enforcement import age
from server_stub import wording
from server_stub.console import opener
from tests.console_visit import Console, console
from tests.opener_window import (
    LANGUAGES,
    SHOWN,
    STORED,
    Officer,
    go_to_the_opener,
    open_with,
    window,
    wire_bytes,
)
from tests.test_server_browser import CHROMIUM, QUIET, look

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs chromium"),
]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("opener") / "state") as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield made
        made.close()


@pytest.fixture
def olaf(tmp_path: Path) -> Officer:
    return Officer(tmp_path / "olaf.agekey")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_officer_opens_what_the_agent_sealed_and_the_key_goes_nowhere(
    at: Console, browser: object, olaf: Officer, language: str
) -> None:
    at.laptop.receipt(olaf.sealed())
    words, seen = wording.load()[language], window(browser, language)
    page = seen.page
    go_to_the_opener(page, at, words)
    look(page, f"opener-{language}")
    open_with(page, olaf.file)
    assert words.text("opener.opened") in page.inner_text("#told")
    pairs = dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all(), strict=True))
    assert pairs[words.text("detail.path")].text_content() == SHOWN
    assert pairs[words.text("detail.sha256")].text_content() == "a" * 64
    assert page.locator("#details img, #details script").count() == 0
    look(page, f"opener-opened-{language}")
    kept = page.evaluate(STORED) + str(page.context.storage_state()) + page.content()
    secret = str(olaf.key)
    for part in (secret, secret.lower(), secret.removeprefix("AGE-SECRET-KEY-1")[:20]):
        assert part.encode() not in seen.sent()
        assert part not in kept
        assert part.encode() not in at.running.dump()
    assert {one.url.partition("/devices")[0] for one in seen.asked if "/devices" in one.url} == {
        at.running.url
    }
    page.click("#forget")
    assert page.locator("#details *").count() == 0
    assert "onerror" not in page.content()
    assert seen.is_quiet()
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_key_or_another_file_is_told_plainly(
    at: Console, browser: object, olaf: Officer, tmp_path: Path, language: str
) -> None:
    at.laptop.receipt(olaf.sealed())
    words, seen = wording.load()[language], window(browser, language, width=360)
    go_to_the_opener(seen.page, at, words)
    locked, picture = tmp_path / "locked", tmp_path / "picture"
    locked.write_text("age-encryption.org/v1\n-> scrypt x 18\n")
    picture.write_bytes(b"\x89PNG\r\n" + b"\x00" * 300)
    tries = (
        (Officer(tmp_path / "other.agekey").file, "wrong-key"),
        (locked, "locked-key"),
        (picture, "no-key"),
    )
    for file, word in tries:
        open_with(seen.page, file)
        assert seen.page.inner_text("#told") == words.text(f"opener.{word}")
        assert seen.page.locator("#details *").count() == 0
        look(seen.page, f"opener-{word}-{language}")
    seen.page.click("#open")
    assert seen.page.inner_text("#told") == words.text("opener.choose")
    assert seen.is_quiet()
    seen.page.context.close()


@pytest.mark.parametrize(("language", "width"), [("nl", 360), ("da", 1280), ("en", 360)])
def test_a_reason_that_names_a_person_is_sent_back_and_an_opening_is_listed(
    at: Console, browser: object, olaf: Officer, language: str, width: int
) -> None:
    at.laptop.receipt(olaf.sealed())
    words, seen = wording.load()[language], window(browser, language, width=width)
    page = seen.page
    go_to_the_opener(page, at, words)
    page.go_back()
    page.reload()
    assert words.text("opening.title") in page.inner_text("main")
    look(page, f"openings-{language}-{width}")
    page.select_option("#purpose", "asked")
    page.fill("#why", "ask sofie@school.example")
    page.click(f"text={words.text('event.sealed.download')}")
    page.wait_for_selector("#opening-wrong")
    assert page.input_value("#why") == "ask sofie@school.example"
    look(page, f"opening-wrong-{language}-{width}")
    page.fill("#why", "Her parents wrote a letter")
    with page.expect_download() as saved:
        page.click(f"text={words.text('event.sealed.download')}")
    content = Path(saved.value.path()).read_bytes()
    assert b"sofie" in age.open_bytes(content, age.read_identities(olaf.file.read_text()))
    assert [line for line in seen.said if "422" not in line] == []
    page.context.close()


def test_a_page_that_was_left_open_too_long_asks_for_a_reason_again(
    at: Console, browser: object, olaf: Officer
) -> None:
    at.laptop.receipt(olaf.sealed())
    words, seen = wording.load()["en"], window(browser, "en")
    go_to_the_opener(seen.page, at, words)
    seen.page.context.clear_cookies()
    open_with(seen.page, olaf.file)
    assert seen.page.inner_text("#told") == words.text("opener.not-given")
    seen.page.context.close()


def test_the_policy_of_the_page_bites(at: Console, browser: object, olaf: Officer) -> None:
    """Otherwise that nothing was refused would prove nothing."""
    at.laptop.receipt(olaf.sealed())
    seen = window(browser, "en")
    go_to_the_opener(seen.page, at, wording.load()["en"])
    tried = seen.page.evaluate(
        """async () => {
          const wrong = [];
          try { document.body.innerHTML = "<b>x</b>"; wrong.push("markup"); } catch {}
          try { await fetch("https://elsewhere.example/"); wrong.push("fetch"); } catch {}
          return wrong;
        }"""
    )
    assert tried == []
    broken = " ".join(seen.page.evaluate("window.broken"))
    assert "require-trusted-types-for" in broken
    assert "connect-src https://elsewhere.example/" in broken
    seen.page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_opens_details_without_a_network_and_asks_for_nothing(
    browser: object, olaf: Officer, tmp_path: Path, language: str
) -> None:
    words, file = wording.load()[language], tmp_path / "opener.html"
    file.write_bytes(opener.offline(words))
    other = Officer(tmp_path / "other.agekey")
    for name, event in (
        ("one.age", olaf.sealed()),
        ("two.age", olaf.sealed("/home/sofie/Groep 7.csv")),
        ("three.age", other.sealed()),
    ):
        (tmp_path / name).write_bytes(wire_bytes(event))
    (tmp_path / "four.age").write_bytes(age.seal_to(b"a whole file", (str(olaf.key.to_public()),)))
    seen = window(browser, language, offline=True)
    page = seen.page
    page.goto(file.as_uri())
    look(page, f"opener-offline-{language}")
    names = ("one", "two", "three", "four")
    page.set_input_files("#sealed", [str(tmp_path / f"{name}.age") for name in names])
    open_with(page, olaf.file)
    shown = [one.text_content() for one in page.locator("dd").all()]
    assert SHOWN in shown
    assert "/home/sofie/Groep 7.csv" in shown
    assert page.inner_text("#told").splitlines() == [
        f"three.age: {words.text('opener.wrong-key')}",
        f"four.age: {words.text('opener.no-details')}",
    ]
    assert page.locator("#details img, #details script").count() == 0
    look(page, f"opener-offline-opened-{language}")
    kept = page.evaluate(STORED) + page.content()
    assert str(olaf.key) not in kept
    page.click("#forget")
    assert page.locator("#details *").count() == 0
    assert [one.url for one in seen.asked] == [file.as_uri()]
    assert seen.is_quiet()
    page.context.close()


def test_the_keyboard_keeps_its_place_and_nothing_stays_on_a_page_that_was_left(
    at: Console, browser: object, olaf: Officer
) -> None:
    at.laptop.receipt(olaf.sealed())
    seen = window(browser, "en")
    page = seen.page
    go_to_the_opener(page, at, wording.load()["en"])
    page.set_input_files("#identity", str(olaf.file))
    for pressed, focused in (("#open", "open"), ("#forget", "open"), ("#open", "open")):
        page.set_input_files("#identity", str(olaf.file))
        page.focus(pressed)
        page.keyboard.press("Enter")
        page.wait_for_selector("#told.good" if pressed == "#open" else "#told.plain")
        assert page.evaluate("document.activeElement.id") == focused
    assert page.locator("#details dd").count() == 2
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    assert page.locator("#details *").count() == 0
    assert seen.is_quiet()
    page.context.close()

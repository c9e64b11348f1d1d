"""The keys made in a real Chromium: saved, tried with the saved file, and nothing secret sent."""

from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from playwright.sync_api import Page

from enforcement import age
from server_stub import wording
from tests.accessible import violations
from tests.console_visit import PASSWORDS, Console, console
from tests.opener_window import STORED, Officer, window
from tests.test_server_browser import browser, look, pytestmark

__all__ = ["browser", "pytestmark"]  # a fixture and marks, which pytest finds by their names


@pytest.fixture
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("keys") / "state") as made:
        yield made


def go_to_the_keys(page: Page, at: Console, words: wording.Wording) -> None:
    """From the login by the first steps on the overview."""
    page.goto(at.running.url + "/login")
    page.fill("#name", "olaf")
    page.fill("#password", PASSWORDS["olaf"])
    page.click("main button[type=submit]")
    page.wait_for_selector("nav.menu")
    page.goto(at.running.url + "/overview")
    page.click(f"text={words.text('first.keys.do')}")
    page.wait_for_url("**/keys")
    page.wait_for_selector("#reserve .try:enabled")


def made(page: Page, slot: str, folder: Path) -> Path:
    """The file that the browser saves, made by the keyboard alone."""
    with page.expect_download() as saving:
        page.focus(f"#{slot} .make")
        page.keyboard.press("Enter")
    file = folder / saving.value.suggested_filename
    saving.value.save_as(file)
    return file


def tried(page: Page, slot: str, file: Path) -> None:
    page.set_input_files(f"#{slot}-file", str(file))
    page.focus(f"#{slot} .try")
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("language", "width"), [("nl", 1280), ("da", 360), ("en", 1280)])
def test_the_officer_makes_both_keys_and_the_secrets_stay_in_the_browser(
    at: Console, browser: object, tmp_path: Path, language: str, width: int
) -> None:
    words, seen = wording.load()[language], window(browser, language, width=width)
    page = seen.page
    go_to_the_keys(page, at, words)
    look(page, f"keys-{language}")
    files = {}
    for slot in ("officer", "reserve"):
        files[slot] = made(page, slot, tmp_path)
        assert files[slot].name == f"{slot}.agekey"
        assert words.text("keys.said.made") in page.inner_text(f"#{slot} .told")
        tried(page, slot, files[slot])
        page.wait_for_selector(f"#{slot} .badge.good")
    look(page, f"keys-entered-{language}")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(page) == []
    lines = page.inner_text("pre code")
    kept = page.evaluate(STORED) + str(page.context.storage_state()) + page.content()
    for file in files.values():
        secret = file.read_text().splitlines()[-1]
        identity = pyrage.x25519.Identity.from_str(secret)
        assert f'key = "{identity.to_public()}"' in lines
        for part in (secret, secret.lower(), secret.removeprefix("AGE-SECRET-KEY-1")[:20]):
            assert part.encode() not in seen.sent()
            assert part not in kept
            assert part.encode() not in at.running.dump()
        sealed = age.seal_to(b"a list", (str(identity.to_public()),))
        assert age.open_bytes(sealed, age.read_identities(file.read_text())) == b"a list"
    assert seen.is_quiet()
    page.context.close()


def test_a_wrong_file_is_told_plainly_and_nothing_is_sent(
    at: Console, browser: object, tmp_path: Path
) -> None:
    words, seen = wording.load()["nl"], window(browser, "nl")
    page = seen.page
    go_to_the_keys(page, at, words)
    page.click("#officer .try")
    page.wait_for_selector("#officer .told.bad")
    assert page.inner_text("#officer .told") == words.text("keys.said.choose")
    locked, two, cut = tmp_path / "locked", tmp_path / "two", tmp_path / "cut"
    one = Officer(tmp_path / "one.agekey")
    locked.write_text("age-encryption.org/v1\n-> scrypt x 18\n")
    two.write_text(f"{one.key}\n{pyrage.x25519.Identity.generate()}\n")
    cut.write_text(str(one.key)[:-3] + "QQQ\n")
    asked = len(seen.asked)
    for file, word in ((locked, "locked-key"), (two, "no-key"), (cut, "no-key")):
        tried(page, "officer", file)
        page.wait_for_selector("#officer .told.bad")
        page.wait_for_function(
            "want => document.querySelector('#officer .told').textContent === want",
            arg=words.text(f"keys.said.{word}"),
        )
    assert len(seen.asked) == asked
    tried(page, "officer", one.file)
    page.wait_for_selector("#officer .badge.good")
    tried(page, "reserve", one.file)
    page.wait_for_selector("#reserve [role=alert]")
    assert page.inner_text("#reserve [role=alert]") == words.text("keys.wrong.same")
    look(page, "keys-same")
    page.context.close()

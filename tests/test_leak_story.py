"""One person's story: a stick is lost on the way home, and on Monday it stands in the register.

Everything is real: the page in Chromium, the agent, its sender, the collector behind TLS, and the
officer in the console. What goes wrong on the way: the laptop's agent is down when the report is
written, and the collector cannot be reached when it is up again.
"""

import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from playwright.sync_api import Browser, Page

from agent import processes
from agent.demo import stage
from agent.texts import say
from tests.laptop import Chain, chain, running_agent
from tests.pages_served import browser, served, visit

SAID = "Mijn blauwe stick met het leerlingdossier lag in de trein."
pytestmark = pytest.mark.slow


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def report(page: Page) -> str:
    """The whole form by keyboard alone; the number on the page that follows."""
    page.keyboard.press("Tab")  # to the link past the head
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type(SAID)
    page.locator("#noticed_at").press("Enter")
    return page.locator(".number").inner_text()


def officer_at(opened: Browser, login: stage.Login, server: str) -> Page:
    page = opened.new_context(ignore_https_errors=True, locale="en").new_page()
    page.goto(server + "/login")
    page.fill("#name", login.name)
    page.fill("#password", login.password)
    page.click("button[type=submit]")
    return page


def test_from_the_page_offline_to_the_register(laptop: Chain, tmp_path: Path) -> None:
    officer = stage.add_logins(laptop.folders)[1]
    with browser() as opened:
        with running_agent(laptop.folders), served("leak", laptop.socket, tmp_path) as one:
            assert stage.wait_until(lambda: bool(laptop.status()), 30)
            visit(opened, one.address).close()  # it is known from now on to whom to seal
        # The agent is down.
        with served("leak", laptop.socket, tmp_path, "nl") as one:
            page = visit(opened, one.address)
            number = report(page)
            assert say("nl", "leak-waiting-told") in page.locator("main").inner_text()
            # The agent is up again, and the collector cannot be reached.
            processes.end(laptop.collector)
            with running_agent(laptop.folders):
                assert stage.wait_until(lambda: bool(laptop.status()), 30)
                page.reload()
                assert say("nl", "leak-sent-told") in page.locator("main").inner_text()
        # Then the collector is back, at the address that the laptop knows.
        port = laptop.server.rpartition(":")[2]
        words = ["--state", str(laptop.folders.collector), "serve", "--listen", f"127.0.0.1:{port}"]
        back = processes.start("server_stub", words, laptop.folders.top / "again.log")
        try:
            with running_agent(laptop.folders):
                arrived = lambda: [e for e in laptop.events() if e["kind"] == "leak-reported"]  # noqa: E731
                assert stage.wait_until(lambda: bool(arrived()), 90)
            (event,) = arrived()
            at = officer_at(opened, officer, laptop.server)
            at.goto(f"{laptop.server}/register")
            at.fill("#receipt", number)  # as it was told on the phone
            at.press("#receipt", "Enter")
            at.click("form[action$='/breach'] button")
            assert "/register/" in at.url
            entry = at.locator("main").inner_text()
            assert SAID not in entry, "the collector holds no key"
            at.goto(f"{laptop.server}/register")
            assert at.locator("main a[href^='/register/2']").count() >= 1
        finally:
            processes.end(back)
    assert number.removeprefix("DW-").replace("-", "").lower() == event["id"][:8]
    assert event["facts"] == {"what": "lost-stick", "ongoing": False}
    opener = (laptop.folders.keys / "officer.agekey").read_text("ascii").splitlines()[-1]
    key = pyrage.x25519.Identity.from_str(opener)
    sealed = json.loads(pyrage.decrypt(base64.b64decode(event["sealed"]), [key]))
    assert sealed == {"text": SAID}

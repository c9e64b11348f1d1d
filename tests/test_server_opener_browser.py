"""Sealed details opened in a real Chromium: in the console's page, and in the file without network.

What is opened was sealed by the agent's own recorder. Every request that the browser makes is kept
and looked through for the key, and so is all that a page can store.
"""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import Request as Asked

from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import utc_now
from collectors.folders.found import PupilFileFound
from collectors.folders.place import Place
from collectors.recognise.category import Category
from collectors.recognise.verdict import Evidence, Format, Kind
from enforcement import age
from enforcement.base import Recipient
from server_stub import opener, wording
from tests.console_visit import PASSWORDS, Console, console
from tests.test_server_browser import CHROMIUM, QUIET, look

LANGUAGES = {"nl": "nl-NL", "da": "da-DK", "en": "en-GB"}
HOSTILE = "/home/sofie/<img src=x onerror=alert(1)>\u202e<script>alert(2)</script>  &amp;.csv"
SHOWN = "/home/sofie/<img src=x onerror=alert(1)>\\u{202e}<script>alert(2)</script>  &amp;.csv"
STORED = """async () => JSON.stringify({
  local: location.protocol === "file:" ? [] : {...localStorage},
  session: location.protocol === "file:" ? [] : {...sessionStorage},
  databases: location.protocol === "file:" ? [] : await indexedDB.databases(),
  cookies: document.cookie, name: window.name, state: history.state,
  fields: [...document.querySelectorAll("input")].map(one => one.value),
})"""
WATCH = """window.broken = [];
document.addEventListener("securitypolicyviolation", one => window.broken.push(
  `${one.effectiveDirective} ${one.blockedURI}`));"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs chromium"),
]


@dataclass
class Officer:
    """An officer's key, as age-keygen writes it into a file."""

    file: Path
    key: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)

    def __post_init__(self) -> None:
        public = self.key.to_public()
        self.file.write_text(f"# created: today\n# public key: {public}\n{self.key}\n")

    def sealed(self, path: str = HOSTILE) -> wire.Event:
        """An event of the real recorder, sealed to this officer and to a reserve."""
        reserve = pyrage.x25519.Identity.generate().to_public()
        both = [
            Recipient(name=name, key=str(one), proven=True)
            for name, one in (("officer", self.key.to_public()), ("reserve", reserve))
        ]
        recorder = Recorder(
            key=b"k" * 32, seal=lambda plain: age.seal_bytes(plain, both), now=utc_now
        )
        return recorder.event(found(path))


@dataclass
class Window:
    """A browser's page, and everything it asked for or complained of."""

    page: Page
    asked: list[Asked] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def is_quiet(self) -> bool:
        """Whether nothing was refused by the page's own policy, and nothing went wrong."""
        return self.said == [] and self.page.evaluate("window.broken") == []

    def sent(self) -> bytes:
        """Every address, header and body that left the browser."""
        parts: list[bytes] = []
        for one in self.asked:
            headers = [f"{name}: {value}" for name, value in one.all_headers().items()]
            parts += ["\n".join([one.url, *headers]).encode(), one.post_data_buffer or b""]
        return b"\n".join(parts)


def found(path: str) -> PupilFileFound:
    return PupilFileFound(
        subject=path,
        observed_at=utc_now(),
        file_class=Kind.PUPIL_LIST,
        persons_min=20,
        persons_max=30,
        evidence=(Evidence.BSN,),
        categories=(Category.NAME,),
        format=Format.CSV,
        place=Place.DOWNLOADS,
        size=2048,
        sha256="a" * 64,
        device=1,
        inode=2,
    )


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


def window(browser: object, language: str, *, offline: bool = False, width: int = 1280) -> Window:
    context: BrowserContext = browser.new_context(  # type: ignore[attr-defined]
        ignore_https_errors=True,
        locale=LANGUAGES[language],
        offline=offline,
        viewport={"width": width, "height": 900},
    )
    context.add_init_script(WATCH)
    made = Window(context.new_page())
    context.on("request", lambda request: made.asked.append(request))
    made.page.on("console", lambda message: made.said.append(message.text))
    made.page.on("pageerror", lambda error: made.said.append(str(error)))
    made.page.on("dialog", lambda dialog: made.said.append(f"dialog: {dialog.message}"))
    return made


def go_to_the_opener(page: Page, at: Console, words: wording.Wording) -> None:
    """From the login to the page that opens, by way of the reason."""
    page.goto(at.running.url + "/login")
    page.fill("#name", "olaf")
    page.fill("#password", PASSWORDS["olaf"])
    page.click("main button[type=submit]")
    page.wait_for_url("**/devices")
    page.goto(f"{at.running.url}/devices/{at.laptop.name}/{at.laptop.seq}")
    page.click(f"text={words.text('opening.page')}")
    assert page.url.endswith(f"/{at.laptop.seq}"), "a purpose has to be chosen first"
    page.select_option("#purpose", "judge")
    page.fill("#why", "A list lay in a shared folder")
    page.click(f"text={words.text('opening.page')}")
    page.wait_for_url("**/open")


def open_with(page: Page, identity: Path) -> None:
    page.set_input_files("#identity", str(identity))
    page.click("#open")
    page.wait_for_selector("#told.good, #told.bad")


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


def wire_bytes(event: wire.Event) -> bytes:
    """The sealed part as the console hands it out."""
    return base64.b64decode(event.sealed)

"""An officer with a key, and a browser's window of which every request is kept."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
from playwright.sync_api import BrowserContext, Page
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
from server_stub import wording
from tests.console_visit import PASSWORDS, Console

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


def wire_bytes(event: wire.Event) -> bytes:
    """The sealed part as the console hands it out."""
    return base64.b64decode(event.sealed)

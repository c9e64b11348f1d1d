"""The console in a real Chromium: from the login to a register entry, with nothing refused.

Screenshots go to ``build/console``, for a person to look at.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, Request, Route, sync_playwright

from server_stub import wording
from tests.accessible import violations
from tests.console_visit import PASSWORDS, Console, console
from tests.identity_provider import CLIENT, SECRET, provider
from tests.test_server_sticks import two_sticks

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "build" / "console"
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs chromium"),
]

# Whether a text's colour stands out enough from what lies behind it (WCAG 2.2, 1.4.3), for every
# text on the page; the few lines of the standard's own formula.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = colour => [0, 1, 2].map(i => colour[i] / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const written = element.tagName === "INPUT" && !["checkbox", "radio"].includes(element.type);
    if (!own && !written) continue;
    const style = getComputedStyle(element);
    const pair = [light(rgba(style.color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) weak.push(`${element.tagName} ${element.textContent.trim()} ${ratio}`);
  }
  return weak;
}"""

# What an assistive program needs of every page.
STRUCTURE = """() => {
  const wrong = [];
  const say = (bad, what) => { if (bad) wrong.push(what); };
  const all = selector => [...document.querySelectorAll(selector)];
  say(!document.documentElement.lang, "no language");
  say(!document.title.trim(), "no title");
  say(all("h1").length !== 1, "not one h1");
  say(all("main").length !== 1, "not one main");
  say(!document.querySelector("a.skip[href='#content']"), "no skip link");
  for (const field of all("input:not([type=hidden])"))
    say(!field.labels || field.labels.length !== 1, `no label: ${field.name}`);
  for (const head of all("th")) say(!head.hasAttribute("scope"), `no scope: ${head.textContent}`);
  for (const image of all("img")) say(!image.hasAttribute("alt"), `no alt: ${image.src}`);
  for (const name of all("[aria-labelledby],[aria-describedby]"))
    for (const id of ["aria-labelledby", "aria-describedby"].flatMap(
        a => (name.getAttribute(a) || "").split(" ").filter(Boolean)))
      say(!document.getElementById(id), `nothing is called ${id}`);
  const ids = all("[id]").map(one => one.id);
  say(new Set(ids).size !== ids.length, `an id is used twice: ${ids}`);
  let level = 0;
  for (const heading of all("h1,h2,h3,h4")) {
    const now = Number(heading.tagName[1]);
    say(now > level + 1, `heading skips a level: ${heading.textContent}`);
    level = now;
  }
  for (const link of all("main a, main button"))
    say(!link.textContent.trim(), "a link or button without a name");
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  say(wide, "the page is wider than the window");
  return wrong;
}"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("browser") / "state") as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield made
        made.close()


def open_page(browser: object, language: str, width: int = 1280) -> tuple[Page, list[str]]:
    """A fresh browser's page, and what its console complains of."""
    context = browser.new_context(  # type: ignore[attr-defined]
        ignore_https_errors=True, locale=language, viewport={"width": width, "height": 900}
    )
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.extend(refused(request)))
    return page, said


def refused(request: Request) -> list[str]:
    """A request that failed, unless the browser itself dropped it by going on to another page."""
    dropped = (request.failure or "") == "net::ERR_ABORTED"
    return [] if dropped else [f"{request.url}: {request.failure}"]


def look(page: Page, name: str) -> None:
    """Check a page as it stands, and take its picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
    assert page.evaluate(STRUCTURE) == [], name
    assert page.evaluate(CONTRAST) == [], name
    assert violations(page) == [], name


def log_in(page: Page, at: Console, name: str) -> None:
    page.goto(at.running.url + "/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORDS[name])
    page.click("main button[type=submit]")
    page.wait_for_url("**/devices")


def test_the_officer_walks_from_the_login_to_a_register_entry(at: Console, browser: object) -> None:
    page, said = open_page(browser, "en-GB")
    words = wording.load()["en"]
    page.goto(at.running.url)
    look(page, "login")
    log_in(page, at, "olaf")
    look(page, "devices")
    page.click(f"text={at.laptop.name}")
    look(page, "device")
    page.click("text=A file with a list of pupils >> nth=-1")
    look(page, "event")
    page.click(f"text={words.text('event.register.button')}")
    page.wait_for_url("**/register/*")
    number = page.url.rpartition("/")[2]
    assert words.text("entry.title", number=number) in page.inner_text("h1")
    assert words.text("register.provisional") in page.inner_text("main")
    assert "24 to 31 persons" in page.inner_text("main")
    assert "seal the file: done" in page.inner_text("main")
    look(page, "entry-provisional")
    page.fill("#aware_at", "2099-01-01T10:00")
    page.click(f"text={words.text('entry.aware.button')}")
    assert words.text("entry.aware.in-the-future") in page.inner_text("[role=alert]")
    look(page, "entry-wrong")
    page.goto(page.url.removesuffix("/aware"))
    page.click(f"text={words.text('entry.aware.button')}")
    page.wait_for_load_state()
    assert words.text("register.decided") in page.inner_text("main")
    look(page, "entry")
    fill_in(page, words)
    for name in ("register", "overview", "log"):
        page.goto(f"{at.running.url}/{name}")
        look(page, name)
    page.click(f"text={words.text('logout')}")
    page.wait_for_url("**/login")
    expected = [line for line in said if "422" in line]
    assert [line for line in said if line not in expected] == []


def fill_in(page: Page, words: wording.Wording) -> None:
    """The officer writes down what happened, and goes through the first step of the plan."""
    entry = page.url
    page.click(f"nav.parts >> text={words.text('part.dossier')}")
    page.wait_for_url("**/dossier")
    look(page, "dossier")
    page.click(f"[aria-label='{words.text('dossier.edit')}: {words.text('section.nature')}']")
    page.fill("#q-title", "Class list in Downloads")
    page.check("[name='types.confidentiality']")
    page.fill("#q-summary", "Ask parent@home.example")
    page.click(".questions button")
    assert words.text("wrong.a-person") in page.inner_text("#q-summary-wrong")
    look(page, "dossier-wrong")
    page.fill("#q-summary", "A class list lay in the downloads folder.")
    page.click(".questions button")
    page.wait_for_url("**/dossier#nature")
    assert "Class list in Downloads" in page.inner_text("h1")
    page.goto(f"{entry}/plan")
    page.select_option("#step", "manager-told")
    page.click(f"text={words.text('duty.button')}")
    page.wait_for_load_state()
    assert words.text("state.done") in page.inner_text("main")
    look(page, "plan")
    page.goto(f"{entry}/history")
    look(page, "history")


@pytest.mark.parametrize("language", ["nl-NL", "da-DK"])
def test_it_sees_the_same_in_its_own_language(at: Console, browser: object, language: str) -> None:
    page, said = open_page(browser, language)
    short = language[:2]
    log_in(page, at, "ingrid")
    page.goto(f"{at.running.url}/devices/{at.laptop.name}")
    events = page.locator("section.wide[aria-labelledby=events]")
    assert events.evaluate("one => one.scrollWidth <= one.clientWidth"), "what was done is hidden"
    assert page.get_attribute("html", "lang") == short
    look(page, f"device-{short}")
    page.goto(f"{at.running.url}/devices/{at.laptop.name}/5")
    look(page, f"event-{short}")
    assert said == []


def test_the_console_fits_a_telephone(at: Console, browser: object) -> None:
    page, said = open_page(browser, "en-GB", width=360)
    log_in(page, at, "olaf")
    first = f"{datetime.now(UTC).year}-0001"
    for name, path in (
        ("devices", "/devices"),
        ("device", f"/devices/{at.laptop.name}"),
        ("event", f"/devices/{at.laptop.name}/2"),
        ("register", "/register"),
        ("new", "/register/new"),
        ("dossier", f"/register/{first}/dossier"),
        ("severity", f"/register/{first}/dossier/severity"),
        ("plan", f"/register/{first}/plan"),
    ):
        page.goto(at.running.url + path)
        look(page, f"telephone-{name}")
    assert said == []


def test_a_false_alarm_is_marked_and_counted(at: Console, browser: object) -> None:
    page, said = open_page(browser, "nl-NL", width=360)
    log_in(page, at, "olaf")
    page.goto(f"{at.running.url}/devices/{at.laptop.name}/3")
    page.click("text=Dit klopt niet")
    assert page.url.endswith("/3"), "a reason has to be chosen first"
    page.select_option("#reason", "lesson-or-policy")
    with page.expect_navigation():
        page.click("text=Dit klopt niet")
    page.wait_for_selector("text=Aangemerkt als vals alarm")
    look(page, "telephone-false-alarm")
    page.goto(at.running.url + "/disputes")
    assert page.locator("tbody tr").count() == 2
    look(page, "telephone-disputes")
    assert said == []


@pytest.mark.parametrize(
    ("language", "width"), [("en-GB", 1280), ("nl-NL", 1280), ("da-DK", 1280), ("nl-NL", 360)]
)
def test_an_event_of_a_stick_leads_to_what_was_on_it(
    at: Console, browser: object, language: str, width: int
) -> None:
    laptop = at.running.laptop()
    laptop.receipt(*two_sticks())
    page, said = open_page(browser, language, width)
    words = wording.load()[language[:2]]
    log_in(page, at, "olaf")
    for seq, finder in ((5, "all"), (8, "nothing")):
        page.goto(f"{at.running.url}/devices/{laptop.name}/{seq}")
        page.click(f"text={words.text('stick.title')}")
        page.wait_for_url("**/stick")
        assert words.text(f"stick.finder.{finder}") in page.inner_text("main")
        look(page, f"stick-{finder}-{language[:2]}-{width}")
    page.goto(f"{at.running.url}/devices/{laptop.name}/5")
    look(page, f"stick-event-{language[:2]}-{width}")
    assert said == []


@pytest.mark.parametrize("late", ["pico.classless.min.css", "console.css"])
def test_a_page_looked_at_before_its_style_is_there_asks_for_nothing_refused(
    at: Console, browser: object, late: str
) -> None:
    page, said = open_page(browser, "en-GB")
    log_in(page, at, "olaf")
    held: list[Route] = []
    page.route(f"**/{late}", lambda route: held.append(route))
    page.goto(f"{at.running.url}/devices/{at.laptop.name}/3", wait_until="commit")
    page.wait_for_selector("#reason", state="attached")
    for _ in range(100):
        page.evaluate("document.body && document.querySelector('#reason').offsetHeight")
        page.wait_for_timeout(10)
    assert held, "the page never asked for its style"
    held[0].continue_()
    page.wait_for_load_state()
    look(page, "late-style")
    assert said == []


def test_everything_can_be_reached_with_the_keyboard(at: Console, browser: object) -> None:
    page, _ = open_page(browser, "en-GB")
    page.goto(at.running.url + "/login")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("olaf")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["olaf"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/devices")


@pytest.mark.parametrize(
    ("language", "width"), [("en-GB", 1280), ("nl-NL", 1280), ("da-DK", 1280), ("nl-NL", 360)]
)
def test_a_second_factor_is_set_up_and_asked_for(
    at: Console, browser: object, language: str, width: int
) -> None:
    short, words = f"{language[:2]}-{width}", wording.load()[language[:2]]
    name = f"frits-{short}"
    given = PASSWORDS["ingrid"] + "\n"
    at.running.command("user", "add", name, "--role", "it", "--password-stdin", given=given)
    PASSWORDS[name] = PASSWORDS["ingrid"]
    page, said = open_page(browser, language, width)
    log_in(page, at, name)
    page.click(f"text={name}")
    look(page, f"account-{short}")
    page.click(f"text={words.text('factor.begin')} >> nth=-1")
    page.wait_for_url("**/account/factor")
    assert page.evaluate("document.querySelector('img.square').naturalWidth") > 100
    look(page, f"factor-{short}")
    totp = pyotp.TOTP(page.inner_text("main code").replace(" ", ""))
    page.fill("#code", totp.now())
    page.click("main form button")
    page.wait_for_selector("ul.codes")
    recovery = page.inner_text("ul.codes li >> nth=0")
    look(page, f"factor-codes-{short}")
    page.goto(at.running.url + "/account/factor")
    look(page, f"factor-on-{short}")
    page.click(f"text={words.text('logout')}")
    page.wait_for_url("**/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORDS[name])
    page.click("main button[type=submit]")
    page.wait_for_url("**/login/code")
    page.fill("#code", "000000")
    page.click("main button >> nth=0")
    page.wait_for_selector("[role=alert]")
    look(page, f"login-code-{short}")
    page.fill("#code", recovery)
    page.click("main button >> nth=0")
    page.wait_for_url("**/devices")
    assert [line for line in said if "401" not in line] == []


@pytest.mark.parametrize("language", ["en-GB", "nl-NL", "da-DK"])
def test_a_person_logs_in_through_the_organisation(
    at: Console, browser: object, language: str
) -> None:
    words = wording.load()[language[:2]]
    with provider() as idp:
        at.running.command(
            *("login", "oidc", "--issuer", idp.url, "--client-id", CLIENT),
            "--client-secret-stdin",
            given=SECRET + "\n",
        )
        at.running.command("user", "sso", "ingrid", "subject-1")
        page, said = open_page(browser, language)
        page.goto(at.running.url)
        look(page, f"login-sso-{language[:2]}")
        page.click(f"text={words.text('sso.link')}")
        page.wait_for_url("**/devices")
        assert "ingrid" in page.inner_text("header")
        assert said == []
        idp.person = {"sub": "subject-99"}
        page, _ = open_page(browser, language)
        page.goto(at.running.url)
        page.click(f"text={words.text('sso.link')}")
        page.wait_for_selector("main [role=alert]")
        look(page, f"sso-unknown-{language[:2]}")
    at.running.command("login", "oidc-off")


@pytest.mark.parametrize(
    ("language", "width"), [("en-GB", 1280), ("nl-NL", 1280), ("da-DK", 1280), ("nl-NL", 360)]
)
def test_a_reader_is_added_and_reads_one_entry(
    at: Console, browser: object, language: str, width: int
) -> None:
    short, words = f"{language[:2]}-{width}", wording.load()[language[:2]]
    number = at.running.rows("SELECT number FROM breaches ORDER BY id LIMIT 1")[0][0]
    page, said = open_page(browser, language, width)
    log_in(page, at, "olaf")
    page.goto(f"{at.running.url}/register/{number}")
    page.click(f"nav.parts >> text={words.text('part.readers')}")
    page.fill("#name", f"ria-{short}")
    page.click(f"main button:has-text('{words.text('reader.button')}') >> nth=-1")
    page.wait_for_selector("main [role=status] code")
    password = page.inner_text("main [role=status] code")
    look(page, f"readers-{short}")
    page.click(f"text={words.text('logout')}")
    page.wait_for_url("**/login")
    page.fill("#name", f"ria-{short}")
    page.fill("#password", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"**/register/{number}")
    for part in ("", "/dossier", "/plan", "/papers", "/history"):
        page.goto(f"{at.running.url}/register/{number}{part}")
        look(page, f"reader{part.replace('/', '-')}-{short}")
        assert page.locator("main form").count() == 0
    assert said == []


def test_management_sees_counts_and_a_plain_refusal(at: Console, browser: object) -> None:
    page, said = open_page(browser, "nl-NL")
    page.goto(at.running.url + "/login")
    page.fill("#name", "maaike")
    page.fill("#password", PASSWORDS["maaike"])
    page.click("main button[type=submit]")
    page.wait_for_url("**/overview")
    look(page, "overview-management")
    page.goto(at.running.url + "/register")
    look(page, "refused")
    assert [line for line in said if "403" not in line] == []

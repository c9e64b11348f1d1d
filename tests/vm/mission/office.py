"""IT pulls what laptops told; the privacy officer works the breach and opens what was sealed."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from playwright.sync_api import Page

from server_stub import wording
from tests import test_breach_story as story
from tests.organisations_visit import ByName
from tests.vm.mission.case import InBrowser
from tests.vm.mission.founding import COLLECTOR
from tests.vm.mission.leak import SAID
from tests.vm.mission.ledger import Step
from tests.vm.mission.road import URL, Road

LANGUAGE = "da"
WORDS = wording.load()[LANGUAGE]
REGISTER = f"/var/lib/{COLLECTOR}"
ADDRESSES = ("devices", "posture", "coverage", "events", "reports")
WHY = "Stikket blev meldt tabt, og listen skal vurderes"


def pulled(road: Road) -> str:
    """A program of IT pulls everything there is, with a token and the right authority."""
    scopes = " ".join(f"--scope {one}" for one in ADDRESSES)
    token = road.sh(f"{COLLECTOR} token api siem {scopes} --json")
    secret = json.loads(token)["token"]
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ByName(port=road.door))
        ca = road.work / "collector-ca.pem"
        ca.write_text(road.sh(f"sed -n '/BEGIN CERT/,/END CERT/p' {REGISTER}/ca.pem"), "ascii")
        told = {one: _pull(session, ca, one, secret) for one in ADDRESSES}
        wrong = session.get(f"{URL}/api/v1/events", headers=_bearer(secret[:-1] + "x"),
                            verify=str(ca), timeout=120)  # fmt: skip
    assert wrong.status_code in (401, 403), wrong.status_code
    kinds = {one["kind"] for one in told["events"]}
    wanted = {"leak-reported", "pupil-file-found", "session-unattended", "usb-storage-attached"}
    assert wanted <= kinds, f"missing: {wanted - kinds}"
    nothing_of_pupils(road, json.dumps(told))
    return f"{len(told['events'])} events of {len(kinds)} kinds, {len(told['posture'])} checks"


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _pull(session: requests.Session, ca: Path, what: str, secret: str) -> list[dict[str, Any]]:
    """Every page of one address."""
    found: list[dict[str, Any]] = []
    where = f"{URL}/api/v1/{what}"
    while where:
        reply = session.get(where, headers=_bearer(secret), verify=str(ca), timeout=120)
        assert reply.status_code == 200, (where, reply.status_code, reply.text)
        found += reply.json()[what]
        following = reply.links.get("next", {}).get("url", "")
        where = urljoin(where, following) if following else ""
    return found


def nothing_of_pupils(road: Road, said: str) -> None:
    """No name of a file, and nothing that a person wrote."""
    for planted in (SAID, *road.known.get("sums", {})):
        assert planted not in said, f"'{planted}' reached IT"


def reported(road: Road) -> str:
    """The same on the command line."""
    said = road.sh(f"{COLLECTOR} report --format json")
    nothing_of_pupils(road, said)
    device, told = road.known["device"], json.loads(said)["events"]
    assert {one["device"] for one in told} == {device}
    return f"{len(told)} events of {device}"


def logged_in(road: Road, name: str, language: str) -> Page:
    """The console, with somebody logged in."""
    tab = road.tab(language)
    tab.goto(f"{URL}/login")
    tab.fill("#name", name)
    tab.fill("#password", road.known["passwords"][name])
    tab.click("main button[type=submit]")
    tab.wait_for_url(re.compile(r"/(devices|overview|register)"))
    return tab


def it_looks(road: Road) -> str:
    """IT sees the laptop and what it did, and no register."""
    tab = logged_in(road, "ingrid", "nl-NL")
    tab.goto(f"{URL}/devices")
    road.look(tab, "it-devices", whole=True)
    tab.goto(f"{URL}/devices/{road.known['device']}")
    road.look(tab, "it-device", whole=True)
    nothing_of_pupils(road, tab.content())
    closed = tab.goto(f"{URL}/register")
    assert closed is not None
    assert closed.status == 403, closed.status
    tab.context.close()
    return "the laptop with its events; the register is closed to IT"


def found(road: Road) -> str:
    """The officer finds the report by the number that was noted down, and makes an entry of it."""
    tab = logged_in(road, "olaf", "da-DK")
    road.known["tab"] = tab
    tab.goto(f"{URL}/register")
    tab.fill("#receipt", road.known["number"])
    tab.press("#receipt", "Enter")
    tab.wait_for_selector("form[action$='/breach']")
    road.known["event"] = tab.url
    road.look(tab, "officer-event", whole=True)
    tab.click("form[action$='/breach'] button")
    tab.wait_for_url("**/register/**")
    road.known["entry"] = tab.url.removeprefix(URL)
    assert SAID not in tab.content(), "the collector holds no key"
    road.look(tab, "officer-entry", whole=True)
    return f"{road.known['number']} became {road.known['entry']}"


def opened(road: Road) -> str:
    """What the person wrote is opened in the officer's browser, with the officer's key."""
    tab = road.known["tab"]
    tab.goto(road.known["event"])
    tab.select_option("#purpose", "judge")
    tab.fill("#why", WHY)
    tab.click(f"text={WORDS.text('opening.page')}")
    tab.wait_for_url("**/open")
    tab.set_input_files("#identity", str(road.known["reserve"]))
    tab.set_input_files("#identity", str(road.known["officer"]))
    tab.click("#open")
    tab.wait_for_selector("#told.good, #told.bad")
    road.look(tab, "officer-opened", whole=True)
    assert WORDS.text("opener.opened") in tab.inner_text("#told")
    assert SAID in tab.inner_text("#details")
    secret = road.known["officer"].read_text("ascii").splitlines()[-1]
    assert secret not in tab.content()
    tab.click("#forget")
    return "what the person wrote can be read, and the key went nowhere"


def worked(road: Road) -> str:
    """The breach goes through its three phases, with what goes wrong on the way."""
    case = InBrowser(tab=road.known["tab"], entry=road.known["entry"], top=URL)
    for part in (story.begin, story.classify, story.tell, story.contain, story.normalise):
        part(case)
        case.page("/plan")
        road.look(case.tab, f"breach-{part.__name__}", whole=True)
    case.page()
    road.look(case.tab, "breach-closed", whole=True)
    return f"{WORDS.text('plan.closed')}: {case.entry}"


def exported(road: Road) -> str:
    """The form for the authority, and the register as PDF and for a spreadsheet."""
    tab = road.known["tab"]
    tab.goto(f"{URL}{road.known['entry']}/papers")
    road.look(tab, "breach-papers", whole=True)
    tab.goto(f"{URL}/register")
    road.look(tab, "register", whole=True)
    sizes = {}
    for kind in ("csv", "json", "pdf"):
        with tab.expect_download() as saved:
            tab.click(f"a[href='/register/export?format={kind}']")
        file = road.work / f"register.{kind}"
        saved.value.save_as(file)
        sizes[kind] = file.stat().st_size
    assert "Mistet USB-stik" in (road.work / "register.csv").read_text("utf-8-sig")
    assert (road.work / "register.pdf").read_bytes()[:5] == b"%PDF-"
    road.sh(f"{COLLECTOR} breach verify")
    tab.context.close()
    return ", ".join(f"{kind} {size} bytes" for kind, size in sizes.items())


STEPS = (
    Step(
        name="IT pulls by API",
        expected="what happened, with a token, and nothing of pupils",
        work=pulled,
        needs=("the report arrives",),
    ),
    Step(
        name="IT pulls by command",
        expected="the same on the command line",
        work=reported,
        needs=("the report arrives",),
    ),
    Step(
        name="IT at the console",
        expected="the laptop and its events, and no register",
        work=it_looks,
        needs=("first people", "enrol"),
    ),
    Step(
        name="the officer finds it",
        expected="by its number; one step to an entry of the register",
        work=found,
        needs=("first people", "the report arrives"),
    ),
    Step(
        name="sealed details",
        expected="opened in the browser with the officer's key",
        work=opened,
        needs=("the officer finds it",),
    ),
    Step(
        name="the breach is worked",
        expected="through its three phases to the closed entry",
        work=worked,
        needs=("the officer finds it",),
    ),
    Step(
        name="handed over",
        expected="the register as CSV, JSON and PDF, its history whole",
        work=exported,
        needs=("the breach is worked",),
    ),
)

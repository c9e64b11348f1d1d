"""The laptop on its way, with everything beside it: what was made, what was seen, who looks on.

The collector runs on the laptop too, under the name that the organisation gives it. Browsers run on
the host and come in through tunnels, each as the person who sits at it: the laptop is emulated, and
a browser in it would take minutes for a page.
"""

import contextlib
import json
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.test_server_browser import CHROMIUM, QUIET
from tests.vm.laptop.machine import GuestError, Laptop
from tests.vm.mission.tunnel import Tunnel, dig

NAME = "dossierwacht.school.example"
PORT = 8443
URL = f"https://{NAME}:{PORT}"
OFFICE = "/srv/office"
"""A folder of the laptop in which the people of the office keep what they make."""
PASSWORD = "letmein"  # the laptop's invented user
PAGE_PATIENCE = 180_000.0
"""Milliseconds a page of the emulated laptop may take."""

_RECORD = """\
import json, sqlite3
at = sqlite3.connect("file:/var/lib/dossierwacht/journal.db?mode=ro", uri=True)
read = json.JSONDecoder().raw_decode  # a digest stands behind the event
for place, body in at.execute("SELECT place, body FROM record WHERE place > {after} ORDER BY 1"):
    event = read(body.decode("utf-8", "replace"))[0]
    print(json.dumps({{"decision": None, "outcome": None, **event, "place": place}}))
"""
PAUSE = 2.5
"""Seconds between two looks: each costs the laptop as much as a real one spends on starting."""


@dataclass
class Road:
    """Everything a step needs. ``known`` is what earlier steps found out."""

    laptop: Laptop
    work: Path
    pictures: Path
    log: Path
    held: contextlib.ExitStack
    known: dict[str, Any] = field(default_factory=dict)
    _browser: Browser | None = None

    def say(self, text: str) -> None:
        """A line of the log."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def sh(self, command: str, timeout: float = 300.0, given: bytes | None = None) -> str:
        """Run a command as root and note both in the log; what it printed. Raises GuestError."""
        self.say(f"# {command}")
        try:
            said = self.laptop.sh(command, timeout, given)
        except GuestError as error:
            self.say(f"! {error}")
            raise
        self.say(said.rstrip())
        return said

    def refused(self, command: str) -> str:
        """What a command says that must fail. Raises AssertionError if it does not."""
        self.say(f"# {command}")
        done = self.laptop.tried(command)
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        self.say(f"{said} (exit code {done.returncode})")
        assert done.returncode != 0, f"it succeeded: {command}"
        assert "Traceback" not in said, said[-300:]
        return said

    def answers(self) -> None:
        """Wait until the agent answers."""
        self.laptop.wait_until("dossierwacht status --json | grep -q version", 600, PAUSE)

    def as_staff(self, command: str, timeout: float = 300.0) -> str:
        """Run a command as the logged-in staff member."""
        return self.sh(f"as-staff sh -c {shlex.quote(command)}", timeout)

    def until(self, holds: Callable[[], Any], patience: float, what: str) -> Any:
        """What ``holds`` answers once it is true. Raises AssertionError."""
        end = time.monotonic() + patience
        while not (found := holds()):
            assert time.monotonic() < end, f"{what}: not within {patience:.0f} s"
            time.sleep(PAUSE)
        return found

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """What the laptop has on record beyond a place, oldest first; each with its ``place``.

        The record and not the journal, which forgets what the collector has.
        """
        said = self.laptop.sh("/usr/bin/python3 -", given=_RECORD.format(after=after).encode())
        return [json.loads(line) for line in said.splitlines()]

    def last(self) -> int:
        """The place of the last event on record."""
        events = self.events()
        return int(events[-1]["place"]) if events else 0

    def event(
        self, kind: str, after: int, patience: float = 300.0, *, alone: bool = False
    ) -> dict[str, Any]:
        """The first event of a kind beyond a place, once it is known what came of it.

        Somebody is at the laptop meanwhile, unless it is left ``alone``.
        """

        def there() -> list[dict[str, Any]]:
            if not alone:
                self.key("shift")
            found = [one for one in self.events(after) if one["kind"] == kind]
            return [one for one in found if one["outcome"] or not _acted_on(one)]

        found: dict[str, Any] = self.until(there, patience, f"an event {kind}")[0]
        self.say(f"event {kind}: {found['facts']} {found['outcome']}")
        return found

    def screen(self, name: str) -> Path:
        """A picture of the laptop's screen."""
        path = self.pictures / f"{name}.png"
        self.laptop.qmp.picture(path.resolve())
        return path

    def key(self, *names: str) -> None:
        """Press keys of the laptop together, once."""
        self.laptop.qmp("send-key", keys=[{"type": "qcode", "data": name} for name in names])

    def is_locked(self) -> bool:
        """Whether logind takes the staff member's screen for locked."""
        said = self.laptop.sh(
            'id=$(loginctl list-sessions --no-legend | awk \'$3 == "teacher" && $4 == "seat0"'
            " {print $1; exit}'); loginctl show-session $id -p LockedHint"
        )
        return "LockedHint=yes" in said

    def unlock(self) -> None:
        """Type the password until the screen is open. Raises AssertionError."""

        def opened() -> bool:
            if self.is_locked():
                self.laptop.qmp.type(PASSWORD + "\n", pause=0.4)
                time.sleep(8)
            return not self.is_locked()

        self.until(opened, 120, "the right password opens the screen")

    def awake(self) -> None:
        """Somebody is at the laptop, and its screen is open."""
        self.key("shift")
        self.unlock()

    def tunnel(self, who: str, there: int, here: int = 0) -> Tunnel:
        """A way into the laptop that ends with the journey."""
        made = dig(self.laptop, who, there, here)
        self.held.callback(made.end)
        return made

    @property
    def door(self) -> int:
        """The port of this machine that leads to the collector."""
        if "door" not in self.known:
            self.known["door"] = self.tunnel("root", PORT).port
        return int(self.known["door"])

    def browser(self) -> Browser:
        """A browser on this machine that finds the collector by its name."""
        if self._browser is None:
            playwright = self.held.enter_context(sync_playwright())
            way = f"--host-resolver-rules=MAP {NAME}:{PORT} 127.0.0.1:{self.door}"
            self._browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, way])
            self.held.callback(self._browser.close)
        return self._browser

    def tab(self, language: str, height: int = 900) -> Page:
        """A page of a new person at the browser."""
        context = self.browser().new_context(
            ignore_https_errors=True,
            locale=language,
            timezone_id="Europe/Amsterdam",
            viewport={"width": 1280, "height": height},
        )
        context.set_default_timeout(PAGE_PATIENCE)
        return context.new_page()

    def look(self, page: Page, name: str, *, whole: bool = False) -> None:
        """A picture of a page, once all of it is there."""
        page.wait_for_load_state("networkidle")
        page.screenshot(path=self.pictures / f"{name}.png", full_page=whole)


def _acted_on(event: dict[str, Any]) -> bool:
    decision = event["decision"] or {}
    return bool(decision.get("enforced")) and decision.get("action") != "report"

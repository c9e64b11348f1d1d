"""A console to visit: a collector with people who log in, and laptops that reported things."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from agent.wire import event as wire
from tests.collector_on_loopback import Laptop, Running, collector, pupil_file

PASSWORDS = {
    "ingrid": "it-invented-password",
    "olaf": "officer-invented-password",
    "maaike": "management-invented-password",
    "renske": "reader-invented-password",
    "dirk": "director-invented-password",
    "fleur": "second-invented-password",
}
ROLES = {
    "ingrid": "it",
    "olaf": "officer",
    "maaike": "management",
    "dirk": "director",
    "fleur": "second",
}


@dataclass
class Console:
    """The collector, and the laptop that has most to tell."""

    running: Running
    laptop: Laptop

    def session(self, name: str, language: str = "en") -> requests.Session:
        """A browser's session, logged in as one of the invented people."""
        made = self.stranger(language)
        reply = self.log_in(made, name, PASSWORDS[name])
        assert reply.status_code == 303, reply.text
        return made

    def stranger(self, language: str = "en") -> requests.Session:
        made = self.running.connect()
        made.trust_env = False
        made.verify = self.running.ca
        made.headers["Accept-Language"] = language
        return made

    def log_in(self, session: requests.Session, name: str, password: str) -> requests.Response:
        return session.post(
            self.running.url + "/login",
            data={"name": name, "password": password},
            headers={"Origin": self.running.url},
            allow_redirects=False,
            timeout=20,
        )

    def get(self, session: requests.Session, path: str) -> requests.Response:
        return session.get(self.running.url + path, allow_redirects=False, timeout=20)

    def post(
        self, session: requests.Session, path: str, origin: str | None = "", **form: str
    ) -> requests.Response:
        headers = {} if origin is None else {"Origin": origin or self.running.url}
        return session.post(
            self.running.url + path, data=form, headers=headers, allow_redirects=False, timeout=20
        )

    def csrf(self, session: requests.Session) -> str:
        page = self.get(session, "/account").text
        return page.partition('name="csrf" value="')[2].partition('"')[0]

    def give_reason(
        self, session: requests.Session, seq: int, way: str = "file", **form: str
    ) -> requests.Response:
        """Say why the sealed part of an event is opened."""
        given = {"reason": "judge", "text": "A list lay in a shared folder", "way": way} | form
        path = f"/devices/{self.laptop.name}/{seq}/opening"
        return self.post(session, path, csrf=self.csrf(session), **given)


def add_reader(at: Console, name: str, number: str) -> None:
    """Somebody who reads one entry."""
    words = ("user", "add", name, "--role", "reader", "--case", number, "--password-stdin")
    at.running.command(*words, given=PASSWORDS[name] + "\n")


@contextmanager
def console(state: Path, database: str = "") -> Iterator[Console]:
    with collector(state, "--timezone", "Europe/Amsterdam", database=database) as running:
        for name, role in ROLES.items():
            given = PASSWORDS[name] + "\n"
            running.command("user", "add", name, "--role", role, "--password-stdin", given=given)
        laptop = running.laptop()
        laptop.receipt(*week())
        laptop.receipt("not an event")
        running.laptop().receipt(pupil_file())
        running.laptop()
        yield Console(running, laptop)


def week() -> list[wire.Event]:
    """A bit of everything that a laptop tells, acted on or not, and one kind nobody foresaw."""
    held = wire.DecisionPart(
        action="seal-file", rule="downloads", enforced=False, held="first-days"
    )
    parts: list[dict[str, object]] = [
        {"kind": "agent-started", "facts": {"mode": "enforce", "policy-version": 3, "resumed": 0}},
        {"kind": "pupil-file-found"},
        {"kind": "pupil-file-found", "decision": held, "outcome": None},
        {"kind": "unreadable-file-found", "facts": {"place": "mail", "reason": "encrypted"}},
        {
            "kind": "usb-storage-attached",
            "facts": {
                "vendor": 0x0951,
                "product": 0x1666,
                "device": wire.digest_text(b"an invented stick"),
                "verdict": "unencrypted",
                "why": "plain-file-system",
                "size-gb": 16,
                "volumes": 1,
                "also-keyboard": False,
                "opened": False,
            },
        },
        {"kind": "usb-storage-removed", "facts": {"vendor": 0x0951, "product": 0x1666}},
        {
            "kind": "session-unattended",
            "facts": {"idle-minutes": 11, "limit-minutes": 10, "source": "input-devices"},
        },
        {"kind": "session-resumed", "facts": {"away-minutes": 25, "session": "x11"}},
        {"kind": "coverage-lost", "facts": {"what": "usb", "gap": "missing", "count": 0}},
        {"kind": "coverage-restored", "facts": {"what": "usb"}},
        {"kind": "collector-failed", "facts": {"collector": "usb", "failures": 2}},
        {"kind": "journal-gap", "facts": {"cause": "disk-full", "dropped": 12, "kinds": []}},
        {"kind": "printed-elsewhere", "facts": {"pages": 4, "colour": True}},
        {"kind": "leak-reported", "facts": {"what": "lost-stick", "ongoing": True}},
    ]
    begin = datetime.now(UTC) - timedelta(hours=30)
    made = []
    for number, part in enumerate(parts):
        moment = begin + timedelta(minutes=97 * number)
        quiet = {} if part["kind"] == "pupil-file-found" else {"decision": None, "outcome": None}
        made.append(pupil_file(observed_at=moment, recorded_at=moment, **(quiet | part)))
    return made

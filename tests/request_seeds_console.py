"""Valid requests to the console, as browsers send them.

Pages are asked for their forms as a browser does, and the addresses come from the table of doors,
so what is added to the console is among them by itself.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from random import Random
from urllib.parse import urlencode, urljoin

import requests

from tests.console_visit import Console, add_reader
from tests.request_seeds import Draft, Seed
from tests.test_server_doors import DOORS, NOBODY, filled

GUEST, PASSWORD = "gerda", "guest-invented-password"
"""Whose logins may end and whose second factor may change."""
FORM = "application/x-www-form-urlencoded"


class People:
    """Everybody's login at a console that has an entry and its reader."""

    def __init__(self, at: Console) -> None:
        self.at = at
        self.sessions: dict[str, requests.Session] = {}
        officer = self.of("olaf")
        path = f"/devices/{at.laptop.name}/2/breach"
        assert at.post(officer, path, csrf=at.csrf(officer)).status_code == 303
        add_reader(at, "renske", f"{datetime.now(UTC).year}-0001")
        words = ("user", "add", GUEST, "--role", "it", "--password-stdin")
        at.running.command(*words, given=PASSWORD + "\n")

    def who_opens(self, path: str, allowed: tuple[str, ...]) -> requests.Session:
        """Somebody who may; where a login may come to its end, the guest."""
        return self.of(GUEST if path.startswith(("/account", "/logout")) else allowed[0])

    def of(self, who: str) -> requests.Session:
        if who == NOBODY:
            return self.at.stranger()
        if who not in self.sessions:
            self.sessions[who] = self._logged_in(who)
        return self.sessions[who]

    def _logged_in(self, who: str) -> requests.Session:
        if who != GUEST:
            return self.at.session(who)
        made = self.at.stranger()
        assert self.at.log_in(made, GUEST, PASSWORD).status_code == 303
        return made


def pages(people: People) -> Iterator[Seed]:
    """Every page, as somebody who may see it, and the style sheet."""
    for path, allowed in _doors("GET"):
        yield _as_person(people.who_opens(path, allowed), "GET", filled(people.at, path))
    yield lambda _: Draft("GET", "/static/console.css")


def forms(people: People) -> Iterator[Seed]:
    """Every form that stands on a page, and the addresses of forms that no page shows now."""
    at, found = people.at, dict[str, Seed]()
    for path, allowed in _doors("GET"):
        session, place = people.who_opens(path, allowed), filled(at, path)
        for action, fields in forms_of(at.get(session, place).text):
            target = urljoin(place, action or place)
            found.setdefault(target, _as_person(session, "POST", target, fields))
    for path, allowed in _doors("POST"):
        session, target = people.who_opens(path, allowed), filled(at, path)
        if target not in found:
            found[target] = _as_person(session, "POST", target, {"csrf": at.csrf(session)})
    yield from found.values()


def _doors(method: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Addresses for people, with who may go there."""
    for (how, path), allowed in DOORS.items():
        if how == method and allowed and not path.startswith(("/v1/", "/api/")):
            yield path, allowed


def _as_person(
    session: requests.Session, method: str, target: str, fields: dict[str, str] | None = None
) -> Seed:
    cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())

    def make(_: Random) -> Draft:
        headers = [("Cookie", cookie), ("Accept-Language", "nl")]
        if method == "GET":
            return Draft("GET", target, headers)
        headers += [("Content-Type", FORM), ("Origin", "https://127.0.0.1")]
        return Draft("POST", target, headers, urlencode(fields or {}).encode())

    return make


class _Forms(HTMLParser):
    """The forms of a page with what a browser would send of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("method", "get").lower()
            if self.inside == "post":
                self.found.append((given.get("action", ""), {}))
        if self.inside != "post" or not self.found:
            return
        fields = self.found[-1][1]
        if tag in ("input", "button", "textarea", "select") and given.get("name"):
            self.select = given["name"] if tag == "select" else ""
            fields.setdefault(given["name"], given.get("value", ""))
        if tag == "option" and self.select:
            fields[self.select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = ""


def forms_of(page: str) -> list[tuple[str, dict[str, str]]]:
    """Where each form of a page goes, and its fields."""
    parser = _Forms()
    parser.feed(page)
    return parser.found

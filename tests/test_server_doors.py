"""Every door of the collector, tried by everybody: each address, each role, each method.

What must answer whom stands here as one table, written by hand; the routes come from the code.
A route that is added without a line here fails, and so does one that opens for another role.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests
from starlette.routing import Mount, Route

from server_stub.app import routes
from tests.console_visit import PASSWORDS, Console, add_reader, console

NOBODY = "nobody"
PEOPLE = ("ingrid", "olaf", "maaike", "renske", "dirk", "fleur")
LOOKS = ("ingrid", "olaf", "maaike")
EVERYBODY = (NOBODY, *PEOPLE)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# Who gets in, by method and address. Agents and programs carry no cookie: their doors open for
# none of these people.
DOORS: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "/v1/ca"): EVERYBODY,
    ("POST", "/v1/enrol"): (),
    ("POST", "/v1/events"): (),
    ("POST", "/v1/contact"): (),
    ("POST", "/v1/rotate"): (),
    ("GET", "/api/v1/devices"): (),
    ("GET", "/api/v1/devices/{device}"): (),
    ("GET", "/api/v1/posture"): (),
    ("GET", "/api/v1/coverage"): (),
    ("GET", "/api/v1/events"): (),
    ("GET", "/api/v1/reports"): (),
    ("GET", "/api/v1/openapi.json"): EVERYBODY,
    ("GET", "/metrics"): (),
    ("GET", "/"): PEOPLE,
    ("GET", "/login"): EVERYBODY,
    ("POST", "/login"): EVERYBODY,
    ("GET", "/login/sso"): EVERYBODY,
    ("GET", "/login/sso/done"): EVERYBODY,
    ("GET", "/login/code"): PEOPLE,
    ("POST", "/login/code"): PEOPLE,
    ("POST", "/logout"): EVERYBODY,
    ("GET", "/account"): PEOPLE,
    ("POST", "/account/password"): PEOPLE,
    ("POST", "/account/others"): PEOPLE,
    ("GET", "/account/factor"): PEOPLE,
    ("POST", "/account/factor"): PEOPLE,
    ("GET", "/account/factor.svg"): PEOPLE,
    ("POST", "/account/factor/off"): PEOPLE,
    ("GET", "/overview"): LOOKS,
    ("GET", "/figures"): LOOKS,
    ("GET", "/figures/laptops.svg"): LOOKS,
    ("GET", "/figures/events/{kind}.svg"): LOOKS,
    ("POST", "/faults/{number}/seen"): ("ingrid", "olaf"),
    ("GET", "/devices"): ("ingrid", "olaf"),
    ("GET", "/devices/{device}"): ("ingrid", "olaf"),
    ("POST", "/devices/{device}/admission/approve"): ("ingrid",),
    ("POST", "/devices/{device}/admission/revoke"): ("ingrid",),
    ("GET", "/devices/{device}/{seq}"): ("ingrid", "olaf"),
    ("GET", "/devices/{device}/{seq}/stick"): ("ingrid", "olaf"),
    ("POST", "/devices/{device}/{seq}/opening"): ("olaf",),
    ("GET", "/devices/{device}/{seq}/open"): ("olaf",),
    ("GET", "/devices/{device}/{seq}/sealed"): ("olaf",),
    ("GET", "/keys"): ("olaf",),
    ("POST", "/keys"): ("olaf",),
    ("GET", "/openings"): ("olaf", "dirk", "fleur"),
    ("GET", "/openings/{request}"): ("olaf", "dirk", "fleur"),
    ("POST", "/openings/{request}/answer"): ("olaf", "dirk", "fleur"),
    ("POST", "/openings/{request}/begin"): ("olaf",),
    ("GET", "/slips"): ("dirk",),
    ("GET", "/slips/{slip}/open"): ("dirk",),
    ("GET", "/slips/{slip}/sealed"): ("dirk",),
    ("POST", "/slips/{slip}/talked"): ("dirk",),
    ("POST", "/devices/{device}/{seq}/breach"): ("olaf",),
    ("POST", "/devices/{device}/{seq}/question"): ("olaf",),
    ("POST", "/devices/{device}/{seq}/dispute"): ("olaf",),
    ("GET", "/events"): ("ingrid", "olaf"),
    ("GET", "/events/{event}"): ("ingrid", "olaf"),
    ("GET", "/requests"): ("ingrid", "olaf"),
    ("POST", "/requests"): ("ingrid", "olaf"),
    ("GET", "/disputes"): ("ingrid", "olaf"),
    ("GET", "/policy"): ("ingrid", "olaf"),
    ("GET", "/enrolment"): ("ingrid",),
    ("POST", "/enrolment/token"): ("ingrid",),
    ("POST", "/enrolment/withdraw"): ("ingrid",),
    ("POST", "/enrolment/program"): ("ingrid",),
    ("POST", "/enrolment/program-revoke"): ("ingrid",),
    ("GET", "/register"): ("olaf",),
    ("GET", "/register/export"): ("olaf",),
    ("GET", "/register/new"): ("olaf",),
    ("POST", "/register/new"): ("olaf",),
    ("GET", "/register/{number}"): ("olaf", "renske"),
    ("GET", "/register/{number}/history"): ("olaf", "renske"),
    ("GET", "/register/{number}/dossier"): ("olaf", "renske"),
    ("GET", "/register/{number}/dossier/{section}"): ("olaf",),
    ("POST", "/register/{number}/dossier/{section}"): ("olaf",),
    ("GET", "/register/{number}/papers"): ("olaf", "renske"),
    ("GET", "/register/{number}/papers/{form}"): ("olaf",),
    ("GET", "/register/{number}/plan"): ("olaf", "renske"),
    ("POST", "/register/{number}/plan/call"): ("olaf",),
    ("POST", "/register/{number}/plan/step"): ("olaf",),
    ("POST", "/register/{number}/plan/close"): ("olaf",),
    ("POST", "/register/{number}/plan/reopen"): ("olaf",),
    ("POST", "/register/{number}/plan/task"): ("olaf",),
    ("POST", "/register/{number}/plan/task-done"): ("olaf",),
    ("POST", "/register/{number}/aware"): ("olaf",),
    ("POST", "/register/{number}/told"): ("olaf",),
    ("POST", "/register/{number}/routed"): ("olaf",),
    ("GET", "/processors"): ("ingrid", "olaf"),
    ("GET", "/processors/new"): ("olaf",),
    ("POST", "/processors/new"): ("olaf",),
    ("GET", "/processors/{processor}"): ("ingrid", "olaf"),
    ("POST", "/processors/{processor}"): ("olaf",),
    ("POST", "/processors/{processor}/remove"): ("olaf",),
    ("GET", "/calls/{call}"): ("ingrid", "olaf", "maaike"),
    ("POST", "/calls/{call}"): ("ingrid", "olaf", "maaike"),
    ("GET", "/register/{number}/readers"): ("olaf",),
    ("POST", "/register/{number}/readers"): ("olaf",),
    ("POST", "/register/{number}/readers/remove"): ("olaf",),
    ("GET", "/log"): ("olaf",),
}


VISITORS: dict[str, tuple[requests.Session, dict[str, str]]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a door answered; ``refused`` says whether it was for want of a login or a role."""

    status: int
    location: str

    @property
    def refused(self) -> bool:
        return self.status in (401, 403, 411) or (self.status, self.location) == (303, "/login")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("doors") / "state") as made:
        officer = made.session("olaf")
        path = f"/devices/{made.laptop.name}/2/breach"
        assert made.post(officer, path, csrf=made.csrf(officer)).status_code == 303
        add_reader(made, "renske", f"{datetime.now(UTC).year}-0001")
        yield made
    VISITORS.clear()


def found_doors() -> set[tuple[str, str]]:
    made = set()
    for route in routes():
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route) and route.methods
        made |= {(method, route.path) for method in route.methods - {"HEAD"}}
    return made


def test_every_door_stands_in_the_table() -> None:
    assert found_doors() == set(DOORS)


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_door_opens_for_whom_the_table_says_and_for_nobody_else(at: Console, who: str) -> None:
    wrong = []
    for (method, path), allowed in DOORS.items():
        for tried in (method, "HEAD") if method == "GET" else (method,):
            answer = knock(at, who, tried, filled(at, path))
            if path == "/logout":
                opened = (answer.status, answer.location) == (303, "/login")
            else:
                opened = not answer.refused
            if opened != (who in allowed):
                wrong.append((tried, path, answer))
    assert wrong == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_door_takes_a_method_it_was_not_made_for(at: Console, who: str) -> None:
    wrong = []
    for path in sorted({path for _, path in DOORS}):
        made_for = {method for method, place in DOORS if place == path}
        made_for |= {"HEAD"} if "GET" in made_for else set()
        for method in set(METHODS) - made_for:
            answer = knock(at, who, method, filled(at, path))
            if answer.status != 405:
                wrong.append((method, path, answer))
    assert wrong == []


def test_a_door_that_changes_something_opens_to_no_form_from_elsewhere(at: Console) -> None:
    """With the officer's cookie but without token, or from another site."""
    session = at.session("olaf")
    token = at.csrf(session)
    for method, path in DOORS:
        if method != "POST" or path.startswith(("/v1/", "/login")):
            continue
        place = filled(at, path)
        assert at.post(session, place).status_code == 403, path
        assert at.post(session, place, csrf=token[:-1] + "_").status_code == 403, path
        assert at.post(session, place, "https://evil.example", csrf=token).status_code == 403, path
        assert at.post(session, place, None, csrf=token).status_code == 403, path
        assert at.post(session, place, "null", csrf=token).status_code == 403, path


@pytest.mark.parametrize(
    "path", ["/login/", "/devices/", "/v1/events/", "/static", "//evil.example/"]
)
def test_no_answer_leads_to_a_host_that_the_caller_named(at: Console, path: str) -> None:
    session = at.stranger()
    url = at.running.url + path
    reply = session.get(url, headers={"Host": "evil.example"}, allow_redirects=False, timeout=20)
    assert reply.status_code == 404
    assert "evil.example" not in reply.headers.get("Location", "")
    assert 'href="//' not in reply.text


def test_nothing_but_the_style_sheet_is_kept_by_a_browser(at: Console) -> None:
    session, kept = at.session("olaf"), []
    for method, path in DOORS:
        if method == "GET":
            reply = at.get(session, filled(at, path))
            kept += [path] if reply.headers.get("Cache-Control") != "no-store" else []
    assert kept == []
    assert at.get(session, "/static/console.css").headers["Cache-Control"] == "no-cache"


def test_a_place_that_does_not_exist_leaves_no_line_in_the_log(at: Console) -> None:
    """Otherwise whoever may look could write whatever they like into it."""
    before = at.running.rows("SELECT count(*) FROM audit")
    session = at.session("ingrid")
    assert at.get(session, "/devices/Pim%20de%20Bruin%20%0A").status_code == 404
    assert at.get(session, f"/devices/{at.laptop.name}/999").status_code == 404
    (now,), (then,) = at.running.rows("SELECT count(*) FROM audit")[0], before[0]
    assert now - then == 1  # the login itself


def filled(at: Console, path: str) -> str:
    """An address of something that is there: an event with a sealed part, the entry made of it."""
    path = path.replace("{device}", at.laptop.name).replace("{seq}", "2")
    path = path.replace("{section}", "nature").replace("{form}", "record").replace("{call}", "1")
    path = path.replace("{processor}", "1")
    path = path.replace("{request}", "1").replace("{slip}", "1")
    path = path.replace("{event}", "2").replace("{kind}", "pupil-file-found")
    return path.replace("{number}", f"{datetime.now(UTC).year}-0001")


def knock(at: Console, who: str, method: str, path: str) -> Answer:
    """Try one door as one of the invented people, with a login that no other door has ended."""
    session, form = visitor(at, who, fresh=path in ("/login", "/logout"))
    if path == "/login":
        form = form | {"name": "ingrid", "password": PASSWORDS["ingrid"]}
    reply = session.request(
        method,
        at.running.url + path,
        data=form if method in ("POST", "PUT", "PATCH") else None,
        headers={"Origin": at.running.url},
        allow_redirects=False,
        timeout=20,
    )
    return Answer(status=reply.status_code, location=reply.headers.get("Location", ""))


def visitor(at: Console, who: str, *, fresh: bool) -> tuple[requests.Session, dict[str, str]]:
    """Somebody's browser, and the token that their forms carry."""
    if who == NOBODY:
        return at.stranger(), {}
    if fresh or who not in VISITORS:
        session = at.session(who)
        made = session, {"csrf": at.csrf(session)}
        if fresh:
            return made
        VISITORS[who] = made
    return VISITORS[who]

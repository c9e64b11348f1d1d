"""The page where IT makes tokens: what it makes works, is shown once, and is noted."""

import html
import re
from collections.abc import Iterator

import pytest

from tests.collector_on_loopback import Laptop
from tests.console_visit import Console, console
from tests.databases import Databases


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("enrolment") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def send(at: Console, path: str, **form: str) -> tuple[int, str]:
    session = at.session("ingrid")
    reply = at.post(session, path, csrf=at.csrf(session), **form)
    return reply.status_code, html.unescape(reply.text)


def noted(at: Console, act: str) -> list[tuple[str, str]]:
    return [
        (row.who, row.subject)
        for row in at.running.rows(
            "SELECT who, subject FROM audit WHERE act = :act ORDER BY id", act=act
        )
    ]


def newest(at: Console) -> str:
    return str(at.running.rows("SELECT max(id) FROM enrolment_tokens")[0][0])


def test_a_token_is_shown_once_in_a_command_that_enrols_a_laptop(at: Console) -> None:
    status, page = send(
        at, "/enrolment/token", uses="2", hours="3", group="first-years", approve="on"
    )
    found = re.search(r"<code>sudo dossierwacht enrol --server (\S+) --token (\S+)</code>", page)
    assert status == 200 and found is not None
    server, token = found.groups()
    assert server == at.running.url
    laptop = Laptop(at.running)
    assert laptop.enrol(token).status_code == 200
    (row,) = at.running.rows('SELECT state, "group" FROM devices WHERE name = :n', n=laptop.name)
    assert tuple(row) == ("waiting", "first-years")
    later = at.get(at.session("ingrid"), "/enrolment").text
    assert token not in later and "1 of 2" in later
    assert noted(at, "made-token")[-1] == ("ingrid", newest(at))


def test_a_token_that_was_withdrawn_lets_nobody_in(at: Console) -> None:
    token = at.running.token("--uses", "5")
    number = newest(at)
    assert send(at, "/enrolment/withdraw", number=number)[0] == 303
    assert Laptop(at.running).enrol(token).status_code == 403
    assert send(at, "/enrolment/withdraw", number=number)[0] == 404
    assert noted(at, "withdrew-token") == [("ingrid", number)]
    assert noted(at, "made-token")[-1] == ("terminal", number)


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"uses": "0", "hours": "1"}, "uses"),
        ({"uses": "many", "hours": "1"}, "uses"),
        ({"uses": "1", "hours": "99999"}, "hours"),
        ({"uses": "1", "hours": "1", "group": "First Years"}, "group"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    at: Console, form: dict[str, str], wrong: str
) -> None:
    before = newest(at)
    status, page = send(at, "/enrolment/token", **form)
    assert status == 422 and newest(at) == before
    assert re.findall(r'<small id="(\w+)-wrong"', page) == [wrong]
    assert f'value="{form[wrong]}"' in page  # what was written is still there


def test_a_program_gets_what_it_was_given_and_nothing_once_it_is_taken_back(at: Console) -> None:
    status, page = send(at, "/enrolment/program", name="<siem> & co", **{"scope.devices": "on"})
    found = re.search(r"<code>(dwapi-\S+)</code>", page)
    assert status == 200 and found is not None
    headers = {"Authorization": f"Bearer {found[1]}"}
    session = at.stranger()
    url = at.running.url + "/api/v1/"
    assert session.get(url + "devices", headers=headers, timeout=20).status_code == 200
    assert session.get(url + "events", headers=headers, timeout=20).status_code == 403
    shown = at.get(at.session("ingrid"), "/enrolment").text
    assert found[1] not in shown and "<siem>" not in shown
    assert send(at, "/enrolment/program-revoke", name="<siem> & co")[0] == 303
    assert session.get(url + "devices", headers=headers, timeout=20).status_code == 401
    assert noted(at, "made-api-token") == noted(at, "revoked-api-token")
    assert send(at, "/enrolment/program-revoke", name="<siem> & co")[0] == 404


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"name": " ", "scope.events": "on"}, "name"),
        ({"name": "monitor"}, "scopes"),
        ({"name": "monitor", "scope.everything": "on"}, "scopes"),
    ],
)
def test_a_program_without_a_name_or_a_purpose_gets_no_token(
    at: Console, form: dict[str, str], wrong: str
) -> None:
    status, page = send(at, "/enrolment/program", **form)
    assert status == 422
    assert re.findall(r'<small id="(\w+)-wrong"', page) == [wrong]


def test_two_programs_cannot_have_one_name(at: Console) -> None:
    assert send(at, "/enrolment/program", name="twice", **{"scope.events": "on"})[0] == 200
    status, page = send(at, "/enrolment/program", name="twice", **{"scope.events": "on"})
    assert status == 422 and "a token of this name already" in page

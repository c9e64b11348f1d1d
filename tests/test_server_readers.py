"""Readers of one entry: what they see, and that it is nothing else and nothing to write in."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.collector_on_loopback import run
from tests.console_visit import PASSWORDS, Console, add_reader, console
from tests.databases import Databases
from tests.identity_provider import CLIENT, SECRET, provider
from tests.test_server_account import acts

PARTS = ("", "/dossier", "/plan", "/papers", "/history")


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("readers") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


@pytest.fixture(scope="module")
def entries(at: Console) -> tuple[str, str]:
    """The numbers of two entries of the register: one that is read, and another."""
    officer, numbers = at.session("olaf"), []
    for seq in (2, 3):
        path = f"/devices/{at.laptop.name}/{seq}/breach"
        reply = at.post(officer, path, csrf=at.csrf(officer))
        numbers.append(reply.headers["Location"].rpartition("/")[2])
    add_reader(at, "renske", numbers[0])
    return numbers[0], numbers[1]


def test_a_reader_begins_at_their_entry_and_sees_all_its_parts(
    at: Console, entries: tuple[str, str]
) -> None:
    session, number = at.session("renske"), entries[0]
    assert at.get(session, "/").headers["Location"] == f"/register/{number}"
    for part in PARTS:
        assert at.get(session, f"/register/{number}{part}").status_code == 200, part
    assert acts(at, "renske").count("viewed-breach") >= len(PARTS)


def test_a_reader_opens_nothing_else(at: Console, entries: tuple[str, str]) -> None:
    session, (number, other) = at.session("renske"), entries
    shut = ["/register", "/register/export?format=json", "/register/new", "/log", "/overview"]
    shut += ["/devices", f"/devices/{at.laptop.name}", f"/devices/{at.laptop.name}/2", "/disputes"]
    shut += [f"/register/{number}/{one}" for one in ("readers", "papers/record", "dossier/nature")]
    shut += [f"/register/{other}{part}" for part in PARTS]
    shut += ["/register/1999-0001", f"/register/{number}%20", f"/register/{number.lower()}x"]
    for path in shut:
        assert at.get(session, path).status_code == 403, path


def test_another_entry_and_none_at_all_look_the_same(at: Console, entries: tuple[str, str]) -> None:
    session = at.session("renske")
    there = at.get(session, f"/register/{entries[1]}").text.replace(entries[1], "")
    nowhere = at.get(session, "/register/1999-0001").text.replace("1999-0001", "")
    assert there == nowhere


def test_a_reader_is_shown_no_form_and_no_link_that_is_shut(
    at: Console, entries: tuple[str, str]
) -> None:
    session, number = at.session("renske"), entries[0]
    for part in PARTS:
        page = at.get(session, f"/register/{number}{part}").text
        assert re.findall(r'action="([^"]+)"', page) == ["/logout"], part
        for link in set(re.findall(r'href="(/[^"#?]*)', page)):
            assert at.get(session, link).status_code in (200, 303), (part, link)


def test_a_reader_writes_nothing(at: Console, entries: tuple[str, str]) -> None:
    session, number = at.session("renske"), entries[0]
    csrf = at.csrf(session)
    before = at.running.rows("SELECT count(*) FROM breach_history")
    for part in ("aware", "told", "plan/step", "plan/close", "plan/task", "dossier/nature"):
        reply = at.post(session, f"/register/{number}/{part}", csrf=csrf)
        assert reply.status_code == 403, part
    assert at.running.rows("SELECT count(*) FROM breach_history") == before


def test_the_officer_adds_a_reader_who_gets_in_with_the_password_shown_once(
    at: Console, entries: tuple[str, str]
) -> None:
    officer, place = at.session("olaf"), f"/register/{entries[1]}/readers"
    csrf = at.csrf(officer)
    page = at.post(officer, place, csrf=csrf, name="rosa").text
    found = re.search(r"<code>([a-z2-9-]{29})</code>", page)
    assert found
    assert found[1] not in at.get(officer, place).text
    session = at.stranger()
    assert at.log_in(session, "rosa", found[1]).status_code == 303
    assert at.get(session, f"/register/{entries[1]}").status_code == 200
    assert at.get(session, f"/register/{entries[0]}").status_code == 403
    assert at.post(officer, f"{place}/remove", csrf=csrf, name="rosa").status_code == 303
    assert at.get(session, f"/register/{entries[1]}").headers["Location"] == "/login"
    assert {"added-reader", "removed-reader"} <= set(acts(at, "olaf"))


def test_only_a_reader_of_that_entry_can_be_removed_there(
    at: Console, entries: tuple[str, str]
) -> None:
    officer = at.session("olaf")
    csrf = at.csrf(officer)
    for name in ("ingrid", "olaf", "renske", "nobody"):
        at.post(officer, f"/register/{entries[1]}/readers/remove", csrf=csrf, name=name)
    names = {one["name"] for one in json.loads(at.running.command("user", "list", "--json"))}
    assert {"ingrid", "olaf", "renske"} <= names


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb", "ingrid", "olaf"])
def test_a_name_that_is_none_or_taken_is_refused(
    at: Console, entries: tuple[str, str], name: str
) -> None:
    officer = at.session("olaf")
    place = f"/register/{entries[0]}/readers"
    assert at.post(officer, place, csrf=at.csrf(officer), name=name).status_code == 422
    assert at.log_in(at.stranger(), "ingrid", PASSWORDS["ingrid"]).status_code == 303


def test_a_reader_can_come_in_through_the_organisation(
    at: Console, entries: tuple[str, str]
) -> None:
    with provider() as idp:
        words = ("login", "oidc", "--issuer", idp.url, "--client-id", CLIENT)
        at.running.command(*words, "--client-secret-stdin", given=SECRET + "\n")
        officer, place = at.session("olaf"), f"/register/{entries[0]}/readers"
        form = {"csrf": at.csrf(officer), "name": "ruben", "sso": "subject-7"}
        page = at.post(officer, place, **form)
        assert (page.status_code, "<code>" in page.text) == (200, False)
        taken = at.post(officer, place, **(form | {"name": "rik"}))
        assert taken.status_code == 422
    at.running.command("login", "oidc-off")
    rows = at.running.rows("SELECT sso, password FROM users WHERE name = 'ruben'")
    assert [tuple(row) for row in rows] == [("subject-7", "")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "reader"), "--case"),
        (("--role", "it", "--case", "2026-0001"), "--case"),
        (("--role", "reader", "--case", "1999-0001"), "1999-0001"),
    ],
)
def test_a_reader_has_one_entry_that_is_there(
    at: Console, words: tuple[str, ...], said: str
) -> None:
    words = ("user", "add", "rein", *words, "--generate")
    done = run(at.running.state, *words, database=at.running.database)
    assert (done.returncode, said in done.stderr) == (1, True)
    assert "rein" not in at.running.command("user", "list")

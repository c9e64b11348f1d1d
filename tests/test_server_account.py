"""The page of one's own account: the password, and where one is logged in."""

from collections.abc import Iterator

import pytest

from tests.console_visit import PASSWORDS, Console, console
from tests.databases import Databases

NEW = "another-invented-password"


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("account") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


def person(at: Console, name: str, role: str = "it") -> None:
    """Somebody of their own for a test, with a known password."""
    given = PASSWORDS["ingrid"] + "\n"
    at.running.command("user", "add", name, "--role", role, "--password-stdin", given=given)
    PASSWORDS[name] = PASSWORDS["ingrid"]


def acts(at: Console, name: str) -> list[str]:
    rows = at.running.rows("SELECT act FROM audit WHERE who = :who ORDER BY id", who=name)
    return [row[0] for row in rows]


def test_a_new_password_needs_the_old_one_and_ends_the_other_logins(at: Console) -> None:
    person(at, "petra")
    here, there = at.session("petra"), at.session("petra")
    form = {"old": PASSWORDS["petra"], "new": NEW, "again": NEW, "csrf": at.csrf(here)}
    assert at.post(here, "/account/password", **form).status_code == 303
    assert at.get(here, "/account").status_code == 200
    assert at.get(there, "/account").headers["Location"] == "/login"
    assert at.log_in(at.stranger(), "petra", PASSWORDS["petra"]).status_code == 401
    assert at.log_in(at.stranger(), "petra", NEW).status_code == 303
    assert "changed-password" in acts(at, "petra")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"old": "not the password"}, "not right"),
        ({"again": NEW + "!"}, "differ"),
        ({"new": "short", "again": "short"}, "at least 12"),
        ({"new": "", "again": ""}, "at least 12"),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    at: Console, changes: dict[str, str], said: str
) -> None:
    session = at.session("ingrid")
    form = {"old": PASSWORDS["ingrid"], "new": NEW, "again": NEW, "csrf": at.csrf(session)}
    reply = at.post(session, "/account/password", **(form | changes))
    assert reply.status_code == 422
    assert said in reply.text
    assert at.log_in(at.stranger(), "ingrid", PASSWORDS["ingrid"]).status_code == 303


def test_the_old_password_cannot_be_guessed_at_an_open_screen(at: Console) -> None:
    person(at, "pim")
    session = at.session("pim")
    form = {"old": "wrong", "new": NEW, "again": NEW, "csrf": at.csrf(session)}
    tries = [at.post(session, "/account/password", **form).status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]


def test_ones_own_logins_are_listed_and_the_others_can_be_ended(at: Console) -> None:
    person(at, "paula", "management")
    here, there = at.session("paula"), at.session("paula")
    page = at.get(here, "/account").text
    assert page.count("127.0.0.1") == 2
    assert page.count("this one") == 1
    assert at.post(here, "/account/others", csrf=at.csrf(here)).status_code == 303
    assert at.get(here, "/account").text.count("127.0.0.1") == 1
    assert at.get(there, "/overview").headers["Location"] == "/login"
    assert at.get(at.session("olaf"), "/account").status_code == 200
    assert "ended-logins" in acts(at, "paula")

"""The crisis team: called by the officer, told by mail, and each says that they come."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from server_stub import wording
from server_stub.post import letters, reminders
from server_stub.post.letters import Desk
from server_stub.post.reminders import Reader, Step, TeamCall
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGLISH = wording.load()["en"]
CALL = TeamCall(id=3, number="2026-0007", called_at=NOON)


def reader(*steps: Step, brief: bool = False) -> Reader:
    return Reader(
        who="user:maaike",
        address="maaike@school.example",
        language="nl",
        steps=frozenset(steps),
        brief=brief,
    )


def test_a_call_is_told_once_to_those_in_the_team() -> None:
    due = reminders.due_now([], [], {}, NOON, NOON, [CALL])
    mine = reader(Step.CALLED)
    assert [one.call for one in reminders.for_reader(mine, due, {})] == [CALL]
    assert reminders.for_reader(reader(Step.OVER), due, {}) == []
    sent = {(due[0].key, mine.who): NOON}
    assert reminders.for_reader(mine, due, sent) == []
    other = TeamCall(id=4, number="2026-0007", called_at=NOON)
    again = reminders.due_now([], [], {}, NOON, NOON, [CALL, other])
    assert [one.call for one in reminders.for_reader(mine, again, sent)] == [other]


@pytest.mark.parametrize("language", ["en", "nl", "da"])
def test_the_mail_has_the_number_and_the_link_also_for_who_reads_in_brief(language: str) -> None:
    told = wording.load()[language]
    desk = Desk(wording=told, zone=UTC, url="https://collector.example")
    due = reminders.due_now([], [], {}, NOON, NOON, [CALL])
    made = letters.letter(desk, reader(Step.CALLED, brief=True), due)
    assert told.text("mail.called", number="2026-0007") in made.subject
    assert "https://collector.example/calls/3" in made.text
    assert told.text("mail.next.come") in made.text


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("calls") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def test_the_team_is_called_and_its_people_say_that_they_come(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="attack", noticed_at="2026-11-20T09:30"
    )
    entry = made.headers["Location"].removesuffix("/dossier")
    assert ENGLISH.text("call.no-team")[:30] in at.get(olaf, f"{entry}/plan").text
    at.running.command("user", "team", "maaike", "yes")
    assert "maaike" in at.get(olaf, f"{entry}/plan").text
    assert ENGLISH.text("call.mail-off") in at.get(olaf, f"{entry}/plan").text
    for _ in range(2):
        assert at.post(olaf, f"{entry}/plan/call", csrf=csrf).status_code == 303
    assert len(at.running.rows("SELECT 1 FROM breach_calls")) == 1, "pressed twice is called once"
    maaike = at.session("maaike")
    page = at.get(maaike, "/calls/1")
    assert ENGLISH.text("call.title", number=entry.rpartition("/")[2]) in page.text
    assert "attack" not in page.text, "what happened is not told here"
    for _ in range(2):
        assert at.post(maaike, "/calls/1", csrf=at.csrf(maaike)).status_code == 303
    assert ENGLISH.text("call.noted") in at.get(maaike, "/calls/1").text
    history = at.get(olaf, f"{entry}/history").text
    assert history.count(ENGLISH.word("call-answered")) == 1
    assert ENGLISH.word("team-called") in history


def test_a_call_is_nobody_elses(at: Console) -> None:
    ingrid = at.session("ingrid")
    assert at.get(ingrid, "/calls/1").status_code == 404
    assert at.post(ingrid, "/calls/1", csrf=at.csrf(ingrid)).status_code == 404
    for path in ("/calls/2", "/calls/-1", "/calls/x", "/calls/99999999999"):
        assert at.get(at.session("olaf"), path).status_code == 404
    at.running.command("user", "team", "maaike", "no")
    assert at.get(at.session("maaike"), "/calls/1").status_code == 404

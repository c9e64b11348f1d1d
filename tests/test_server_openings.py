"""Before sealed details can be had, the officer says why; and that they did stays to be seen."""

import html
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from server_stub import wording
from server_stub.openings import Purpose, Way, wrong_with
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.databases import Databases


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("openings") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


@pytest.fixture
def seq(at: Console) -> int:
    """An event that nobody opened yet."""
    at.laptop.receipt(pupil_file())
    return at.laptop.seq


def place(at: Console, seq: int) -> str:
    return f"/devices/{at.laptop.name}/{seq}"


@pytest.mark.parametrize("end", ["open", "sealed"])
def test_without_a_reason_both_ways_lead_back_to_where_it_is_asked(
    at: Console, seq: int, end: str
) -> None:
    reply = at.get(at.session("olaf"), f"{place(at, seq)}/{end}")
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{place(at, seq)}#sealed")
    fetched = "SELECT count(*) FROM audit WHERE act = 'fetched-sealed' AND subject = :subject"
    assert at.running.rows(fetched, subject=f"{at.laptop.name}/{seq}")[0][0] == 0


@pytest.mark.parametrize(("way", "end"), [(Way.PAGE, "open"), (Way.FILE, "sealed"), ("x", "open")])
def test_a_reason_leads_on_and_is_noted_first(at: Console, seq: int, way: str, end: str) -> None:
    officer = at.session("olaf")
    reply = at.give_reason(officer, seq, way)
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{place(at, seq)}/{end}")
    audit = "SELECT who FROM audit WHERE act = 'opened-sealed' AND subject = :subject"
    assert at.running.rows(audit, subject=f"{at.laptop.name}/{seq}") == [("olaf",)]
    rows = "SELECT who, reason, text FROM openings WHERE device = :device AND seq = :seq"
    kept = at.running.rows(rows, device=at.laptop.name, seq=seq)
    assert kept == [("olaf", "judge", "A list lay in a shared folder")]
    assert at.get(officer, f"{place(at, seq)}/{end}").status_code == 200


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"reason": ""}, "which-purpose"),
        ({"reason": "curious"}, "which-purpose"),
        ({"text": "  "}, "why-opened"),
        ({"text": "x" * 201}, "too-long"),
        ({"text": "about 123456782"}, "a-person"),
        ({"text": "about 010190-1234"}, "a-person"),
        ({"text": "ask sofie@school.example"}, "a-person"),
    ],
)
def test_a_reason_that_cannot_be_taken_opens_nothing(
    at: Console, seq: int, form: dict[str, str], wrong: str
) -> None:
    officer = at.session("olaf")
    reply = at.give_reason(officer, seq, **form)
    assert reply.status_code == 422
    assert wording.load()["en"].text(f"wrong.{wrong}") in html.unescape(reply.text)
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    rows = "SELECT count(*) FROM openings WHERE device = :device AND seq = :seq"
    assert at.running.rows(rows, device=at.laptop.name, seq=seq)[0][0] == 0


def test_a_reason_is_for_one_event_and_not_for_ever(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    at.give_reason(officer, seq)
    assert at.get(officer, f"{place(at, 2)}/sealed").status_code == 303
    old = text("UPDATE openings SET at = '2026-01-01 12:00:00' WHERE seq = :seq")
    with at.running.store() as store:
        store.write(lambda connection: connection.execute(old, {"seq": seq}))
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303


def test_it_neither_opens_nor_reads_what_the_officer_wrote_but_sees_that_and_why(
    at: Console, seq: int
) -> None:
    officer, it = at.session("olaf"), at.session("ingrid")
    assert at.give_reason(it, seq).status_code == 403
    for end in ("open", "sealed"):
        assert at.get(it, f"{place(at, seq)}/{end}").status_code == 403
    at.give_reason(officer, seq, reason="asked", text="Her parents wrote a letter")
    words = wording.load()["en"]
    seen, shown = at.get(it, place(at, seq)).text, at.get(officer, place(at, seq)).text
    for page in (seen, shown):
        assert words.text("opening.title") in page
        assert words.word("asked", "purpose") in page
    assert "Her parents wrote" in shown
    assert "Her parents wrote" not in seen
    assert "olaf" not in seen


def test_an_event_without_sealed_details_has_nothing_to_open(at: Console) -> None:
    at.laptop.receipt(pupil_file(sealed=""))
    officer, seq = at.session("olaf"), at.laptop.seq
    assert at.give_reason(officer, seq).status_code == 404
    assert at.get(officer, f"{place(at, seq)}/open").status_code == 404


def test_only_the_page_that_opens_has_a_script_and_may_fetch(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    at.give_reason(officer, seq, Way.PAGE)
    opener = at.get(officer, f"{place(at, seq)}/open")
    assert opener.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'"
    )
    assert opener.text.count("<script") == 1
    for path in (place(at, seq), "/devices", "/overview", "/log", "/register", "/login"):
        reply = at.get(officer, path)
        assert "<script" not in reply.text, path
        assert "script-src" not in reply.headers["Content-Security-Policy"], path


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_a_word_in_every_language(purpose: Purpose) -> None:
    assert wrong_with(purpose, "because") == ""
    for one in wording.load().values():
        assert f"purpose.{purpose}" in one.words

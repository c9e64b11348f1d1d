"""The way back to a laptop, at a real collector: questions, requests, openings that are told."""

import html
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests
from sqlalchemy import text

from agent.wire import event as wire
from agent.wire.contact import MOST_DONE, TAKES_LETTERS, News
from agent.wire.letters import MOST_LETTERS, Letter, reference
from server_stub import letters, wording
from server_stub.storage.store import Store
from tests.collector_on_loopback import Laptop, pupil_file
from tests.console_visit import Console, add_reader, console
from tests.test_server_contact import news

WORDS = wording.load()["en"]
QUIET: dict[str, Any] = {"decision": None, "outcome": None}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("letters") / "state") as made:
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


@pytest.fixture
def laptop(at: Console) -> Laptop:
    """A laptop to which nothing was written yet."""
    return at.running.laptop()


def leak(laptop: Laptop) -> int:
    """Somebody reports a leak there; the event's number."""
    facts = {"what": "lost-stick", "ongoing": True}
    laptop.receipt(pupil_file(kind="leak-reported", facts=facts, **QUIET))
    return laptop.seq


def wish(laptop: Laptop, **facts: Any) -> int:
    """Somebody asks whether they may use something."""
    told = {"what": "app", "wanted-days": 30} | facts
    laptop.receipt(pupil_file(kind="permission-asked", facts=told, **QUIET))
    return laptop.seq


def brought(laptop: Laptop, **said: Any) -> list[Letter]:
    found = news(laptop, wire=TAKES_LETTERS, **said).letters
    return [] if isinstance(found, msgspec.UnsetType) else found


def ask(
    at: Console, laptop: Laptop, seq: int, says: str, who: str = "olaf", **form: str
) -> requests.Response:
    session = at.session(who)
    path = f"/devices/{laptop.name}/{seq}/question"
    return at.post(session, path, csrf=at.csrf(session), text=says, **form)


def answer(
    at: Console, laptop: Laptop, seq: int, who: str = "ingrid", **form: str
) -> requests.Response:
    session = at.session(who)
    given = {"device": laptop.name, "seq": str(seq), "what": "granted"} | form
    return at.post(session, "/requests", csrf=at.csrf(session), **given)


def shown(reply: requests.Response) -> str:
    return html.unescape(reply.text)


def page(at: Console, path: str, who: str = "olaf") -> str:
    reply = at.get(at.session(who), path)
    assert reply.status_code == 200, reply.text
    return shown(reply)


def test_a_question_reaches_the_laptop_and_its_answer_stands_beside_it(
    at: Console, laptop: Laptop
) -> None:
    seq = leak(laptop)
    here = f"/devices/{laptop.name}/{seq}"
    reply = ask(at, laptop, seq, "Was the stick\nencrypted?")
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{here}#questions")
    assert WORDS.text("letter.waits") in page(at, here)
    (letter,) = brought(laptop)
    assert (letter.what, letter.text, letter.by) == (
        "question",
        "Was the stick encrypted?",
        "officer",
    )
    assert letter.kind == "leak-reported"
    assert "olaf" not in msgspec.json.encode(letter).decode(), "a role, and no name"
    assert brought(laptop) == [letter], "until the laptop says that it has it"
    assert brought(laptop, heard=[letter.number]) == []
    assert WORDS.text("letter.brought") in page(at, here)
    assert "Was the stick encrypted?" in page(at, "/requests")
    laptop.receipt(
        pupil_file(kind="leak-answered", facts={"letter": reference(letter.number)}, **QUIET)
    )
    link = f'<a href="/devices/{laptop.name}/{laptop.seq}">'
    assert link in page(at, here)
    officer = at.session("olaf")
    made = at.post(officer, f"{here}/breach", csrf=at.csrf(officer))
    assert link in page(at, made.headers["Location"])
    again = ask(at, laptop, seq, "And where?", **{"from": "entry"})
    assert again.headers["Location"] == made.headers["Location"] + "#questions"


def test_it_reads_no_question_and_a_reader_no_word_of_one(at: Console, laptop: Laptop) -> None:
    seq = leak(laptop)
    ask(at, laptop, seq, "Was it the care file?")
    here = f"/devices/{laptop.name}/{seq}"
    for path in (here, "/requests"):
        assert "care file" not in page(at, path, "ingrid")
        assert "care file" in page(at, path)
    officer = at.session("olaf")
    entry = at.post(officer, f"{here}/breach", csrf=at.csrf(officer)).headers["Location"]
    assert "care file" in page(at, entry)
    add_reader(at, "renske", entry.rpartition("/")[2])
    assert "care file" not in page(at, entry, "renske")


@pytest.mark.parametrize(
    ("says", "wrong"),
    [
        ("   ", "what-question"),
        ("x" * 1001, "too-long"),
        ("Is 123456782 in it?", "a-person"),
        ("Was it sofie@school.example?", "a-person"),
        ("Fill this in: https://form.example", "not-plain"),
        ("A hidden\u202eword", "not-plain"),
        ("A \x1b[31mred word", "not-plain"),
    ],
)
def test_a_question_that_cannot_be_asked_is_shown_again_and_asks_nothing(
    at: Console, laptop: Laptop, says: str, wrong: str
) -> None:
    reply = ask(at, laptop, leak(laptop), says)
    assert reply.status_code == 422
    assert WORDS.text(f"wrong.{wrong}") in shown(reply)
    assert brought(laptop) == []


def test_only_about_a_reported_leak_is_asked_and_not_without_end(
    at: Console, laptop: Laptop
) -> None:
    laptop.receipt(pupil_file())
    assert ask(at, laptop, laptop.seq, "Whose is it?").status_code == 400
    seq = leak(laptop)
    for number in range(letters.MOST_OPEN):
        assert ask(at, laptop, seq, f"Question {number}?").status_code == 303
    reply = ask(at, laptop, seq, "One more?")
    assert WORDS.text("wrong.many-questions") in shown(reply)
    assert len(brought(laptop)) == MOST_LETTERS


def test_an_older_laptop_is_brought_nothing_that_it_does_not_know(
    at: Console, laptop: Laptop
) -> None:
    ask(at, laptop, leak(laptop), "Was it encrypted?")
    assert isinstance(news(laptop).letters, msgspec.UnsetType)
    assert "letters" not in msgspec.to_builtins(news(laptop))
    assert len(brought(laptop)) == 1, "it is brought once the agent is newer"


def test_a_laptop_hears_and_answers_for_itself_alone(at: Console, laptop: Laptop) -> None:
    seq, other = leak(laptop), at.running.laptop()
    ask(at, laptop, seq, "Was it encrypted?")
    (letter,) = brought(laptop)
    assert brought(other, heard=[letter.number], unplaced=[letter.number]) == []
    other.receipt(
        pupil_file(kind="leak-answered", facts={"letter": reference(letter.number)}, **QUIET)
    )
    here = page(at, f"/devices/{laptop.name}/{seq}")
    assert WORDS.text("letter.waits") in here
    assert WORDS.text("letter.no-answer") in here
    assert other.name not in here


def test_that_nobody_there_could_be_told_is_said(at: Console, laptop: Laptop) -> None:
    seq = leak(laptop)
    ask(at, laptop, seq, "Was it encrypted?")
    (letter,) = brought(laptop)
    assert brought(laptop, unplaced=[letter.number]) == []
    assert WORDS.text("letter.nobody") in page(at, f"/devices/{laptop.name}/{seq}")


@pytest.mark.parametrize(
    "said", [{"heard": ["x"]}, {"heard": [str(uuid.uuid4())] * (MOST_DONE + 1)}, {"unplaced": "no"}]
)
def test_a_word_about_letters_of_another_form_is_refused(
    laptop: Laptop, said: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError, match="malformed"):
        news(laptop, wire=TAKES_LETTERS, **said)


# --- requests -------------------------------------------------------------------------------------


def test_it_grants_with_an_end_and_the_person_hears_of_it(at: Console, laptop: Laptop) -> None:
    seq = wish(laptop)
    end = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    assert laptop.name in page(at, "/requests", "ingrid")
    reply = answer(at, laptop, seq, until=end, text="Only in class 7")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/requests")
    answer(at, laptop, seq, until=end, text="Only in class 7")
    (letter,) = brought(laptop)
    assert (letter.what, letter.by, str(letter.until), letter.text) == (
        "granted",
        "it",
        end,
        "Only in class 7",
    )
    acts = "SELECT act FROM audit WHERE subject = :subject AND act LIKE 'letter%'"
    assert at.running.rows(acts, subject=f"{laptop.name}/{seq}") == [("letter-granted",)]
    assert f'value="{seq}"' not in page(at, "/requests", "ingrid").partition(laptop.name)[2]


def test_the_officer_answers_too_and_a_refusal_says_why(at: Console, laptop: Laptop) -> None:
    seq = wish(laptop)
    reply = answer(at, laptop, seq, "olaf", what="refused")
    assert (reply.status_code, WORDS.text("wrong.why-refused") in shown(reply)) == (422, True)
    assert answer(at, laptop, seq, "olaf", what="refused", text="Use ours").status_code == 303
    (letter,) = brought(laptop)
    assert (letter.what, letter.until, letter.by) == ("refused", None, "officer")


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"what": ""}, "which-answer"),
        ({"what": "question"}, "which-answer"),
        ({"until": "2020-01-01"}, "until-when"),
        ({"until": "soon"}, "until-when"),
        ({"until": "9999-12-31"}, "until-when"),
        ({"text": "ask 123456782"}, "a-person"),
        ({"text": "get it at www.shop.example"}, "not-plain"),
    ],
)
def test_an_answer_that_is_none_is_shown_again(
    at: Console, laptop: Laptop, form: dict[str, str], wrong: str
) -> None:
    reply = answer(at, laptop, wish(laptop), **form)
    assert reply.status_code == 422
    assert WORDS.text(f"wrong.{wrong}") in shown(reply)
    assert brought(laptop) == []


def test_only_what_was_asked_is_answered(at: Console, laptop: Laptop) -> None:
    seq = leak(laptop)
    assert answer(at, laptop, seq).status_code == 404
    assert answer(at, laptop, 999).status_code == 404
    session = at.session("ingrid")
    assert at.post(session, "/requests", csrf=at.csrf(session)).status_code == 404


def test_a_stick_that_is_granted_comes_with_the_lines_to_sign_and_changes_no_policy(
    at: Console, laptop: Laptop
) -> None:
    stick = {
        "what": "stick",
        "device": wire.digest_text(b"an invented stick"),
        "vendor": 0x0951,
        "product": 0x1666,
        "verdict": "unencrypted",
    }
    seq = wish(laptop, **stick)
    before = at.running.rows("SELECT count(*) FROM documents")
    for lines in ('vendor = "0951"', 'product = "1666"', 'treat = "permitted"'):
        assert lines in page(at, "/requests", "ingrid")
    assert f"/devices/{laptop.name}/{seq}/stick" in page(at, "/requests", "ingrid")
    end = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    assert answer(at, laptop, seq, until=end).status_code == 303
    assert f"until = {end}" in page(at, "/requests", "ingrid")
    assert at.running.rows("SELECT count(*) FROM documents") == before


def test_a_page_without_anything_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with console(tmp_path_factory.mktemp("empty") / "state") as made:
        for who in ("ingrid", "olaf"):
            assert WORDS.text("request.none") in page(made, "/requests", who)
        assert WORDS.text("request.questions.none") in page(made, "/requests")


# --- openings -------------------------------------------------------------------------------------


def open_sealed(at: Console, laptop: Laptop, seq: int, **form: str) -> requests.Response:
    session = at.session("olaf")
    given = {"reason": "judge", "text": "A list lay in a shared folder"} | form
    path = f"/devices/{laptop.name}/{seq}/opening"
    return at.post(session, path, csrf=at.csrf(session), **given)


def test_each_opening_is_told_with_its_purpose_and_line_and_no_name(
    at: Console, laptop: Laptop
) -> None:
    laptop.receipt(pupil_file())
    seq = laptop.seq
    open_sealed(at, laptop, seq)
    open_sealed(at, laptop, seq, reason="asked", text="Her parents wrote a letter")
    first, second = brought(laptop)
    assert (first.what, first.purpose, first.text) == (
        "opened",
        "judge",
        "A list lay in a shared folder",
    )
    assert (second.purpose, second.kind, second.by) == ("asked", "pupil-file-found", "officer")
    assert "olaf" not in msgspec.json.encode([first, second]).decode()
    brought(laptop, heard=[first.number, second.number])
    assert page(at, f"/devices/{laptop.name}/{seq}").count(WORDS.text("letter.brought")) == 2


@pytest.mark.parametrize("box", ["yes", ""])
def test_an_opening_is_told_later_if_telling_now_would_do_harm(
    at: Console, laptop: Laptop, box: str
) -> None:
    """Whoever names a day and forgets the box has not told it at once."""
    laptop.receipt(pupil_file())
    seq = laptop.seq
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    assert open_sealed(at, laptop, seq, later=box, tell_on=day).status_code == 303
    assert brought(laptop) == []
    assert WORDS.text("letter.later") in page(at, f"/devices/{laptop.name}/{seq}")
    logged = "SELECT who FROM audit WHERE act = 'told-later' AND subject LIKE :subject"
    assert at.running.rows(logged, subject=f"{laptop.name}/{seq} %") == [("olaf",)]
    store = Store(f"sqlite:///{at.running.state / 'collector.db'}")
    due = text("UPDATE letters SET due_at = '2026-01-01 12:00:00' WHERE device = :device")
    store.write(lambda c: c.execute(due, {"device": laptop.name}))
    store.close()
    assert [one.what for one in brought(laptop)] == ["opened"]


@pytest.mark.parametrize("days", [-1, 0, 91, 400, None])
def test_later_is_a_day_within_ninety_days_or_nothing_is_opened(
    at: Console, laptop: Laptop, days: int | None
) -> None:
    laptop.receipt(pupil_file())
    now = datetime.now(UTC)
    day = "" if days is None else (now + timedelta(days=days)).date().isoformat()
    if days == 91:  # in Amsterdam it may already be tomorrow
        day = (now + timedelta(days=92)).date().isoformat()
    reply = open_sealed(at, laptop, laptop.seq, later="yes", tell_on=day)
    assert reply.status_code == 422
    assert WORDS.text("wrong.tell-when") in shown(reply)
    assert at.running.rows("SELECT count(*) FROM openings WHERE device = :d", d=laptop.name) == [
        (0,)
    ]
    assert brought(laptop) == []


def test_a_collector_and_a_laptop_agree_on_the_longest_news() -> None:
    """Eight letters of the longest text in the widest letters fit in what a sender reads."""
    one = Letter(
        number=str(uuid.uuid4()),
        about=str(uuid.uuid4()),
        kind="x" * 48,
        happened_at=datetime.now(UTC),
        what="question",
        by="officer",
        at=datetime.now(UTC),
        text="\N{GRINNING FACE}" * letters.LONGEST_TEXT,
    )
    given = News(device="d" + "a" * 16, at=datetime.now(UTC), letters=[one] * MOST_LETTERS)
    assert len(msgspec.json.encode(given)) < 64 * 1024

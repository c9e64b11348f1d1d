"""What is written down about a breach: which answers can be, what is known, how severe it is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from agent.leak import LeakKind
from collectors.recognise.category import Category
from server_stub import wording
from server_stub.breaches import dossier, prefill, register, severity
from server_stub.breaches.dossier import Shape
from server_stub.breaches.dossier_questions import CATEGORIES, INCIDENTS, QUESTIONS, SECTIONS
from server_stub.breaches.register import Breach
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BSN = "111222333"
"""Invented: it passes the check and was never given to anybody."""
ENGLISH = wording.load()["en"]


def breach(**event: object) -> Breach:
    made = pupil_file(observed_at=NOON, recorded_at=NOON, **event)
    return Breach(
        id=1,
        number="2026-0001",
        draft=register.draft_from("dabcdefghijklmnop", 7, made, NOON + timedelta(days=400)),
        created_at=NOON,
        created_by="olaf",
    )


# --- the questions --------------------------------------------------------------------------------


def test_each_question_is_asked_once() -> None:
    assert len(QUESTIONS) == sum(len(section.questions) for section in SECTIONS)
    assert all(question.words for question in QUESTIONS.values() if question.shape is Shape.ONE)


@pytest.mark.parametrize("language", ["en", "nl", "da"])
def test_each_question_and_each_word_is_said_in_every_language(language: str) -> None:
    told = wording.load()[language]
    for section in SECTIONS:
        assert f"section.{section.name}" in told.texts
    for question in QUESTIONS.values():
        assert f"question.{question.name}" in told.texts
        for word in question.words:
            assert {word, f"{question.name}.{word}"} & set(told.words), (question.name, word)
    helped = {key.removeprefix("help.") for key in told.texts if key.startswith("help.")}
    assert helped <= set(QUESTIONS)


def test_what_an_agent_can_say_can_be_an_answer() -> None:
    assert {str(one) for one in Category} <= set(CATEGORIES)
    assert {str(one) for one in LeakKind} <= set(INCIDENTS)


# --- which answers can be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer", "wrong"),
    [
        ("summary", "A stick was lost on the bus.", None),
        ("summary", f"the pupil is {BSN}", "a-person"),
        ("place", "ask director@school.example", "a-person"),
        ("summary", "x" * 4001, "too-long"),
        ("title", "x" * 201, "too-long"),
        ("incident", "lost-stick", None),
        ("incident", "stolen-crown", "which"),
        ("types", "availability confidentiality", None),
        ("types", "availability nonsense", "which"),
        ("persons-max", "31", None),
        ("persons-max", "-1", "not-a-number"),
        ("persons-max", "٣", "not-a-number"),
        ("persons-max", "99999999", "too-large"),
        ("severity", "10", None),
        ("severity", "11", "too-large"),
        ("severity", "0", "too-small"),
        ("occurred-from", dossier.written_moment(NOON), None),
        ("occurred-from", "1900-01-01T00:00:00+00:00", "a-placeholder"),
        ("occurred-from", "2026-11-23T12:00:00", "not-a-time"),
        ("occurred-from", "yesterday", "not-a-time"),
        ("occurred-from", dossier.written_moment(NOON + timedelta(days=2)), "in-the-future"),
        ("occurred-from", "", None),
    ],
)
def test_which_answers_can_be(question: str, answer: str, wrong: str | None) -> None:
    assert dossier.why_not(QUESTIONS[question], answer, NOON + timedelta(days=1)) == wrong


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"persons-min": "9", "persons-max": "10"}, None),
        ({"persons-min": "11", "persons-max": "10"}, ("persons-max", "less-than-the-other")),
        ({"severity": "3"}, ("severity-reason", "why")),
        ({"severity": "3", "severity-reason": "few people"}, None),
        ({"is-breach": "no-breach"}, ("is-breach-reason", "why")),
        (
            {"occurred-from": "2026-11-02T00:00:00+00:00", "occurred-to": "2026-11-01T00:00:00"},
            ("occurred-to", "before-the-other"),
        ),
    ],
)
def test_which_answers_go_together(answers: dict[str, str], wrong: tuple[str, str] | None) -> None:
    assert dossier.why_not_together(answers) == wrong


# --- what is known at once ------------------------------------------------------------------------


def test_what_the_laptop_told_is_filled_in() -> None:
    known = prefill.known(breach())
    assert known["persons-min"] == "24"
    assert known["persons-max"] == "31"
    assert known["categories"] == "name national-number"
    assert known["groups"] == "pupils"
    assert known["reported-by"] == "laptop"
    assert known["noticed-at"] == dossier.written_moment(NOON)
    assert "incident" not in known


def test_a_report_by_a_person_says_when_it_was_noticed_and_when_told() -> None:
    told = register.draft_from(
        "dabcdefghijklmnop",
        9,
        pupil_file(
            kind="leak-reported",
            facts={"what": "lost-stick", "ongoing": True},
            observed_at=NOON,
            recorded_at=NOON + timedelta(hours=30),
            decision=None,
            outcome=None,
        ),
        NOON + timedelta(days=3),
    )
    found = Breach(id=1, number="2026-0001", draft=told, created_at=NOON, created_by="olaf")
    known = prefill.known(found)
    assert known["incident"] == "lost-stick"
    assert known["ongoing"] == "yes"
    assert known["reported-by"] == "staff"
    assert known["reported-at"] == dossier.written_moment(NOON + timedelta(hours=30))


@pytest.mark.parametrize(("verdict", "answer"), [("encrypted", "yes"), ("unencrypted", "no")])
def test_the_encryption_of_a_stick_is_an_answer(verdict: str, answer: str) -> None:
    found = breach(kind="usb-storage-attached", facts={"verdict": verdict})
    assert prefill.known(found)["unintelligible"] == answer


def test_an_answer_counts_over_what_the_laptop_told_and_can_be_taken_away() -> None:
    found = prefill.with_known(breach(), {"persons-max": "12", "categories": ""})
    assert found["persons-max"] == "12"
    assert "categories" not in found


# --- severity by the method of ENISA --------------------------------------------------------------

AT_ONCE = {"ease": "maximum"}
EXPOSED = {
    "confidentiality-lost": "exposed",
    "integrity-lost": "none-lost",
    "availability-lost": "none-lost",
    "malicious": "no",
}


@pytest.mark.parametrize(
    ("answers", "figure", "level"),
    [
        # A shop's list of customers; details of a year at a bank; an outcome of a named test.
        ({"data-class": "simple"} | AT_ONCE, 1.0, "low"),
        ({"data-class": "financial-data", "data-context": "higher"} | AT_ONCE, 4.0, "very-high"),
        ({"data-class": "sensitive-data", "data-context": "lower"} | AT_ONCE, 3.0, "high"),
        (
            {"data-class": "sensitive-data", "data-context": "much-higher"} | AT_ONCE,
            4.0,
            "very-high",
        ),
        ({"data-class": "behavioural", "ease": "negligible"}, 0.5, "low"),
        (
            {
                "data-class": "sensitive-data",
                "ease": "maximum",
                "confidentiality-lost": "anybody",
                "integrity-lost": "not-recoverable",
                "availability-lost": "for-good",
                "malicious": "yes",
            },
            6.0,
            "very-high",
        ),
    ],
)
def test_the_figures_of_the_method(answers: dict[str, str], figure: float, level: str) -> None:
    found = severity.severity_of(EXPOSED | answers)
    assert found is not None
    assert (found.figure, found.level) == (figure, level)


def test_no_figure_without_what_it_is_made_of() -> None:
    assert severity.severity_of({}) is None
    whole = EXPOSED | {"data-class": "simple", "ease": "maximum"}
    assert severity.severity_of(whole) is not None
    for name in whole:
        left = {other: answer for other, answer in whole.items() if other != name}
        assert severity.severity_of(left) is None, "what is not known is not nothing"


def test_what_the_figure_does_not_hold_is_told_beside_it() -> None:
    answers = {"data-class": "simple", "ease": "limited", "persons-max": "101"}
    found = severity.severity_of(EXPOSED | answers | {"unintelligible": "yes"})
    assert found is not None
    assert (found.many, found.unintelligible) == (True, True)


@pytest.mark.parametrize(
    ("categories", "data_class", "ease"),
    [
        ("name health", "sensitive-data", "maximum"),
        ("pupil-number grades-and-progress", "behavioural", "limited"),
        ("access-data", "financial-data", "significant"),
        ("name", "simple", "maximum"),
        ("address genetic-or-biometric", "sensitive-data", "significant"),
        ("criminal", "sensitive-data", "significant"),
        ("location", "behavioural", "significant"),
        ("national-number", "simple", "maximum"),
    ],
)
def test_the_kinds_of_data_propose_a_class(categories: str, data_class: str, ease: str) -> None:
    found = severity.proposed({"categories": categories})
    assert (found["data-class"], found["ease"]) == (data_class, ease)
    assert severity.proposed({}) == {}


# --- at the console -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("dossier") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def test_a_breach_that_somebody_tells_of_becomes_an_entry(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    refused = at.post(olaf, "/register/new", csrf=csrf, incident="crown", noticed_at="")
    assert refused.status_code == 422
    early = at.post(
        olaf, "/register/new", csrf=csrf, incident="paper", noticed_at="1900-01-01T00:00"
    )
    assert ENGLISH.text("wrong.a-placeholder") in early.text
    by_hand = "SELECT number FROM breaches WHERE kind = 'told-by-hand'"
    assert at.running.rows(by_hand) == []
    for noticed in ("2026-11-20T09:30", "2026-11-20T09:31", "2026-11-20T09:31"):
        made = at.post(olaf, "/register/new", csrf=csrf, incident="paper", noticed_at=noticed)
        assert made.status_code == 303, made.text
    page = at.get(olaf, made.headers["Location"]).text
    assert ENGLISH.word("paper") in page
    assert ENGLISH.text("dossier.at-opening") in page
    clocks = at.get(olaf, made.headers["Location"].removesuffix("/dossier")).text
    assert "/devices/" not in clocks.partition("<main")[2], "no laptop told of it"
    assert len(at.running.rows(by_hand)) == 2, "a button pressed twice makes one"


def test_answers_are_kept_shown_and_corrected(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    entry = at.post(olaf, f"/devices/{at.laptop.name}/2/breach", csrf=csrf).headers["Location"]
    place = f"{entry}/dossier/people"
    form = {"csrf": csrf, "groups.pupils": "on", "groups.parents": "on", "persons-min": "24"}
    wrong = at.post(olaf, place, **form, **{"persons-max": "3", "group-description": "kept"})
    assert wrong.status_code == 422
    assert ENGLISH.text("wrong.less-than-the-other") in wrong.text
    assert 'value="kept"' in wrong.text, "what was written is not lost"
    assert at.running.rows("SELECT 1 FROM breach_answers") == []
    for most in ("60", "55"):
        right = at.post(olaf, place, **form, **{"persons-max": most})
        assert right.status_code == 303, right.text
    page = at.get(olaf, f"{entry}/dossier").text
    assert f"{ENGLISH.word('pupils')}, {ENGLISH.word('parents')}" in page
    assert "<dd>55</dd>" in page
    assert ENGLISH.persons(24, 55) in at.get(olaf, "/register").text
    past = at.get(olaf, f"{entry}/history").text
    assert "60" in past
    assert ENGLISH.text("question.persons-max") in past
    assert ENGLISH.text("entry.history.whole") in past
    count = at.running.rows("SELECT count(*) FROM breach_history WHERE act = 'answered'")
    assert count == [(3,)], "what stays as it was is not noted again"


def test_text_of_a_person_is_shown_as_text(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    entry = at.post(olaf, f"/devices/{at.laptop.name}/3/breach", csrf=csrf).headers["Location"]
    text = "<script>alert(1)</script>\r\n{{ 7 * 7 }}"
    form = {"csrf": csrf, "title": "<i>x</i>", "summary": text}
    assert at.post(olaf, f"{entry}/dossier/nature", **form).status_code == 303
    for path in (f"{entry}/dossier", f"{entry}/history", "/register", f"{entry}/dossier/nature"):
        page = at.get(olaf, path).text
        assert "<i>x" not in page
        assert "<script" not in page
        assert "{{ 7 * 7 }}" in page or path == "/register"


def test_the_method_of_enisa_stands_beside_the_officers_own_figure(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    entry = at.post(olaf, f"/devices/{at.laptop.name}/2/breach", csrf=csrf).headers["Location"]
    place = f"{entry}/dossier/severity"
    assert ENGLISH.text("dossier.proposed") in at.get(olaf, place).text
    form = {"csrf": csrf, "severity": "7", "data-class": "simple", "ease": "maximum"}
    refused = at.post(olaf, place, **form)
    assert ENGLISH.text("wrong.why") in refused.text
    form |= EXPOSED | {"severity-reason": "many", "confidentiality-lost": "known-recipients"}
    assert at.post(olaf, place, **form).status_code == 303
    page = at.get(olaf, f"{entry}/dossier").text
    assert "1.25" in page
    assert ENGLISH.text("severity.of-ten", severity=7) in page
    assert "<td>7</td>" in at.get(olaf, "/register").text


def test_a_section_there_is_none_of_is_not_found(at: Console) -> None:
    olaf = at.session("olaf")
    entry = f"/register/{datetime.now(UTC).year}-0001"
    assert at.get(olaf, f"{entry}/dossier/nonsense").status_code == 404
    assert at.get(olaf, "/register/2026-9999/dossier").status_code == 404


def by_hand(at: Console, session: requests.Session, csrf: str, noticed: str) -> str:
    """The address of an entry that somebody came to tell of."""
    form = {"csrf": csrf, "incident": "paper", "noticed_at": noticed}
    return at.post(session, "/register/new", **form).headers["Location"].removesuffix("/dossier")


def form_of(page: str) -> dict[str, str]:
    """The marks that a form was shown with."""
    found = re.findall(r'name="(seen\.[a-z-]+)" value="([0-9a-f]+)"', page)
    assert found
    return dict(found)


def test_two_people_on_one_section_do_not_take_back_each_others_answers(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="paper", noticed_at="2026-11-19T08:00"
    )
    place = made.headers["Location"] + "/nature"
    mine = form_of(at.get(olaf, place).text)
    both = {"csrf": csrf, "incident": "paper"} | mine
    hers = both | {"title": "Her title", "summary": "Her words."}
    assert at.post(olaf, place, **hers).status_code == 303
    his = both | {"summary": "", "assets": "A binder"}
    assert at.post(olaf, place, **his).status_code == 303
    page = at.get(olaf, place.removesuffix("/nature")).text
    assert all(text in page for text in ("Her title", "Her words.", "A binder"))
    clash = at.post(olaf, place, **(his | {"summary": "His words."}))
    assert clash.status_code == 422
    assert "Her words." in clash.text
    assert "His words." in clash.text
    again = his | form_of(clash.text) | {"summary": "His words."}
    assert at.post(olaf, place, **again).status_code == 303
    assert "His words." in at.get(olaf, place.removesuffix("/nature")).text


def test_a_moment_that_nobody_touched_keeps_its_seconds_and_its_origin(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    entry = at.post(olaf, f"/devices/{at.laptop.name}/4/breach", csrf=csrf).headers["Location"]
    place = f"{entry}/dossier/timeline"
    page = at.get(olaf, place).text
    shown = re.findall(
        r'name="((?:noticed|reported)-at)" type="datetime-local" value="([^"]+)"', page
    )
    assert len(shown) == 2
    form = {
        "csrf": csrf,
        "reported-by": "laptop",
        "place": "Room 4",
        **dict(shown),
        **form_of(page),
    }
    assert at.post(olaf, place, **form).status_code == 303
    (count,) = at.running.rows(
        "SELECT count(*) FROM breach_answers JOIN breaches ON breaches.id = breach "
        "WHERE number = :number",
        number=entry.rpartition("/")[2],
    )[0]
    assert count == 1, "the place, and nothing else"


def test_what_was_noticed_earlier_begins_its_clock_earlier_and_never_later(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="paper", noticed_at="2026-11-18T14:00"
    )
    entry = made.headers["Location"].removesuffix("/dossier")
    for noticed, begins in (
        ("2026-11-16T09:00", "2026-11-16 09:00"),
        ("2026-11-17T09:00", "2026-11-16 09:00"),
    ):
        form = {"csrf": csrf, "noticed-at": noticed, "reported-at": "2026-11-19T09:00"}
        assert at.post(olaf, f"{entry}/dossier/timeline", **form).status_code == 303
        clock = at.get(olaf, entry).text.partition('id="clock"')[2]
        assert begins in clock
    early = at.post(olaf, f"{entry}/aware", csrf=csrf, aware_at="2026-11-16T10:00")
    assert early.status_code == 303

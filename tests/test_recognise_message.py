"""The packets between agent and worker: what was not written by ``answer`` is not believed."""

import json
from datetime import date

import pytest

from collectors.recognise.category import Category
from collectors.recognise.explanation import (
    LONGEST_EXCERPT,
    MOST_EXCERPTS,
    Column,
    Excerpt,
    Explanation,
    Mark,
)
from collectors.recognise.finding import Also, Finding
from collectors.recognise.message import (
    LARGEST,
    LARGEST_EXPLAINED,
    Layers,
    Misfit,
    Why,
    answer,
    hello,
    read_answer,
    read_explained,
    read_hello,
    read_request,
    request,
)
from collectors.recognise.verdict import (
    Evidence,
    Format,
    Judgement,
    Kind,
    Reason,
    Verdict,
    unreadable,
)

PUPIL = Verdict(
    verdict=Judgement.PUPIL,
    persons_min=3,
    persons_max=5,
    score=0.9,
    kind=Kind.CARE,
    evidence=(Evidence.ROSTER, Evidence.CARE_WORDS),
    categories=(Category.NAME, Category.HEALTH),
    also=(Also(finding=Finding.PASSWORD_LIST, count=12),),
    format=Format.DOCX,
    sha256="ab" * 32,
    size=1234,
)
GOOD = json.loads(answer(PUPIL))


@pytest.mark.parametrize(
    "verdict",
    [
        PUPIL,
        Verdict(verdict=Judgement.CLEAN, format=Format.MEDIA, size=9),
        Verdict(verdict=Judgement.CLEAN, also=(Also(finding=Finding.PASSWORD_LIST, count=3),)),
        unreadable(Reason.ENCRYPTED, 5, Format.OLE),
    ],
)
def test_a_verdict_survives_the_way(verdict):
    packet = answer(verdict)
    assert len(packet) <= LARGEST
    assert read_answer(packet) == verdict


def test_the_longest_answer_fits_a_packet():
    longest = Verdict(
        verdict=Judgement.PUPIL,
        persons_max=9999,
        score=0.123,
        evidence=tuple(Evidence),
        categories=tuple(Category),
        also=tuple(Also(finding=one, count=9999) for one in Finding),
        sha256="a" * 64,
        size=1 << 61,
    )
    assert read_answer(answer(longest)) == longest


WRONG = {
    "verdict": ["guilty", None, 1, ["pupil"], "PUPIL"],
    "persons": [[5, 3], [-1, 2], [0, 10_000], [1], [1, 2, 3], "12", None, [True, 2], [1.5, 2]],
    "score": [1.1, -0.1, "0.5", None, True, float("nan"), float("inf")],
    "kind": ["anything", None, {}],
    "evidence": ["roster", [["roster"]], ["Sanne Vuurbloem"], ["roster"] * 99, {"roster": 1}],
    "also": [
        ["password-list"],
        [["password-list", 0]],
        [["password-list", 10_000]],
        "x",
        None,
        [["sanne", 3]],
        [["password-list", True]],
        [["password-list", 1, 2]],
        [["password-list", 3]] * 9,
        {"password-list": 3},
    ],
    "categories": ["name", ["names"], ["name"] * 99, None, {"name": 1}, [["name"]]],
    "reason": ["encrypted", "because", None],
    "format": ["exe", None, []],
    "sha256": ["", "zz" * 32, "ab" * 31, 5, None, "ab" * 32 + "\n"],
    "size": [-1, 1 << 63, "5", None, True, 1.5],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused(field, value):
    with pytest.raises(Misfit):
        read_answer(json.dumps({**GOOD, field: value}).encode())


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{",
        b"[" * 2000,
        json.dumps({**GOOD, "path": "/home/x"}).encode(),
        json.dumps({k: v for k, v in GOOD.items() if k != "size"}).encode(),
        json.dumps(GOOD).encode() + b" " * LARGEST,
        answer(PUPIL) + answer(PUPIL),
    ],
)
def test_a_packet_of_another_shape_is_refused(packet):
    with pytest.raises(Misfit):
        read_answer(packet)


def test_a_clean_or_unreadable_file_cannot_have_persons():
    for verdict in ("clean", "unreadable"):
        parts = {**GOOD, "verdict": verdict, "kind": "none", "categories": []}
        parts["reason"] = "broken" if verdict == "unreadable" else "none"
        with pytest.raises(Misfit):
            read_answer(json.dumps(parts).encode())


def test_only_a_pupil_file_has_kinds_of_data():
    clean = json.loads(answer(Verdict(verdict=Judgement.CLEAN)))
    with pytest.raises(Misfit):
        read_answer(json.dumps({**clean, "categories": ["name"]}).encode())


def test_the_other_packets_survive_the_way():
    layers = Layers(landlock=7, seccomp=True, uid_dropped=False)
    assert read_hello(hello(layers)) == layers
    assert read_request(request(date(2026, 11, 1), 5)) == (date(2026, 11, 1), 5, Why.NOTHING)
    assert read_request(request(date(2026, 11, 1), 5, Why.WORDS))[2] is Why.WORDS


@pytest.mark.parametrize(
    "packet",
    [b"", b"{}", b'{"landlock": -1, "seccomp": true, "uid_dropped": true}',
     b'{"landlock": 1, "seccomp": 1, "uid_dropped": true}'],
)  # fmt: skip
def test_a_worker_that_does_not_say_what_holds_it_is_refused(packet):
    with pytest.raises(Misfit):
        read_hello(packet)


def test_every_word_may_leave_the_laptop():
    for words in (Judgement, Kind, Evidence, Category, Finding, Reason, Format):
        for word in words:
            assert len(word) <= 48
            assert word.replace("-", "").isalnum()
            assert word == word.lower()
            assert word.isascii()


WHY = Explanation(
    parts=3,
    telling=1,
    person=9.0,
    total=11.25,
    marks=(
        Mark(evidence=Evidence.ROSTER, times=12, points=9.0),
        Mark(evidence=Evidence.FINANCE, times=2, points=-1.5),
    ),
    columns=(Column.CHILD, Column.BIRTH),
    excerpts=(Excerpt(evidence=Evidence.ROSTER, text="Sanne Vuurbloem"),),
)


def explained(**changes):
    parts = json.loads(answer(PUPIL, WHY, show=True))
    return json.dumps({**parts, "why": {**parts["why"], **changes}}).encode()


def test_an_explanation_survives_the_way():
    assert read_explained(answer(PUPIL, WHY, show=True), show=True) == (PUPIL, WHY)


def test_without_leave_to_show_no_excerpt_leaves_the_worker():
    packet = answer(PUPIL, WHY)
    assert b"Sanne" not in packet
    assert read_explained(packet, show=False)[1].excerpts == ()


def test_excerpts_that_nobody_asked_for_are_refused():
    with pytest.raises(Misfit):
        read_explained(answer(PUPIL, WHY, show=True), show=False)


def test_the_agent_refuses_an_answer_that_explains_itself():
    for show in (False, True):
        with pytest.raises(Misfit):
            read_answer(answer(PUPIL, WHY, show=show))


def test_what_is_shown_does_nothing_on_a_terminal():
    odd = "a\x1b[31m\nb\u202ec\u200bd" + "x" * 500
    why = Explanation(excerpts=(Excerpt(evidence=Evidence.MENTION, text=odd),))
    (excerpt,) = read_explained(answer(PUPIL, why, show=True), show=True)[1].excerpts
    assert excerpt.text.isprintable()
    assert len(excerpt.text) <= LONGEST_EXCERPT


def test_the_longest_explanation_fits_a_packet():
    why = Explanation(
        marks=tuple(Mark(evidence=e, times=10**9, points=-999.99) for e in Evidence),
        columns=tuple(Column),
        excerpts=(Excerpt(evidence=Evidence.PUPIL_NUMBER, text="\U0001f600" * 500),) * 99,
    )
    packet = answer(PUPIL, why, show=True)
    assert len(packet) <= LARGEST_EXPLAINED
    assert len(read_explained(packet, show=True)[1].excerpts) == MOST_EXCERPTS


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": -1},
        {"parts": True},
        {"telling": "1"},
        {"person": float("nan")},
        {"total": 10_000},
        {"total": "Sanne"},
        {"marks": [["roster", 1]]},
        {"marks": [["Sanne", 1, 1.0]]},
        {"marks": [["roster", -1, 1.0]]},
        {"marks": [["roster", 1, 1.0]] * 99},
        {"marks": {"roster": 1}},
        {"columns": ["Sanne"]},
        {"columns": "child"},
        {"excerpts": [["roster", "a\x1b[31mb"]]},
        {"excerpts": [["roster", "two\nlines"]]},
        {"excerpts": [["roster", "x" * 121]]},
        {"excerpts": [["roster", 5]]},
        {"excerpts": [["roster", "x"]] * 17},
        {"path": "/home/x"},
    ],
)
def test_a_wrong_explanation_is_refused(changes):
    with pytest.raises(Misfit):
        read_explained(explained(**changes), show=True)

"""The packets between agent and worker: what was not written by ``answer`` is not believed."""

import json
from datetime import date

import pytest

from collectors.recognise.message import (
    LARGEST,
    Layers,
    Misfit,
    answer,
    hello,
    read_answer,
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
        parts = {**GOOD, "verdict": verdict, "kind": "none"}
        parts["reason"] = "broken" if verdict == "unreadable" else "none"
        with pytest.raises(Misfit):
            read_answer(json.dumps(parts).encode())


def test_the_other_packets_survive_the_way():
    layers = Layers(landlock=7, seccomp=True, uid_dropped=False)
    assert read_hello(hello(layers)) == layers
    assert read_request(request(date(2026, 11, 1), 5)) == (date(2026, 11, 1), 5)


@pytest.mark.parametrize(
    "packet",
    [b"", b"{}", b'{"landlock": -1, "seccomp": true, "uid_dropped": true}',
     b'{"landlock": 1, "seccomp": 1, "uid_dropped": true}'],
)  # fmt: skip
def test_a_worker_that_does_not_say_what_holds_it_is_refused(packet):
    with pytest.raises(Misfit):
        read_hello(packet)


def test_every_word_may_leave_the_laptop():
    for words in (Judgement, Kind, Evidence, Reason, Format):
        for word in words:
            assert len(word) <= 48
            assert word.replace("-", "").isalnum()
            assert word == word.lower()
            assert word.isascii()

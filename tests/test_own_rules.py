"""The organisation's own rules: what a policy may hold, and what it does to real documents."""

import argparse
import json
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent import policy_file
from agent.cli import main
from agent.commands.scan_rules import own_of
from agent.errors import ConfigError
from collectors.base import CollectorError
from collectors.folders.index import open_index
from collectors.pupil_files import make
from collectors.recognise import own_numbers
from collectors.recognise.recogniser import recogniser_for
from collectors.recognise.rules import adopt, joined, own, rules, schema
from collectors.recognise.rules.fitting import own_faults, own_rules
from collectors.recognise.verdict import Evidence, Judgement, Verdict
from tests import documents, scans
from tests.test_pupil_files import Once

TODAY = date(2026, 11, 1)
POLICY = """\
name = "example-school"
version = 3

[collectors.pupil_files]
roots = ["/home"]
pupil_number = ["LL-99999", "99999"]
pupil_number_words = ["kindnummer"]
not_terms = ["sjabloon groepskaart", "voorbeeldkaart", "lege groepskaart"]

[collectors.pupil_files.terms.care]
"zorgkaart" = 3
"kwinkmeter" = 2.5
"""
SETTINGS: dict[str, Any] = {
    "pupil_number": ["LL-99999", "99999"],
    "pupil_number_words": ["kindnummer"],
    "terms": {"care": {"zorgkaart": 3, "kwinkmeter": 2.5}},
    "not_terms": ["sjabloon groepskaart", "voorbeeldkaart", "lege groepskaart"],
}
CARE = "Zorgkaart en kwinkmeter zijn met moeder besproken."
NUMBERS = [f"LL-{number:05}" for number in range(412, 418)]


@pytest.fixture(scope="module")
def recogniser():
    made = recogniser_for(own_rules(SETTINGS))
    yield made
    made.close()


@pytest.fixture
def look(recogniser, tmp_path):
    def judged(content: bytes) -> Verdict:
        (tmp_path / "a").write_bytes(content)
        descriptor = os.open(tmp_path / "a", os.O_RDONLY)
        try:
            return recogniser.judge(descriptor, TODAY)
        finally:
            os.close(descriptor)

    return judged


def policy(folder: Path, text: str = POLICY) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, "utf-8")
    return path


# --- what they do to documents, in the real worker ------------------------------------------------


def test_a_number_that_a_label_names_is_strong(look) -> None:
    said = look(documents.word(["Verslag", "Kindnummer: LL-00412", CARE]))
    assert said.verdict is Judgement.PUPIL
    assert Evidence.PUPIL_NUMBER in said.evidence


def test_a_number_alone_is_weak(look) -> None:
    said = look(documents.word(["Verslag", "Betreft LL-00412 van gisteren.", CARE]))
    assert said.verdict is Judgement.CLEAN
    assert Evidence.PUPIL_NUMBER in said.evidence


def test_several_in_a_column_are_strong_and_each_is_a_person(look) -> None:
    rows = [(number, "x") for number in NUMBERS]
    said = look(documents.excel((("nr", "opmerking"), *rows)))
    assert said.verdict is Judgement.PUPIL
    assert said.persons_min == len(NUMBERS)


def test_a_column_of_goods_is_none(look) -> None:
    rows = [("schrift", number) for number in NUMBERS]
    assert look(documents.excel((("artikel", "nr"), *rows))).verdict is Judgement.CLEAN


def test_a_head_of_the_policy_names_a_column_of_bare_digits(look) -> None:
    rows = [(str(number), "x") for number in range(51001, 51009)]
    assert look(documents.excel((("kindnummer", "opmerking"), *rows))).verdict is Judgement.PUPIL
    assert look(documents.excel((("nr", "opmerking"), *rows))).verdict is Judgement.CLEAN


def test_bare_digits_without_a_name_are_nothing(look) -> None:
    said = look(documents.word(["Verslag 51001", CARE]))
    assert said.verdict is Judgement.CLEAN
    assert Evidence.PUPIL_NUMBER not in said.evidence


def test_a_word_that_names_something_else_speaks_against(look) -> None:
    assert look(documents.word(["Factuur LL-00412", CARE])).verdict is Judgement.CLEAN


def test_part_of_a_longer_number_is_no_number(look) -> None:
    said = look(documents.word(["Over kindnummer LL-004129 en XLL-00412 en LL-00412-7", CARE]))
    assert said.verdict is Judgement.CLEAN
    assert Evidence.PUPIL_NUMBER not in said.evidence


def test_own_terms_add_to_what_is_found_about_persons(look) -> None:
    letter = ["Leerling: Sanne de Vries", CARE]
    assert look(documents.word(letter)).score > look(documents.word(letter[:1])).score


def test_own_terms_alone_convict_nobody(look) -> None:
    assert look(documents.word([CARE] * 20)).verdict is Judgement.CLEAN


def test_terms_that_speak_against_lower_the_score(look) -> None:
    template = ["Naam leerling: Sanne de Vries", CARE]
    against = "Sjabloon groepskaart, voorbeeldkaart, lege groepskaart"
    lower, higher = look(documents.word([*template, against])), look(documents.word(template))
    assert lower.score < higher.score
    assert Evidence.BLANK_FORM in lower.evidence


def test_without_own_rules_nothing_changes(look, tmp_path) -> None:
    plain = recogniser_for(own.NONE)
    try:
        for content in (documents.word(documents.LETTER), documents.word([documents.POLICY])):
            (tmp_path / "b").write_bytes(content)
            descriptor = os.open(tmp_path / "b", os.O_RDONLY)
            assert plain.judge(descriptor, TODAY).verdict is look(content).verdict
            os.close(descriptor)
    finally:
        plain.close()


def test_a_long_text_full_of_near_misses_is_judged_in_time(look) -> None:
    text = "LL-0041 LL-99999x A12345B 99999-1 LL-00412 " * 120_000
    begun = time.process_time()
    assert look(text.encode()).verdict is Judgement.CLEAN
    assert time.process_time() - begun < 20


# --- what a policy may hold -----------------------------------------------------------------------


def test_they_pass_to_the_worker_and_back_unchanged() -> None:
    given = own_rules(SETTINGS)
    assert own.from_packet(given.packet()) == given
    assert own.from_packet(b"") == own.NONE
    assert own.NONE.packet() == b""


BAD: list[tuple[str, Any, str]] = [
    ("pupil_number", ["999"], "4 to 16 characters"),
    ("pupil_number", ["9" * 17], "4 to 16 characters"),
    ("pupil_number", ["LL-99"], "needs 4 places"),
    ("pupil_number", ["AAAAA"], "needs 4 places"),
    ("pupil_number", ["9999.*"], "may stand in a shape"),
    ("pupil_number", ["(9+)+9999"], "may stand in a shape"),
    ("pupil_number", ["9999\n9"], "may stand in a shape"),
    ("pupil_number", ["9999\u0669"], "may stand in a shape"),
    ("pupil_number", ["æ9999"], "may stand in a shape"),
    ("pupil_number", ["-9999"], "begin and end"),
    ("pupil_number", [9999], "4 to 16 characters"),
    ("pupil_number", [f"L{n:02}-9999".replace("9-", "8-") for n in range(40)], "more than 8"),
    ("pupil_number", ["LL-9999", "LL-9999"], "twice"),
    ("pupil_number", "LL-9999", "a list"),
    ("pupil_number_words", ["naam"], "already says something else"),
    ("pupil_number_words", ["geboortedatum"], "already says something else"),
    ("pupil_number_words", ["kind\u202enummer"], "letters of Western Europe"),
    ("pupil_number_words", ["x" * 61], "3 to 60 characters"),
    ("pupil_number_words", [f"woord{n}" for n in range(21)], "more than 20"),
    ("terms", {"care": {f"woord{n}": 1 for n in range(201)}}, "more than 200"),
    ("terms", {"care": {"zorgkaart": 6}}, "at most 5"),
    ("terms", {"care": {"zorgkaart": 0}}, "above 0"),
    ("terms", {"care": {"zorgkaart": True}}, "must be a number"),
    ("terms", {"care": {"zorgkaart": float("nan")}}, "must be a number"),
    ("terms", {"care": ["zorgkaart"]}, "table of terms and weights"),
    ("terms", {"money": {"zorgkaart": 1}}, "table of care, safety, progress, school"),
    ("terms", {"care": {"Zorgkaart": 1}}, "small letters"),
    ("terms", {"care": {"zorg\x1bkaart": 1}}, "letters of Western Europe"),
    ("terms", {"care": {"zorg\tkaart": 1}}, "letters of Western Europe"),
    ("terms", {"care": {"зорг": 1}}, "letters of Western Europe"),
    ("terms", {"care": {"x" * 100_000: 1}}, "is no word"),
    ("not_terms", [" kaart"], "begin and end"),
    ("not_terms", ["12345"], "has no letter"),
    ("not_terms", ["ab"], "3 to 60 characters"),
    ("not_terms", [f"woord{n}" for n in range(101)], "more than 100"),
    ("not_terms", [{"a": 1}], "is no word"),
]


@pytest.mark.parametrize(("key", "value", "says"), BAD)
def test_what_does_not_belong_is_refused_by_its_key(key: str, value: Any, says: str) -> None:
    found = list(own_faults({key: value}))
    assert [one for one, _ in found] == [key]
    assert f"'{key}'" in found[0][1] and says in found[0][1]
    with pytest.raises(CollectorError, match=key):
        make({"roots": ["/home"], key: value})


@pytest.mark.parametrize(("key", "value", "says"), [row for row in BAD if "already" not in row[2]])
def test_a_worker_refuses_what_a_policy_may_not_hold(key: str, value: Any, says: str) -> None:
    parts = dict(zip(own.KEYS, ("shapes", "number_words", "terms", "not_terms"), strict=True))
    given = {name: SETTINGS[one] for one, name in parts.items()} | {parts[key]: value}
    with pytest.raises(schema.RuleError):
        own.from_packet(json.dumps(given).encode())


@pytest.mark.parametrize(
    "packet", [b"[", b"[]", b'{"shapes": []}', b"x" * 70_000, b"[" * 60_000, b"null"]
)
def test_a_packet_that_is_none_is_refused(packet: bytes) -> None:
    with pytest.raises(schema.RuleError):
        own.from_packet(packet)


def test_the_fullest_policy_fits_a_packet() -> None:
    word = "ø" * 52
    fullest = own_rules({
        "pupil_number": [f"LLLLLL{n}LLLL9999A"[:16] for n in range(8)],
        "pupil_number_words": [f"{word}{n}" for n in range(20)],
        "terms": {"care": {f"{word}{n}": 1.25 for n in range(200)}},
        "not_terms": [f"{word}{n}" for n in range(100)],
    })  # fmt: skip
    assert len(fullest.packet()) <= own.LARGEST
    assert own.from_packet(fullest.packet()) == fullest


def test_danish_letters_are_letters() -> None:
    assert own_rules({"terms": {"care": {"bekymringsskema på barnet": 2}}})


def test_they_come_before_the_first_use_of_a_rule() -> None:
    rules()
    with pytest.raises(RuntimeError, match="before the first use"):
        adopt(own_rules(SETTINGS))


def test_an_own_weight_takes_the_place_of_a_built_in_one() -> None:
    both = joined(rules(), own_rules({"terms": {"care": {"adhd": 0.5, "akt-vejleder": 3}}}))
    assert both.topics["care"].words[b"adhd"] == 0.5
    assert both.topics["safety"] == rules().topics["safety"]


def test_every_shape_is_matched_as_it_reads() -> None:
    matches = own_numbers._pattern(("AA-9999", "B.99.99")).fullmatch
    assert matches("xy-1234") and matches("b.12.34") and matches("B.12.34")
    assert not matches("x1-1234") and not matches("bx12.34") and not matches("B.1234")
    assert own.is_bare("99-9999") and not own.is_bare("A-9999")


# --- in the policy, the scan and the index --------------------------------------------------------


def test_the_policy_check_shows_them(tmp_path: Path, capsys) -> None:
    assert main(["policy", "check", str(policy(tmp_path))]) == 0
    said = capsys.readouterr().out
    assert "own pupil number: LL-99999" in said
    assert "own terms of care: zorgkaart (3), kwinkmeter (2.5)" in said


def test_a_mistake_in_a_policy_has_its_line(tmp_path: Path) -> None:
    wrong = policy(tmp_path, POLICY.replace('"LL-99999", ', '".*", '))
    with pytest.raises(ConfigError, match=r"line 6: 'pupil_number': a shape has"):
        policy_file.read(wrong)
    wrong = policy(tmp_path, POLICY.replace("not_terms", "names"))
    with pytest.raises(ConfigError, match="unknown key 'names'"):
        policy_file.read(wrong)


def test_a_scan_goes_by_the_policy_that_is_named_or_installed(tmp_path: Path, capsys) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/a.docx").write_bytes(documents.word(["Kindnummer: LL-00412", CARE]))
    verdicts = []
    for more in ((), ("--policy", str(policy(tmp_path))), ("--config", str(tmp_path))):
        nowhere = () if "--config" in more else ("--config", str(tmp_path / "none"))
        assert main(["scan", str(tmp_path / "home"), "--jsonl", *nowhere, *more]) == 0
        verdicts.append(json.loads(capsys.readouterr().out)["verdict"])
    assert verdicts == ["clean", "pupil", "pupil"]


def test_a_policy_that_cannot_be_used_stops_the_scan(tmp_path: Path, capsys) -> None:
    wrong = policy(tmp_path, POLICY.replace("zorgkaart", "Zorgkaart"))
    assert main(["scan", str(tmp_path), "--policy", str(wrong)]) == 2
    assert "'terms'" in capsys.readouterr().err
    given = argparse.Namespace(policy=None, config=tmp_path / "none")
    assert own_of(given) == own.NONE


def test_other_own_rules_make_every_file_be_judged_again(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("x")
    first, second = own_rules(SETTINGS), own_rules({**SETTINGS, "not_terms": []})
    assert first.digest() != second.digest() != own.NONE.digest() == 0
    kept = []
    for digest in (first.digest(), first.digest(), second.digest(), 0):
        index = open_index(tmp_path, digest)
        kept.append(index.word(str(file), file.stat()))
        index.keep(str(file), file.stat(), "clean")
        index.close()
    assert kept == [None, "clean", None, None]


def test_the_collector_goes_by_them_and_looks_again_when_they_change(tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    state.mkdir()
    (home / "a.docx").write_bytes(documents.word(["Kindnummer: LL-00412", CARE]))

    def told(**settings: Any) -> list[str]:
        made = make({"roots": [str(home)], "state": state, **settings})
        return [one.kind for one in made.observe(Once())]

    assert told() == []
    assert told(**SETTINGS) == ["pupil-file-found"]
    assert told(**{**SETTINGS, "pupil_number": ["XX-9999"], "pupil_number_words": []}) == []
    assert "Kindnummer" not in (state / "files.index").read_text("latin-1")


@scans.needs_ocr
def test_they_reach_the_worker_for_ocr(tmp_path: Path, capsys) -> None:
    page = ["Overzicht", *(f"kindnummer {number}" for number in NUMBERS), CARE]
    path = tmp_path / "a.png"
    path.write_bytes(scans.saved(scans.page(page)))
    bare = tmp_path / "bare.toml"
    bare.write_text('name = "example-school"\nversion = 3\n')
    for chosen, said in ((policy(tmp_path), "pupil"), (bare, "clean")):
        words = ["scan", "--ocr", "--jsonl", "--policy", str(chosen), str(path)]
        assert main([*words, "--config", str(tmp_path / "none")]) == 0
        assert json.loads(capsys.readouterr().out)["verdict"] == said

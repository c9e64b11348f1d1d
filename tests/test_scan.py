"""``dossierwacht scan``: what it prints is a contract."""

import argparse
import json
import os
import re

import pytest

from agent.commands import scan, scan_explain, scan_ocr
from collectors.recognise.explanation import Column
from collectors.recognise.rules import HEADS
from collectors.recognise.tesseract_linux import LANGUAGES
from collectors.recognise.verdict import Evidence, Reason, unreadable
from tests import documents, scans

FIELDS = [
    "path", "verdict", "persons_min", "persons_max", "persons", "score", "class", "evidence",
    "reason", "categories", "sensitive",
    "also",
]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "werk").mkdir(parents=True)
    (folder / "list.csv").write_text(documents.roster())
    (folder / "werk" / "policy.docx").write_bytes(documents.word([documents.POLICY]))
    (folder / "werk" / "broken.docx").write_bytes(documents.word(documents.LETTER)[:700])
    return folder


def run(*words):
    parser = argparse.ArgumentParser()
    scan.add_arguments(parser)
    return scan.main(parser.parse_args([str(word) for word in words]))


def lines(capsys):
    return {line["path"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}


def test_each_file_is_one_line_of_json(home, capsys):
    assert run(home, "--jsonl", "--workers", 2) == 0
    told = lines(capsys)
    assert set(told) == {
        str(home / name) for name in ("list.csv", "werk/policy.docx", "werk/broken.docx")
    }
    pupil = told[str(home / "list.csv")]
    assert list(pupil) == FIELDS
    assert pupil["verdict"] == "pupil"
    assert pupil["class"] == "pupil-list"
    assert pupil["persons_min"] <= pupil["persons"] <= pupil["persons_max"]
    assert pupil["persons"] == len(documents.ROWS)
    assert 0.5 < pupil["score"] <= 1
    assert "roster" in pupil["evidence"]
    assert told[str(home / "werk/policy.docx")]["verdict"] == "clean"
    broken = told[str(home / "werk/broken.docx")]
    assert (broken["verdict"], broken["reason"]) == ("unreadable", "broken")


def test_a_path_is_shown_as_it_was_asked_for(home, capsys, monkeypatch):
    monkeypatch.chdir(home)
    assert run("werk", "list.csv", "--jsonl") == 0
    assert set(lines(capsys)) == {"werk/policy.docx", "werk/broken.docx", "list.csv"}


def test_people_see_what_is_not_clean_and_a_sum(home, capsys):
    assert run(home) == 0
    out = capsys.readouterr().out
    assert "list.csv" in out
    assert "broken.docx" in out
    assert "policy.docx" not in out
    assert "3 files: 1 pupil, 1 clean, 1 unreadable" in out


def test_a_missing_path_is_named_and_nothing_is_scanned(home, capsys):
    assert run(home, home / "nowhere", "--jsonl") == 2
    said = capsys.readouterr()
    assert "nowhere" in said.err
    assert said.out == ""


def test_no_workers_is_a_wrong_option(home, capsys):
    assert run(home, "--workers", 0) == 2
    assert "--workers" in capsys.readouterr().err


def test_odd_names_survive_json_and_do_no_harm_on_a_terminal(home, capsys):
    name = b"a\x1b[31m\n\xe2\x80\xae\xff.csv"
    with open(os.path.join(os.fsencode(home), name), "wb") as file:
        file.write(documents.roster().encode())
    assert run(home, "--jsonl") == 0
    assert os.path.join(os.fsencode(home), name) in {os.fsencode(path) for path in lines(capsys)}
    assert run(home) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_pipes_are_passed_over_and_counted(home, capsys):
    os.mkfifo(home / "pipe")
    assert run(home, "--jsonl") == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 3
    assert "1 pipes" in said.err
    assert run(home / "pipe") == 0


def test_with_an_index_a_clean_file_is_not_read_again(home, tmp_path, capsys):
    index = tmp_path / "index"
    assert run(home, "--jsonl", "--index", index) == 0
    first = lines(capsys)
    assert run(home, "--jsonl", "--index", index) == 0
    second = lines(capsys)
    policy = str(home / "werk/policy.docx")
    assert first[policy]["score"] is not None
    assert second[policy]["score"] is None
    assert {path: line["verdict"] for path, line in first.items()} == {
        path: line["verdict"] for path, line in second.items()
    }
    assert second[str(home / "list.csv")] == first[str(home / "list.csv")]
    os.utime(policy)
    assert run(home, "--jsonl", "--index", index) == 0
    assert lines(capsys)[policy]["score"] is not None


def test_progress_is_told_as_files_go_by(home):
    for number in range(scan.EVERY):
        (home / f"{number}.txt").write_text("x")
    told, shown = [], []
    scan.scan([str(home)], 1, None, told.append, lambda count: shown.append(count.files))
    assert len(told) == scan.EVERY + 3
    assert shown == [scan.EVERY, scan.EVERY + 3]


def test_why_a_file_is_a_pupil_file_is_told_without_what_stands_in_it(home, capsys):
    assert run(home / "list.csv", "--explain") == 0
    out = capsys.readouterr().out
    assert f"pupil file (pupil-list), {len(documents.ROWS)} person(s)" in out
    assert f"{len(documents.ROWS)} x rows of a table" in out
    assert "Columns:" in out
    assert "birth date or age" in out
    for name, _, born, *_ in documents.ROWS:
        assert name not in out
        assert name.split()[-1].lower() not in out.lower()
        assert born not in out


def test_the_kinds_of_data_are_told_to_programs_and_to_people(home, capsys, monkeypatch):
    (home / "letter.txt").write_text("\n".join(documents.LETTER))
    assert run(home, "--jsonl") == 0
    told = lines(capsys)
    assert told[str(home / "letter.txt")]["categories"] == ["name", "birth-date", "health", "care"]
    assert told[str(home / "letter.txt")]["sensitive"] is True
    assert told[str(home / "werk/policy.docx")]["categories"] == []
    for language, words in (
        ("nl_NL.UTF-8", "namen, geboortedata, gezondheid, zorg en ondersteuning"),
        ("da_DK.UTF-8", "navne, fødselsdatoer, helbred, støtte og omsorg"),
        ("C", "It holds names, birth dates, health, care and support. Some of that is sensitive."),
    ):
        monkeypatch.delenv("LANGUAGE", raising=False)
        monkeypatch.setenv("LC_ALL", language)
        assert run(home / "letter.txt", "--explain") == 0
        assert words in capsys.readouterr().out


PASSWORDS = "Site;Gebruikersnaam;Wachtwoord\n" + "Verzonnen;juf;Zonnetje12\n" * 4


def test_a_list_of_passwords_is_told_each_time_and_never_shown(home, tmp_path, capsys, monkeypatch):
    path = home / "w.csv"
    path.write_text(PASSWORDS)
    for _ in range(2):
        assert run(home, "--jsonl", "--index", tmp_path / "index") == 0
        told = lines(capsys)
        assert told[str(path)]["verdict"] == "clean"
        assert told[str(path)]["also"] == {"password-list": 4}
        assert told[str(home / "list.csv")]["also"] == {}
    assert run(home) == 0
    assert "passwords   4 account(s)" in capsys.readouterr().out
    monkeypatch.delenv("LANGUAGE", raising=False)
    for language, words in (("nl_NL", "van 4 accounts"), ("da_DK", "til 4 konti"), ("C", "of 4 ")):
        monkeypatch.setenv("LC_ALL", language)
        assert run(path, "--explain", "--show") == 0
        out = capsys.readouterr().out
        assert words in out
        assert "Zonnetje12" not in out


def test_what_decided_is_shown_to_somebody_who_asks(home, capsys):
    assert run(home / "list.csv", "--explain", "--show") == 0
    out = capsys.readouterr().out
    assert "[roster] " in out
    assert any(name.lower() in out for name in (row[0].lower() for row in documents.ROWS))


def test_what_is_shown_cannot_steer_a_terminal(home, capsys):
    letter = "\n".join(documents.LETTER).replace(" ", " \x1b[2J\u202e ", 3)
    (home / "letter.txt").write_text(letter)
    assert run(home / "letter.txt", "--explain", "--show") == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_what_speaks_against_is_told_of_a_clean_file(home, capsys):
    assert run(home / "werk" / "policy.docx", home / "werk" / "broken.docx", "--explain") == 0
    out = capsys.readouterr().out
    assert "policy.docx: clean" in out
    assert re.search(r"-\d\.\d  \d+ x terms of policies and rules", out)
    assert out.endswith("unreadable, score 0.00\n  Not read to the end: it is damaged.\n")


def test_a_file_without_text_has_no_reasons(home, capsys):
    (home / "empty").write_bytes(b"")
    assert run(home / "empty", "--explain") == 0
    assert "Nothing in it speaks for or against" in capsys.readouterr().out


def test_what_cannot_be_opened_is_said_and_the_others_are_explained(home, capsys):
    os.mkfifo(home / "pipe")
    assert run(home / "pipe", home / "list.csv", "--explain") == 1
    out = capsys.readouterr().out
    assert "pipe: cannot be explained" in out
    assert "pupil file" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list.csv", "--show"], "--show"),
        (["list.csv", "--explain", "--jsonl"], "--jsonl"),
        (["list.csv", "--explain", "--index", "x"], "--index"),
        (["list.csv", "--explain", "--ocr"], "--ocr"),
        (["werk", "--explain"], "folder"),
    ],
)
def test_options_that_do_not_go_together_are_named(home, capsys, monkeypatch, words, said):
    monkeypatch.chdir(home)
    assert run(*words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_every_word_of_an_explanation_has_a_sentence():
    assert set(scan_explain.EVIDENCE) == set(Evidence)
    assert set(scan_explain.COLUMNS) == set(Column) and {*Column} == {*HEADS}
    assert set(scan_explain.REASONS) == set(Reason)


@scans.needs_ocr
def test_scans_are_read_last_and_only_where_that_was_asked_for(home, tmp_path, capsys):
    (home / "a scan.png").write_bytes(scans.saved(scans.page(scans.DUTCH)))
    (home / "b news.pdf").write_bytes(scans.saved(scans.page(scans.NEUTRAL), "PDF"))
    (home / "c stamp.png").write_bytes(scans.saved(scans.page(["Nieuws"])))
    names = [str(home / name) for name in ("a scan.png", "b news.pdf", "c stamp.png")]
    assert run(home, "--jsonl") == 0
    told = lines(capsys)
    assert {told[name]["reason"] for name in names} == {"needs-ocr"}
    index = tmp_path / "index"
    assert run(home, "--jsonl", "--ocr", "--index", index) == 0
    told = lines(capsys)
    assert sorted(list(told)[-3:]) == names
    assert [told[name]["verdict"] for name in names] == ["pupil", "clean", "unreadable"]
    assert told[names[2]]["reason"] == "needs-ocr"
    assert run(home, "--jsonl", "--index", index) == 0
    assert lines(capsys)[names[1]]["verdict"] == "clean"


def test_a_scan_that_is_gone_keeps_its_verdict():
    before = unreadable(Reason.NEEDS_OCR)
    assert list(scan_ocr.read_scans([("a", before)], lambda file: None)) == [("a", before)]


def test_every_part_of_the_engine_has_its_package():
    assert set(scan_ocr.PACKAGES) == {"tesseract", *LANGUAGES}


def test_where_ocr_is_not_installed_it_is_said_what_to_install():
    said = scan_ocr.lacking(lambda: ["tesseract", "dan"])
    assert said.endswith("apt-get install libtesseract5 tesseract-ocr-dan")
    assert scan_ocr.lacking(list) is None

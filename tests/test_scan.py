"""``dossierwacht scan``: what it prints is a contract."""

import argparse
import json
import os

import pytest

from agent.commands import scan
from tests import documents

FIELDS = [
    "path", "verdict", "persons_min", "persons_max", "persons", "score", "class", "evidence",
    "reason",
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

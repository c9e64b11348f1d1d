"""Measuring recognition: the set is true, whole and repeatable, its files and sums are real."""

import csv
import email
import email.policy
import io
import json
import random
import re
import sqlite3
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import docx
import odfdo
import olefile
import openpyxl
import pypdfium2
import pytest
from stdnum.dk import cpr
from stdnum.nl import bsn

from bench import corpora, recognition
from bench._scoring import Verdict, by_numbers, by_words, overlaps, score, wilson
from bench.corpora.sample import Sample
from bench.corpora.second.kinds import BORROWED, CLEAN, PUPIL
from bench.corpora.second.templates import SHORT, everything
from bench.corpora.writing import WRAPPERS, WRITERS, write

SEED = 5
UNFILLED = re.compile(r"\{[kptodsgx][234]?[. }]|\{n |\{~|¦|@(rows|list|join|repeat|end)")
ROWS = [
    ["Klassenlijst 5A – Ærø"],
    ["Naam", "Klas", "Punten"],
    ["Zoë Yılmaz", "5A", "12"],
    ["Bo de Vries", "5A", "7"],
    ["Groeten van juf Roos"],
]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return corpora.of("second", SEED)


def sample(label: str = "pupil", rows: object = ROWS, formats: tuple = ("txt",), **more) -> Sample:
    made = {"stem": "a/b", "kind": "classlist", "language": "nl", "persons": (2, 2), **more}
    return Sample(label=label, rows=rows, formats=formats, **made)


def written(name: str, seed: int = 1) -> bytes:
    return write(sample(formats=(name,)), random.Random(seed)).content


def test_the_same_seed_makes_the_same_set_and_another_a_different_one(samples: list) -> None:
    assert samples == corpora.of("second", SEED)
    assert samples != corpora.of("second", SEED + 1)


def test_every_class_is_there_with_its_label(samples: list) -> None:
    labels = {(each.kind, each.label) for each in samples}
    assert labels == {(k, "pupil") for k in PUPIL} | {(k, "clean") for k in CLEAN}
    assert not set(PUPIL) & set(CLEAN)


def test_half_are_about_pupils_and_the_languages_have_their_shares(samples: list) -> None:
    assert 650 <= len(samples) <= 750
    assert abs(sum(each.label == "pupil" for each in samples) / len(samples) - 0.5) < 0.02
    shares = {lang: n / len(samples) for lang, n in Counter(s.language for s in samples).items()}
    assert shares == pytest.approx({"nl": 0.55, "da": 0.35, "en": 0.10}, abs=0.05)


def test_about_two_thirds_of_the_pupil_files_hold_no_personal_number(samples: list) -> None:
    pupil = [each for each in samples if each.label == "pupil"]
    bare = sum(not by_numbers(each.rows).pupil for each in pupil)
    assert 0.58 <= bare / len(pupil) <= 0.78


def test_persons_are_told_for_pupil_files_only_and_in_order(samples: list) -> None:
    for each in samples:
        if each.label == "clean":
            assert each.persons == (0, 0)
        else:
            assert 0 < each.persons[0] <= each.persons[1], each


def test_nothing_of_a_template_is_left_unfilled(samples: list) -> None:
    for each in samples:
        text = each.stem + "\n".join(cell for row in each.rows for cell in row)
        assert not UNFILLED.search(text), (each.kind, text)


def test_files_of_a_class_differ_in_more_than_names() -> None:
    templates, _ = everything()
    own = Counter(each.kind for each in templates)
    assert all(own[kind] >= 3 for kind in (*PUPIL, *CLEAN) if kind not in BORROWED), own


def test_every_format_that_is_named_can_be_written() -> None:
    templates, _ = everything()
    named = {name for each in templates for name in each.formats if not name.startswith("raw.")}
    named |= {name for each in BORROWED.values() for name in each.formats}
    assert named <= set(WRITERS) | set(WRAPPERS)
    assert not set(SHORT) & named


def test_office_files_open_in_the_libraries_of_their_formats() -> None:
    told = docx.Document(io.BytesIO(written("docx", 4)))
    assert "Zoë Yılmaz" in [cell.text for row in told.tables[0].rows for cell in row.cells]
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx")))
    cells = [cell for row in book.worksheets[-1].values for cell in row]
    assert "Zoë Yılmaz" in cells and book.worksheets[-1].merged_cells.ranges
    for name in ("odt", "ods", "odp"):
        assert "Bo de Vries" in str(odfdo.Document(io.BytesIO(written(name))).body.serialize())
    for name in ("doc", "xls", "ppt", "msg"):
        assert olefile.isOleFile(written(name))
    page = pypdfium2.PdfDocument(written("pdf"))[0]
    assert "Zoë Yılmaz" in page.get_textpage().get_text_range()


def test_slides_are_well_formed_and_named_in_the_contents() -> None:
    with zipfile.ZipFile(io.BytesIO(written("pptx"))) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        assert b"/ppt/slides/slide1.xml" in archive.read("[Content_Types].xml")


def test_texts_and_tables_can_be_read_back() -> None:
    for seed in range(8):
        content = written("csv", seed)
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        lines = content.decode("utf-16" if wide else "latin-1").splitlines()
        mark = next(each for each in ";,\t" if each in lines[1])
        assert [len(row) for row in csv.reader(lines, delimiter=mark)] == [1, 3, 3, 3, 1]
    assert json.loads(written("json"))["data"]
    assert ElementTree.fromstring(written("xml")).find("rij") is not None
    connection = sqlite3.connect(":memory:")
    connection.deserialize(written("sqlite"))
    assert connection.execute("select count(*) from blad").fetchone() == (len(ROWS),)
    connection.close()
    assert written("ics").startswith(b"BEGIN:VCALENDAR") and written("rtf").startswith(b"{\\rtf1")


def test_wrapped_files_hold_what_they_wrap() -> None:
    with zipfile.ZipFile(io.BytesIO(written("zip.zip"))) as outer:
        assert zipfile.is_zipfile(io.BytesIO(outer.read("oud.zip")))
    with tarfile.open(fileobj=io.BytesIO(written("tar.gz"))) as archive:
        assert archive.getnames()
    message = email.message_from_bytes(written("eml+"), policy=email.policy.default)
    assert next(message.iter_attachments()).get_filename().startswith("a-b.")


def test_an_email_takes_its_head_from_its_first_rows() -> None:
    rows = [["Van", "Bo Vos <bo@example.org>"], ["Onderwerp", "Re: Zoë"], ["Hoi"]]
    content = write(sample(rows=rows, formats=("eml",)), random.Random(1)).content
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["Subject"] == "Re: Zoë" and message["From"].addresses[0].display_name == "Bo Vos"


def test_raw_text_is_the_file_and_a_name_holds_no_slash() -> None:
    made = write(sample(rows=[["<EDEX/>"]], formats=("raw.xml",)), random.Random(1))
    assert (made.name, made.content) == ("a-b.xml", b"<EDEX/>")


def test_the_number_baseline_agrees_with_another_library() -> None:
    chance = random.Random(2)
    for _ in range(3000):
        number = f"{chance.randrange(10**8, 10**9)}"
        assert by_numbers([[number]]).pupil == bsn.is_valid(number)
    assert by_numbers([["cpr 211062-5629"]]).pupil == cpr.is_valid("211062-5629")
    assert not by_numbers([["ordre 991362-5629"]]).pupil


def test_the_word_baseline_wants_two_different_words() -> None:
    assert by_words([["De leerling zit in klas 5"]]).pupil
    assert not by_words([["leerling, leerling en leerling"]]).pupil


def test_a_score_counts_what_it_should() -> None:
    samples = [sample(), sample(), sample(), sample("clean"), sample("clean")]
    verdicts = [
        Verdict(pupil=True, persons=(1, 2)),
        Verdict(pupil=True, persons=(3, 9)),
        Verdict(pupil=False, readable=False),
        Verdict(pupil=True),
        Verdict(pupil=False),
    ]
    told = score(samples, verdicts)
    assert (told.hits, told.missed, told.alarms, told.passed) == (2, 1, 1, 1)
    assert told.recall == told.precision == told.f1 == pytest.approx(2 / 3)
    assert (told.counted, told.in_range) == (2, 1)
    table = recognition.by_class(samples, {"ours": verdicts})
    assert table["classlist"]["ours"] == 3 and table["classlist"]["files"] == 5


def test_ranges_overlap_at_their_ends() -> None:
    assert overlaps((1, 2), (2, 5)) and overlaps((3, 3), (1, 9))
    assert not overlaps((1, 2), (3, 4))


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 0) == (0.0, 1.0)


def stub(folder: Path) -> Path:
    """A product that takes every file for a pupil file of one person, and says nothing of one."""
    program = folder / "stub"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys\n"
        "assert sys.argv[1:3] == ['scan', '--jsonl']\n"
        "files = sorted(p for p in pathlib.Path(sys.argv[3]).rglob('*') if p.is_file())\n"
        "for path in files[1:]:\n"
        "    print(json.dumps({'path': str(path), 'verdict': 'pupil', 'persons_min': 1,\n"
        "                      'persons_max': 1, 'score': 1.0, 'class': 'x', 'evidence': [],\n"
        "                      'reason': 'none'}))\n"
    )
    program.chmod(0o755)
    return program


def test_a_small_run_measures_and_writes_rows(tmp_path: Path, capsys) -> None:
    out, keep = tmp_path / "out.json", tmp_path / "kept"
    words = ["--files", "30", "--misses", "2", "--out", str(out), "--keep", str(keep)]
    assert recognition.main([*words, "--program", str(stub(tmp_path))]) == 0
    body = json.loads(out.read_text("utf-8"))
    assert {"what", "ours", "peer", "peer_name", "unit", "ratio"} == set(body["rows"][0])
    assert body["rows"][-1]["what"] == "without a verdict" and body["rows"][-1]["ours"] == 1
    assert sum(row["files"] for row in body["by_class"].values()) == 30
    assert len([path for path in keep.rglob("*") if path.is_file()]) == 30
    shown = capsys.readouterr().out
    assert "bag of words" in shown and "number checks" in shown and "wrong" in shown
    with pytest.raises(SystemExit, match="not empty"):
        recognition.main([*words, "--program", str(stub(tmp_path))])

"""The register as a file, out and in: export in three formats, and an old log taken over."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from sqlalchemy import text

from server_stub import wording
from server_stub.breaches import register_import
from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.errors import AskedError
from server_stub.storage.store import Store
from tests.console_visit import Console, console

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
BSN = "111222333"
"""Invented: it passes the check and was never given to anybody."""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("files") / "state") as made:
        olaf = made.session("olaf")
        csrf = made.csrf(olaf)
        entry = made.post(olaf, f"/devices/{made.laptop.name}/2/breach", csrf=csrf)
        place = f"{entry.headers['Location']}/dossier/nature"
        form = {"csrf": csrf, "title": "=2+3", "summary": 'List; with, marks\n"and" lines'}
        assert made.post(olaf, place, **form).status_code == 303
        yield made


def command(at: Console, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "server_stub", "--state", str(at.running.state), *words],
        capture_output=True,
        timeout=60,
        check=False,
    )


# --- out ------------------------------------------------------------------------------------------


def test_a_spreadsheet_takes_no_answer_for_a_formula(at: Console) -> None:
    content = at.get(at.session("olaf", "nl"), "/register/export?format=csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    (row,) = [dict(zip(lines[0], line, strict=True)) for line in lines[1:] if "'=2+3" in line]
    dutch = wording.load()["nl"]
    assert row[dutch.text("question.title")] == "'=2+3"
    assert row[dutch.text("question.summary")] == 'List; with, marks\n"and" lines'
    assert row[dutch.text("question.categories")] == dutch.fact(
        ["name", "national-number"], "categories"
    )
    assert len(lines[0]) == len(set(lines[0])) == 4 + len(QUESTIONS) + 5


def test_json_has_the_history_with_its_chain(at: Console) -> None:
    found = json.loads(command(at, "breach", "export", "--json").stdout)["entries"]
    (mine,) = [one for one in found if one["answers"].get("title") == "=2+3"]
    assert mine["answers"]["groups"] == "pupils"
    assert [line["act"] for line in mine["history"]] == ["opened"] + 3 * ["answered"]
    assert all(len(line["head"]) == 64 for line in mine["history"])


def test_pdf_is_tagged_and_has_every_entry(at: Console, tmp_path: Path) -> None:
    out = tmp_path / "register.pdf"
    words = ("breach", "export", "--format", "pdf", "--language", "da", "--out", str(out))
    done = command(at, *words)
    assert done.returncode == 0, done.stderr
    document = pypdfium2.PdfDocument(out)
    said = "".join(page.get_textpage().get_text_range() for page in document)
    assert document.is_tagged()
    for (number,) in at.running.rows("SELECT number FROM breaches"):
        assert number in said
    document.close()


def test_that_the_register_was_taken_stands_in_the_log(at: Console) -> None:
    olaf = at.session("olaf")
    assert at.get(olaf, "/register/export?format=exe").status_code == 404
    at.get(olaf, "/register/export?format=json")
    assert wording.load()["en"].word("exported-register") in at.get(olaf, "/log").text


def test_a_place_that_cannot_be_written_to_is_said(at: Console) -> None:
    done = command(at, "breach", "export", "--out", "/nowhere/at/all.csv")
    assert done.returncode == 1
    assert b"cannot write /nowhere/at/all.csv" in done.stderr


# --- in -------------------------------------------------------------------------------------------


def read(given: str | bytes) -> list[register_import.OldLine]:
    content = given if isinstance(given, bytes) else given.encode()
    return register_import.read(content, AMSTERDAM, NOW)


def test_an_old_log_is_read_in_the_ways_spreadsheets_write_it() -> None:
    for log in (
        "date,description\r\n2024-05-31,A list was lost.\r\n",
        '\ufeffDescription;Date\n"A list was lost.";31-05-2024\n\n',
    ):
        (line,) = read(log)
        assert line.noticed_at == datetime(2024, 5, 31, 10, 0, tzinfo=UTC)
        assert line.description == "A list was lost."


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("01-01-1900,A list was lost.", "line 2: the date is a placeholder"),
        ("2027-01-01,A list was lost.", "line 2: the date has not come yet"),
        ("soon,A list was lost.", "line 2: the date is none"),
        ("2024-05-31,", "line 2: there is no description"),
        (f"2024-05-31,It was {BSN}", "line 2: the description holds a person's number"),
        ("2024-05-31,a,b", "line 2 does not have two columns"),
        ("2024-05-31," + "x" * 5000, "line 2: the description is too long"),
    ],
)
def test_a_line_that_cannot_be_taken_over_is_named(line: str, says: str) -> None:
    with pytest.raises(AskedError, match=says):
        read(f"date,description\n{line}\n2024-05-30,This one is right.\n")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"date,description,name\n2024-05-31,x,y",
        b"\xff\xfe\x00",
        b"date,description\n" + b'"' * 200_000,
        b"x" * 4_000_001,
        b"date,description\n" + b"2024-05-31,x\n" * 10_001,
    ],
)
def test_a_file_that_is_no_log_is_refused(content: bytes) -> None:
    with pytest.raises(AskedError):
        read(content)


def test_an_old_log_is_taken_over_once_and_nothing_of_a_wrong_one(
    at: Console, tmp_path: Path
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("date,description\n31-05-2024,A list was lost.\n01-01-1900,Second\n", "utf-8")
    refused = command(at, "breach", "import", str(log))
    assert refused.returncode == 1
    assert b"line 3" in refused.stderr
    assert at.running.rows("SELECT 1 FROM breaches WHERE number LIKE '2024-%'") == []
    log.write_text("date,description\n31-05-2024,A list was lost.\n", "utf-8")
    assert command(at, "breach", "import", str(log)).stdout == b"1 entries taken over\n"
    again = command(at, "breach", "import", str(log)).stdout
    assert again == b"0 entries taken over, 1 were there already\n"
    olaf = at.session("olaf")
    page = at.get(olaf, "/register/2024-0001/dossier").text
    assert "A list was lost." in page
    assert wording.load()["en"].text("plan.closed") in page
    (first,) = at.running.rows(
        "SELECT at FROM breach_history JOIN breaches ON breaches.id = breach "
        "WHERE number = '2024-0001' ORDER BY breach_history.id LIMIT 1"
    )[0]
    assert not str(first).startswith("2024"), "the history says when it was taken over"
    done = command(at, "breach", "verify")
    assert (done.returncode, done.stdout.count(b"whole")) == (0, 3)


def test_an_answer_that_was_changed_behind_the_history_is_found(at: Console) -> None:
    (number,) = at.running.rows(
        "SELECT number FROM breaches JOIN breach_answers ON breach = breaches.id "
        "WHERE answer = '=2+3'"
    )[0]
    for change, back in (
        ("answer = 'nothing' WHERE answer = '=2+3'", "answer = '=2+3' WHERE answer = 'nothing'"),
        (
            "question = 'place' WHERE question = 'title'",
            "question = 'title' WHERE question = 'place'",
        ),
    ):
        behind(at, f"UPDATE breach_answers SET {change}")
        done = command(at, "breach", "verify")
        assert (done.returncode, done.stdout.count(number.encode())) == (1, 1)
        behind(at, f"UPDATE breach_answers SET {back}")
        assert command(at, "breach", "verify").returncode == 0
    behind(at, "UPDATE breaches SET closed_at = NULL WHERE number = '2024-0001'")
    assert b"entry 2024-0001: BROKEN" in command(at, "breach", "verify").stdout
    behind(at, "UPDATE breaches SET closed_at = created_at WHERE number = '2024-0001'")


def behind(at: Console, change: str) -> None:
    """Change the database as somebody would who has it in hand."""
    store = Store(f"sqlite:///{at.running.state / 'collector.db'}")
    store.write(lambda connection: connection.execute(text(change)))
    store.close()


def test_a_changed_history_is_found(at: Console) -> None:
    behind(at, "UPDATE breach_history SET who = 'somebody' WHERE id = 2")
    done = command(at, "breach", "verify")
    assert done.returncode == 1
    assert b"BROKEN" in done.stdout

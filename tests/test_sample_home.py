"""The sample home, read back by other readers than the libraries' writers."""

import csv
import email
import email.policy
import io
import random
import re
import zipfile
from pathlib import Path

import docx
import odfdo
import openpyxl
import pypdfium2
import pytest
from PIL import Image
from stdnum import iban as iban_oracle
from stdnum import isbn as isbn_oracle
from stdnum.dk import cpr as cpr_oracle
from stdnum.nl import bsn as bsn_oracle

from agent.demo import people, sample_home, tables
from agent.demo.sample_home import Inventory, SampleFile

SEED = 20261012


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample") / "home"


@pytest.fixture(scope="module")
def inventory(home: Path) -> Inventory:
    return sample_home.build(home, SEED)


def text_of(name: str, raw: bytes) -> str:
    """The words of a file, by its first bytes; what lies inside another file included."""
    file = io.BytesIO(raw)
    if raw.startswith(b"PK"):
        return archive_text(name, file)
    if raw.startswith(b"%PDF"):
        return "\n".join(
            page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(raw)
        )
    if raw.startswith(b"\xff\xd8"):
        Image.open(file).load()
        return ""
    if name.endswith(".eml"):
        parts = email.message_from_bytes(raw, policy=email.policy.default).walk()
        leaves = [part for part in parts if not part.is_multipart()]
        return "\n".join(
            text_of(p.get_filename() or "", p.get_payload(decode=True)) for p in leaves
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def archive_text(name: str, file: io.BytesIO) -> str:
    members = zipfile.ZipFile(file).namelist()
    if "word/document.xml" in members:
        document = docx.Document(file)
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        return "\n".join([*(p.text for p in document.paragraphs), *cells])
    if "xl/workbook.xml" in members:
        rows = openpyxl.load_workbook(file).active.iter_rows(values_only=True)
        return "\n".join(";".join(map(str, row)) for row in rows)
    if "content.xml" in members:
        return str(odfdo.Document(file).get_formatted_text())
    inner = zipfile.ZipFile(file)
    return "\n".join(text_of(member, inner.read(member)) for member in members)


def text(home: Path, file: SampleFile) -> str:
    return text_of(file.path, (home / file.path).read_bytes())


def numbers(pattern: str, inventory: Inventory) -> list[str]:
    return [found for found in inventory.planted if re.fullmatch(pattern, found)]


def test_there_are_enough_pupil_files_and_decoys_in_every_common_format(
    inventory: Inventory,
) -> None:
    for files in (inventory.pupil_files, inventory.decoys):
        assert len(files) >= 10
        endings = {Path(file.path).suffix for file in files}
        assert endings >= {".docx", ".xlsx", ".csv", ".pdf", ".odt", ".eml", ".zip", ".txt"}


def test_the_inventory_names_exactly_the_files_that_were_written(
    home: Path, inventory: Inventory
) -> None:
    on_disk = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert on_disk == {file.path for file in inventory.files}


def test_every_pupil_file_holds_as_many_planted_people_as_it_says(
    home: Path, inventory: Inventory
) -> None:
    names = {trace for trace in inventory.planted if trace.isalpha()}
    for file in inventory.pupil_files:
        words = re.findall(r"\w+", text(home, file))
        assert sum(words.count(name) > 0 for name in names) >= min(file.persons, 8), file.path
        assert file.persons >= 1


def test_every_file_holds_about_a_page(home: Path, inventory: Inventory) -> None:
    for file in inventory.files:
        if not file.path.endswith("IMG_2207.jpg"):
            assert len(text(home, file)) > 150, file.path
    letters = [text(home, file) for file in inventory.pupil_files if file.persons == 1]
    assert all(len(letter) > 900 for letter in letters)


def test_decoys_hold_no_pupil_and_no_number_of_one(home: Path, inventory: Inventory) -> None:
    # The order's article numbers and the invoice's tax number pass the elfproef on purpose.
    planted = set(numbers(r"\d{9}|\d{10}|\d{6}-\d{4}", inventory))
    for file in inventory.decoys:
        assert not planted & set(re.findall(r"[\d-]+", text(home, file))), file.path


def test_planted_numbers_pass_the_checks_of_an_independent_library(inventory: Inventory) -> None:
    citizen = numbers(r"\d{9}", inventory)
    danish = numbers(r"\d{6}-\d{4}", inventory)
    assert len(citizen) > 60
    assert len(danish) > 40
    assert all(bsn_oracle.is_valid(number) for number in citizen)
    assert all(cpr_oracle.is_valid(number) for number in danish)


def test_numbers_of_books_and_accounts_pass_theirs() -> None:
    chance = random.Random(SEED)
    for _ in range(50):
        long, short = tables.isbns(chance)
        assert isbn_oracle.to_isbn13(short) == isbn_oracle.compact(long)
        assert iban_oracle.is_valid(tables.iban(chance), check_country=False)


def test_a_danish_number_begins_with_the_birthday_it_belongs_to() -> None:
    for person in people.people(random.Random(SEED), "da", 20):
        assert person.number.startswith(f"{person.born:%d%m%y}")
        assert cpr_oracle.get_birth_date(person.number) == person.born


def test_the_same_seed_gives_the_same_words_and_another_seed_others(
    home: Path, inventory: Inventory, tmp_path: Path
) -> None:
    again = sample_home.build(tmp_path / "again", SEED)
    assert again == inventory
    for file in inventory.files:
        assert text(tmp_path / "again", file) == text(home, file)
    other = sample_home.build(tmp_path / "other", SEED + 1)
    assert not set(numbers(r"\d{9}", other)) & set(numbers(r"\d{9}", inventory))


def test_one_pupil_file_is_not_what_its_name_says(home: Path, inventory: Inventory) -> None:
    (renamed,) = [file for file in inventory.pupil_files if file.path.endswith(".jpg")]
    assert zipfile.is_zipfile(home / renamed.path)


def test_file_names_and_what_lies_inside_archives_are_planted_too(inventory: Inventory) -> None:
    assert {Path(file.path).name for file in inventory.files} <= set(inventory.planted)
    assert "groep 8 naar VO.csv" in inventory.planted


def test_nothing_planted_is_so_short_that_it_turns_up_by_chance(inventory: Inventory) -> None:
    assert min(map(len, inventory.planted)) >= 7


def test_lists_open_in_a_plain_csv_reader(home: Path) -> None:
    raw = (home / "Downloads/export_leerlingen (3).csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw), delimiter=";"))
    assert len(rows) == 19
    assert all(bsn_oracle.is_valid(row["Burgerservicenummer"]) for row in rows)

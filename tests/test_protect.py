"""Protected copies, opened with the programs that a receiver has."""

import io
import json
import os
import resource
import secrets
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import fpdf
import pytest
import pyzipper

from agent.protect.copies import Form, Made, ProtectError, Source, Why, write_copy
from agent.protect.names import LONGEST, inside, neutral, plain
from agent.protect.passphrase import BITS, how_many, made, words
from agent.protect.zipped import write_zip
from agent.texts import LANGUAGES, say
from collectors.base import utc_now

SECRET = "tulip-lemon-canal-otter"
SAID = "Groep 7, rapport van een bedacht kind"


def pdf(path: Path, pages: int = 3) -> Path:
    document = fpdf.FPDF()
    for number in range(pages):
        document.add_page()
        document.set_font("helvetica", size=12)
        document.cell(text=f"{SAID}, blad {number}")
    document.output(str(path))
    return path


def copied(path: Path, *sources: Path, wished: Form | None = None) -> Made:
    files = [source.open("rb") for source in sources]
    try:
        given = [Source(name=f.name, file=f) for f in files]
        with path.open("w+b") as out:
            return write_copy(given, out, SECRET, "inhoud.zip", wished)
    finally:
        for file in files:
            file.close()


def run(*words: str | Path, **more: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **more,
    )


def unpacked(path: Path, into: Path, secret: str = SECRET) -> Path:
    """What a receiver has who opens both zips with 7-Zip."""
    done = run("7zz", "x", f"-p{secret}", f"-o{into}", path)
    assert done.returncode == 0, done.stdout + done.stderr
    (inner,) = into.iterdir()
    assert run("7zz", "x", f"-o{into / 'files'}", inner).returncode == 0
    return into / "files"


# --- the passphrase -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_can_be_read_out_and_are_worth_enough(language: str) -> None:
    listed = words(language)
    assert len(set(listed)) == len(listed)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in listed)
    assert all(3 <= len(word) <= 10 for word in listed)
    told = made(language).split("-")
    assert set(told) <= set(listed)
    assert len(listed) ** len(told) >= 2**BITS
    assert len(told) <= 7


def test_shorter_lists_give_more_words_and_no_two_passphrases_are_alike() -> None:
    assert (how_many(2), how_many(1024), how_many(1025)) == (60, 6, 6)
    assert len({made("nl") for _ in range(200)}) == 200
    assert made("fr").split("-")[0] in words("en")


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/home/a/../Groep 7.xlsx", "Groep 7.xlsx"),
        ("C:\\Users\\a\\lijst.docx", "lijst.docx"),
        ("../../etc/passwd", "passwd"),
        ("een\nregel\r.txt", "een_regel_.txt"),
        ("rapport\u202efdp.exe", "rapport_fdp.exe"),
        ("..", "_"),
        ("", "_"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("aux.tar.gz", "_aux.tar.gz"),
        ("naam. ", "naam"),
        ('a:b*?"<>|.txt', "a_b______.txt"),
        ("\udcff\udc00.pdf", "__.pdf"),
        ("é\u0301ë.pdf", "é\u0301ë.pdf"),
    ],
)
def test_a_name_becomes_one_that_every_system_can_unpack(given: str, wanted: str) -> None:
    assert plain(given) == wanted


def test_long_names_keep_their_ending_and_alike_ones_get_a_number() -> None:
    long = plain("ø" * 400 + ".docx")
    assert long.endswith(".docx")
    assert len(long.encode()) <= LONGEST
    assert inside(["a/x.txt", "b/X.TXT", "c/x.txt", "x"]) == [
        "x.txt",
        "X (2).TXT",
        "x (3).txt",
        "x",
    ]


def test_the_name_of_a_copy_says_nothing() -> None:
    assert neutral("beveiligd", utc_now(), "pdf").startswith("beveiligd-2")


# --- copies ---------------------------------------------------------------------------------------


def test_a_pdf_opens_everywhere_with_the_passphrase_and_not_without(tmp_path: Path) -> None:
    source, copy = pdf(tmp_path / "a.pdf"), tmp_path / "copy.pdf"
    before = source.read_bytes()
    assert copied(copy, source) == Made(form=Form.PDF)
    assert source.read_bytes() == before
    shown = run("qpdf", f"--password={SECRET}", "--show-encryption", copy)
    assert "R = 6" in shown.stdout
    assert shown.stdout.count("AESv3") == 3
    assert run("qpdf", f"--password={SECRET}", "--check", copy).returncode == 0
    text = run("pdftotext", "-upw", SECRET, copy, "-").stdout
    assert text.count(SAID) == 3
    for wrong in ("", "tulip-lemon-canal-otters"):
        assert run("qpdf", f"--password={wrong}", "--check", copy).returncode == 2
        assert SAID not in run("pdftotext", "-upw", wrong, copy, "-").stdout
    assert b"rapport" not in copy.read_bytes()


def test_other_files_open_in_7_zip_and_their_names_do_not_show(tmp_path: Path) -> None:
    first, second = tmp_path / "Groep 7.txt", pdf(tmp_path / "rapport.pdf")
    first.write_text(SAID)
    copy = tmp_path / "copy.zip"
    assert copied(copy, first, second) == Made(form=Form.ZIP)
    listed = run("7zz", "l", "-slt", copy).stdout
    assert "AES-256" in listed
    assert "inhoud.zip" in listed
    assert b"Groep 7" not in copy.read_bytes()
    files = unpacked(copy, tmp_path / "out")
    assert (files / "Groep 7.txt").read_text() == SAID
    assert (files / "rapport.pdf").read_bytes() == second.read_bytes()
    assert run("7zz", "t", "-pwrong-word", copy).returncode != 0
    with pyzipper.AESZipFile(copy) as opened, pytest.raises(RuntimeError, match="password"):
        opened.read("inhoud.zip", pwd=b"wrong-word")


def test_a_changed_copy_does_not_open(tmp_path: Path) -> None:
    source, copy = tmp_path / "a.txt", tmp_path / "copy.zip"
    source.write_bytes(secrets.token_bytes(5000))
    copied(copy, source)
    raw = bytearray(copy.read_bytes())
    raw[2000] ^= 1
    copy.write_bytes(raw)
    assert run("7zz", "t", f"-p{SECRET}", copy).returncode != 0


def encrypted(path: Path) -> Path:
    source = pdf(path.with_suffix(".plain"))
    run("qpdf", "--encrypt", "own", "own", "256", "--", source, path)
    return path


def cut(path: Path) -> Path:
    raw = pdf(path).read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    return path


def nonsense(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.7\n" + secrets.token_bytes(20_000))
    return path


def circle(path: Path) -> Path:
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\n"
        b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    )
    return path


def bomb(path: Path) -> Path:
    """An object of the file lies behind 400 MB of blanks."""
    raw = zlib.compress(b"1 0 " + b" " * (400 * 1024**2), 9)
    stream = b"5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(raw)
    start = b"%PDF-1.5\n"
    body = start + stream + raw + b"\nendstream endobj\n"
    table = [(0, 0, 65535), (2, 5, 0), *[(0, 0, 0)] * 3, (1, len(start), 0), (1, len(body), 0)]
    rows = b"".join(struct.pack(">BIH", *row) for row in table)
    head = b"6 0 obj<</Type/XRef/Size 7/W[1 4 2]/Root 1 0 R/Length %d>>stream\n" % len(rows)
    end = b"\nendstream endobj\nstartxref\n%d\n%%%%EOF" % len(body)
    path.write_bytes(body + head + rows + end)
    return path


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (encrypted, Why.ENCRYPTED),
        (cut, Why.DAMAGED),
        (nonsense, Why.DAMAGED),
        (circle, Why.DAMAGED),
        (bomb, Why.DAMAGED),
    ],
    ids=["encrypted", "cut", "nonsense", "circle", "bomb"],
)
def test_a_pdf_that_cannot_be_protected_goes_whole_into_a_zip(
    tmp_path: Path, make: Callable[[Path], Path], why: Why
) -> None:
    source, copy = make(tmp_path / "a.pdf"), tmp_path / "copy.zip"
    assert copied(copy, source) == Made(form=Form.ZIP, why=why)
    assert (unpacked(copy, tmp_path / "out") / "a.pdf").read_bytes() == source.read_bytes()


def test_a_pdf_is_not_made_of_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SAID)
    with pytest.raises(ProtectError, match="only one file"):
        copied(tmp_path / "copy.pdf", tmp_path / "a.txt", wished=Form.PDF)


def test_a_lone_pdf_can_be_put_into_a_zip(tmp_path: Path) -> None:
    made = copied(tmp_path / "copy.zip", pdf(tmp_path / "a.pdf"), wished=Form.ZIP)
    assert made == Made(form=Form.ZIP)


@pytest.mark.parametrize("at", [-1e18, 0.0, 1e18, float(2**40)])
def test_a_date_that_no_zip_knows_breaks_nothing(tmp_path: Path, at: float) -> None:
    source = tmp_path / "a.txt"
    source.write_text(SAID)
    try:
        os.utime(source, (at, at))
    except (OverflowError, OSError):
        pytest.skip("this file system does not know that moment either")
    out = io.BytesIO()
    with source.open("rb") as file:
        write_zip([("a.txt", file)], out, SECRET, "inhoud.zip")
    with pyzipper.AESZipFile(out) as outer:
        inner = outer.read("inhoud.zip", pwd=SECRET.encode())
    assert zipfile.ZipFile(io.BytesIO(inner)).read("a.txt").decode() == SAID


# --- the command ----------------------------------------------------------------------------------


def protect(
    *words: str | Path, folder: Path, language: str = "en", **more: object
) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LANGUAGE": language}
    command = [sys.executable, "-m", "agent", "protect", *words]
    return run(*command, cwd=folder, env=environment, **more)


def test_the_command_says_the_passphrase_once_and_touches_no_original(tmp_path: Path) -> None:
    source = pdf(tmp_path / "Rapport Sanne.pdf")
    os.chmod(source, 0o400)
    before = (source.read_bytes(), source.stat().st_mtime_ns)
    done = protect(source.name, folder=tmp_path, language="nl")
    assert done.returncode == 0, done.stderr
    (copy,) = tmp_path.glob("beveiligd-*.pdf")
    (secret,) = (line.strip() for line in done.stdout.splitlines() if line.startswith("    "))
    assert run("qpdf", f"--password={secret}", "--check", copy).returncode == 0
    assert say("nl", "protect-tell") in done.stdout
    assert say("nl", "protect-link") in done.stdout
    assert copy.stat().st_mode & 0o777 == 0o600
    assert before == (source.read_bytes(), source.stat().st_mtime_ns)


def test_for_programs_it_is_one_object(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text(SAID)
    done = protect("--json", "a b.txt", "--to", "out.zip", folder=tmp_path)
    told = json.loads(done.stdout)
    assert (told["file"], told["form"], told["why"]) == ("out.zip", "zip", None)
    files = unpacked(tmp_path / "out.zip", tmp_path / "out", told["passphrase"])
    assert (files / "a b.txt").read_text() == SAID


def test_hostile_names_arrive_tame_and_none_gets_out_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["..\\..\\evil.bat", "een\nregel.txt", "rapport\u202efdp.exe", "-rf", "a;$(id).txt"]
    for name in names:
        (folder / name).write_text(name)
    done = protect("--json", "--to", "out.zip", "--", *names, folder=folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    files = unpacked(folder / "out.zip", tmp_path / "out", told["passphrase"])
    assert {one.name: one.read_text() for one in files.iterdir()} == {
        "evil.bat": names[0],
        "een_regel.txt": names[1],
        "rapport_fdp.exe": names[2],
        "-rf": names[3],
        "a;$(id).txt": names[4],
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gone.txt"], "No such file"),
        (["."], "is no file"),
        (["pipe"], "is no file"),
        (["a.txt", "--to", "a.txt"], "there already"),
        (["a.txt", "--to", "gone/b.zip"], "No such file"),
        (["a.txt", "--as", "pdf"], "only one file"),
        (["cut.pdf", "--as", "pdf", "--to", "x.pdf"], "could not be read without faults"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "a.txt").write_text(SAID)
    os.mkfifo(tmp_path / "pipe")
    cut(tmp_path / "cut.pdf")
    before = sorted(tmp_path.iterdir())
    done = protect(*words, folder=tmp_path)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "a.txt").read_text() == SAID


def test_a_copy_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SAID)
    made = {json.loads(protect("--json", "a.txt", folder=tmp_path).stdout)["file"] for _ in "123"}
    assert len(made) == 3


def test_a_damaged_pdf_is_told_and_its_copy_is_called_a_zip(tmp_path: Path) -> None:
    cut(tmp_path / "a.pdf")
    done = protect("a.pdf", folder=tmp_path)
    assert say("en", "protect-pdf-damaged") in done.stdout
    assert [one.suffix for one in tmp_path.glob("protected-*")] == [".zip"]


def test_modules_of_the_folder_one_stands_in_are_not_run(tmp_path: Path) -> None:
    pdf(tmp_path / "a.pdf")
    for trap in ("pypdf.py", "resource.py"):
        (tmp_path / trap).write_text("open('ran', 'w')")
    out, package = tmp_path / "out.pdf", tmp_path / "agent"
    package.mkdir()
    (package / "__init__.py").write_text("open('ran', 'w')")
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert copied(out, tmp_path / "a.pdf") == Made(form=Form.PDF)
    finally:
        os.chdir(here)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_big_file_takes_little_memory(tmp_path: Path) -> None:
    big, most = tmp_path / "film.mp4", 300 * 1024**2
    piece = secrets.token_bytes(1024 * 1024)
    with big.open("wb") as file:
        for _ in range(200):
            file.write(piece)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (most // 2, most // 2))

    done = protect("--json", "film.mp4", "--to", "out.zip", folder=tmp_path, preexec_fn=limit)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    files = unpacked(tmp_path / "out.zip", tmp_path / "out", told["passphrase"])
    assert (files / "film.mp4").stat().st_size == big.stat().st_size
    assert run("cmp", big, files / "film.mp4").returncode == 0


@pytest.mark.root
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    source, small = tmp_path / "a.bin", tmp_path / "small"
    source.write_bytes(secrets.token_bytes(3_000_000))
    lone = pdf(tmp_path / "a.pdf", 300)
    small.mkdir()
    assert run("mount", "-t", "tmpfs", "-o", "size=64k", "none", small).returncode == 0
    try:
        for given in (source, lone):
            done = protect(given, "--to", small, folder=tmp_path)
            assert done.returncode == 1
            assert "the disk is full" in done.stderr
            assert list(small.iterdir()) == []
    finally:
        run("umount", small)
    assert source.stat().st_size == 3_000_000

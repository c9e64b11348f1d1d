"""Protecting files on the page: by keyboard alone, in three languages, and nothing left behind."""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import requests
from playwright.sync_api import Browser, Page

from agent.pages import upload
from agent.pages.waiting import MINUTES, MOST, Copy, Waiting
from agent.texts import LANGUAGES, say
from tests.accessible import violations
from tests.pages_served import CONTACT, answering, browser, served, start, visit
from tests.test_protect import SAID, cut, pdf, run, unpacked

BOUNDARY = "bound4ry"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def saved(page: Page, into: Path) -> Path:
    with page.expect_download() as told:
        page.click("a.button")
    path = into / told.value.suggested_filename
    told.value.save_as(path)
    return path


def by_keyboard(page: Page, *files: Path) -> None:
    page.keyboard.press("Tab")  # to the link past the head
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "files"
    with page.expect_file_chooser() as chooser:
        page.locator("#files").press("Space")
    chooser.value.set_files([str(one) for one in files])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".number")


def files_of(process: "subprocess.Popen[str]") -> list[str]:
    """The files without a name that a process holds open."""
    folder = f"/proc/{process.pid}/fd"
    names: list[str] = []
    for one in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.append(os.readlink(f"{folder}/{one}"))
    return [name for name in names if "protect" in name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_by_keyboard_alone(chromium: Browser, tmp_path: Path, language: str) -> None:
    source = pdf(tmp_path / "Rapport Sanne.pdf")
    with (
        answering(tmp_path / "s"),
        served("protect", tmp_path / "s", tmp_path, language) as one,
    ):
        page = visit(chromium, one.address)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == []
        by_keyboard(page, source)
        assert violations(page) == []
        secret = page.locator(".number").inner_text()
        assert CONTACT["phone"] in page.locator("footer").inner_text()
        copy = saved(page, tmp_path)
        assert copy.name.startswith(say(language, "protect-file"))
        assert run("qpdf", f"--password={secret}", "--check", copy).returncode == 0
        page.reload()
        assert secret not in page.content()
        assert say(language, "protect-shown") in page.locator("main").inner_text()
        assert violations(page) == []
        page.goto(page.url + "x")
        assert say(language, "protect-gone") in page.locator("main").inner_text()


def test_several_files_become_a_zip_also_without_an_agent_and_on_a_small_screen(
    chromium: Browser, tmp_path: Path
) -> None:
    first, second = tmp_path / "lijst.csv", cut(tmp_path / "kapot.pdf")
    first.write_text(SAID)
    with served("protect", tmp_path / "nobody", tmp_path, "nl") as one:
        page = visit(chromium, one.address, width=360)
        assert say("nl", "protect-offline") in page.locator("main").inner_text()
        page.set_input_files("#files", [str(first), str(second)])
        page.click("button")
        secret = page.locator(".number").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        files = unpacked(saved(page, tmp_path), tmp_path / "out", secret)
        assert (files / "lijst.csv").read_text() == SAID
        assert (files / "kapot.pdf").read_bytes() == second.read_bytes()
        assert files_of(one.process)  # the copy alone, which nobody else can name
        assert list((tmp_path / "data/dossierwacht/protect").iterdir()) == []
        page.goto(page.url.rpartition("/")[0])
        page.set_input_files("#files", str(second))
        page.click("button")
        assert say("nl", "protect-pdf-damaged") in page.locator("main").inner_text()
        assert violations(page) == []
    assert first.read_text() == SAID


def test_no_file_is_said_and_nothing_is_made(chromium: Browser, tmp_path: Path) -> None:
    with served("protect", tmp_path / "nobody", tmp_path) as one:
        page = visit(chromium, one.address)
        page.evaluate("document.querySelector('#files').required = false")
        page.click("button")
        assert say("en", "protect-need-none") in page.locator("[role=alert]").inner_text()
        assert violations(page) == []


def part(name: str, content: bytes = b"x", filename: str | None = None) -> bytes:
    given = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def posted(inside: str, body: bytes | Iterator[bytes], kind: str = "") -> requests.Response:
    headers = {
        "Content-Type": kind or f"multipart/form-data; boundary={BOUNDARY}",
        "Origin": "/".join(inside.split("/")[:3]),
    }
    return requests.post(inside, data=body, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    home = tmp_path_factory.mktemp("home")
    one = start("protect", home / "nobody", home)
    address = requests.get(one.address, timeout=10).url
    yield SimpleNamespace(address=address, process=one.process, home=home)
    one.process.kill()
    one.process.communicate()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"files=a", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"nonsense", ""),
        (part("files", filename="a.txt"), ""),
        (part("files", filename="a.txt")[:30], ""),
        (b"--" + BOUNDARY.encode() + b"\r\n" + b"A" * 100_000 + b": b\r\n\r\n", ""),
        (part("files", filename="a.txt"), f"multipart/form-data; boundary={'b' * 5000}"),
    ],
)
def test_what_is_no_form_is_refused(inside: SimpleNamespace, body: bytes, kind: str) -> None:
    assert posted(inside.address, body, kind).status_code == 400
    assert files_of(inside.process) == []


def test_too_many_files_are_refused(inside: SimpleNamespace) -> None:
    body = b"".join(part("files", filename=f"{n}.txt") for n in range(upload.MOST_FILES + 1))
    reply = posted(inside.address, body + f"--{BOUNDARY}--\r\n".encode())
    assert reply.status_code == 422
    assert say("en", "protect-need-many", most=upload.MOST_FILES) in reply.text
    assert files_of(inside.process) == []


def test_many_fields_and_long_ones_take_no_room(inside: SimpleNamespace) -> None:
    body = b"".join(part(f"f{n}", b"y" * 3000) for n in range(200))
    assert posted(inside.address, body + f"--{BOUNDARY}--\r\n".encode()).status_code == 422


def test_a_hostile_name_is_only_a_name(inside: SimpleNamespace, tmp_path: Path) -> None:
    name = "../../..\\een%0A\u202ergs.exe"
    body = part("files", SAID.encode(), name) + f"--{BOUNDARY}--\r\n".encode()
    reply = posted(inside.address, body)
    assert reply.status_code == 200
    secret = reply.text.split('<p class="number words">')[1].split("<")[0]
    copy = tmp_path / "copy.zip"
    copy.write_bytes(requests.get(reply.url + "/copy", timeout=10).content)
    (file,) = unpacked(copy, tmp_path / "out", secret).iterdir()
    assert (file.name, file.read_text()) == ("een%0A_rgs.exe", SAID)
    assert [one for one in inside.home.rglob("*") if "rgs" in one.name] == []


@pytest.mark.slow
def test_a_big_upload_takes_little_memory_and_too_big_a_one_no_room(
    tmp_path: Path,
) -> None:
    one = start("protect", tmp_path / "nobody", tmp_path)
    try:
        address = requests.get(one.address, timeout=10).url
        piece = secrets.token_bytes(1024 * 1024)

        def pieces(count: int) -> Iterator[bytes]:
            yield part("files", b"", "film.mp4")[:-2]
            for _ in range(count):
                yield piece
            yield f"\r\n--{BOUNDARY}--\r\n".encode()

        assert posted(address, pieces(200)).status_code == 200
        most = upload.MOST_BYTES // len(piece)
        reply = posted(address, pieces(most + 1))
        assert reply.status_code == 422
        assert say("en", "protect-need-large", megabytes=1024) in reply.text
        status = Path(f"/proc/{one.process.pid}/status").read_text()
        (peak,) = (int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
        assert peak < 200 * 1024
    finally:
        one.process.kill()
        one.process.communicate()


@pytest.mark.root
def test_a_full_disk_is_said_on_the_page(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    small = tmp_path / "data"
    small.mkdir()
    assert run("mount", "-t", "tmpfs", "-o", "size=200k", "none", small).returncode == 0
    one = start("protect", tmp_path / "nobody", tmp_path)
    try:
        address = requests.get(one.address, timeout=10).url
        end = f"--{BOUNDARY}--\r\n".encode()
        for size in (150_000, 5_000_000):  # no room for the copy, and none for the file itself
            reply = posted(address, part("files", secrets.token_bytes(size), "a.bin") + end)
            assert reply.status_code == 422
            assert say("en", "protect-need-full") in reply.text
            assert files_of(one.process) == []
    finally:
        one.process.kill()
        one.process.communicate()
        run("umount", small)


# --- copies that wait -----------------------------------------------------------------------------


def copy_at(moment: float, path: Path) -> Copy:
    file = cast("Path", path).open("w+b")
    file.write(b"0123456789")
    file.flush()
    return Copy(file=file, name="a.zip", form="zip", why=None, passphrase="a-b", made_at=moment)


def test_a_copy_waits_for_minutes_and_its_passphrase_is_said_once(tmp_path: Path) -> None:
    now = [0.0]
    waiting = Waiting(clock=lambda: now[0])
    word = waiting.put(copy_at(0.0, tmp_path / "a"))
    assert waiting.say_once(word) == "a-b"
    assert waiting.say_once(word) is None
    copy = waiting.get(word)
    assert copy is not None
    assert b"".join(copy.pieces()) == b"0123456789"
    assert waiting.get("other") is None
    reading = copy.pieces()
    now[0] = 60.0 * MINUTES
    assert next(reading) == b"0123456789"
    assert waiting.get(word) is None
    assert copy.file.closed
    assert list(reading) == []


def test_only_the_newest_copies_wait(tmp_path: Path) -> None:
    waiting = Waiting(clock=lambda: 0.0)
    words = [waiting.put(copy_at(0.0, tmp_path / str(n))) for n in range(MOST + 2)]
    assert [word for word in words if waiting.get(word)] == words[2:]
    for word in words[2:]:
        cast(Copy, waiting.get(word)).file.close()

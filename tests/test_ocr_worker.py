"""The worker for OCR: the real engine in its sandbox, escape attempts, damage, and its driver."""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil
import pytest

from collectors.recognise import message
from collectors.recognise.finding import Also, Finding
from collectors.recognise.ocr import MOST_PAGES, Ocr, wants_ocr
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.verdict import Format, Judgement, Reason, Verdict, unreadable
from tests import scans
from tests.fuzz_damage import scattered
from tests.test_worker import acting, gone, opened
from tests.test_worker_sandbox import ATTEMPTS, REFUSALS, results_of

TODAY = date(2026, 11, 1)
BEFORE = unreadable(Reason.NEEDS_OCR, 5, Format.IMAGE)
SCAN = scans.saved(scans.scanned(scans.page(scans.DUTCH)))
NEWS = scans.saved(scans.scanned(scans.page(scans.NEUTRAL)), "PDF")
TIMES = int(os.environ.get("MUTATIONS", "40")) // 2
SMALL = scans.page(["Nieuws"]).resize((620, 877))
SEEDS = {
    "png": scans.saved(SMALL),
    "jpeg": scans.saved(SMALL, "JPEG"),
    "tiff": scans.saved(SMALL, "TIFF"),
    "tiff of fax": scans.saved(SMALL.convert("1"), "TIFF", compression="group4"),
    "pdf": scans.saved(SMALL, "PDF"),
}
BESIEGED = textwrap.dedent("""
    from collectors.recognise.ocr_worker import MEMORY, Engine, warm_engine
    from collectors.recognise.worker import warm
    warm(); engine = Engine(); warm_engine(engine)
    sandbox.enter('nobody', MEMORY)
""")


@pytest.fixture
def ocr():
    made = Ocr()
    yield made
    made.close()


def look(ocr, content, before=BEFORE):
    descriptor = os.memfd_create("scan")
    os.write(descriptor, content)
    try:
        return ocr.judge(descriptor, TODAY, before)
    finally:
        os.close(descriptor)


def pid(ocr):
    return ocr._recogniser._child.process.pid


@scans.needs_ocr
def test_a_scan_is_read_in_the_sandbox_and_its_pages_are_counted(ocr):
    verdict, pages = look(ocr, SCAN)
    assert (verdict.verdict, pages) == (Judgement.PUPIL, 1)
    verdict, pages = look(ocr, NEWS)
    assert (verdict.verdict, pages) == (Judgement.CLEAN, 1)
    layers = ocr._recogniser.layers
    assert layers.seccomp
    assert layers.uid_dropped == (os.geteuid() == 0)


@scans.needs_ocr
def test_what_could_not_be_read_stays_what_it_was(ocr):
    before = Verdict(
        verdict=Judgement.UNREADABLE, reason=Reason.NEEDS_OCR, format=Format.PDF, size=9
    )
    assert look(ocr, SEEDS["png"], before) == (before, 1)
    assert look(ocr, b"%PDF-1.4 broken", before) == (before, 0)


@pytest.mark.parametrize("reason", [Reason.NEEDS_OCR, Reason.LIMIT])
def test_what_was_found_on_the_pages_that_could_be_read_is_kept(reason):
    also = (Also(finding=Finding.PASSWORD_LIST, count=3),)
    after = replace(unreadable(reason, 5, Format.IMAGE), also=also, sha256="0" * 64)
    ocr = Ocr(start=acting(f"channel.send({message.counted(after, 1)!r})"))
    assert look(ocr, SCAN) == (after if reason is Reason.NEEDS_OCR else BEFORE, 1)
    ocr.close()


@scans.needs_ocr
def test_it_takes_one_thread_and_little_memory(ocr):
    for content in (SCAN, NEWS, *SEEDS.values()):
        look(ocr, content)
    process = psutil.Process(pid(ocr))
    assert process.num_threads() == 1
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0])
    assert peak < 200_000, f"{peak} kB"


@scans.needs_ocr
def test_it_ends_when_idle_and_is_ended_when_abandoned():
    ocr = Ocr(idle=0.3)
    look(ocr, SEEDS["png"])
    first = pid(ocr)
    assert gone(first)
    asked = threading.Thread(target=look, args=(ocr, scans.saved(scans.noise(), "PDF")))
    asked.start()
    while asked.is_alive():
        ocr.abandon()
        time.sleep(0.05)
    asked.join()
    ocr.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_of(tmp_path_factory.mktemp("sandbox") / "file", BESIEGED)


@scans.needs_ocr
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_there_is_no_way_out_of_the_sandbox_for_ocr(results, attempt):
    assert results[attempt] in REFUSALS


@scans.needs_ocr
@pytest.mark.parametrize("name", SEEDS)
def test_no_damage_costs_more_than_a_verdict(name, ocr):
    dice = random.Random(name)
    for number in range(TIMES):
        content = scattered(SEEDS[name], dice)
        verdict, pages = look(ocr, content)
        assert verdict.verdict in (Judgement.UNREADABLE, Judgement.CLEAN), number
        assert pages <= MOST_PAGES
    assert look(ocr, SCAN)[0].verdict is Judgement.PUPIL


def test_an_ordinary_worker_never_loads_the_engine():
    code = (
        "import sys, collectors.recognise.worker as w; w.warm()\n"
        "maps = open('/proc/self/maps').read()\n"
        "print([m for m in sys.modules if 'ocr' in m], 'tesseract' in maps, 'lept' in maps)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False False"


@pytest.mark.parametrize(
    "behaviour",
    [
        "while True: time.sleep(9)",
        "channel.send(b'garbage')",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.kill(os.getpid(), signal.SIGPROF)",
    ],
)
def test_a_worker_that_fails_leaves_the_verdict_and_counts_in_full(behaviour):
    ocr = Ocr(wall=0.5, start=acting(behaviour))
    assert look(ocr, SCAN) == (BEFORE, MOST_PAGES)
    ocr.close()


def test_a_worker_that_cannot_start_is_an_error(tmp_path):
    def start(user, idle):
        raise OSError("no more processes")

    descriptor = opened(tmp_path / "a", SCAN)
    with pytest.raises(WorkerError):
        Ocr(start=start).judge(descriptor, TODAY, BEFORE)
    os.close(descriptor)


@pytest.mark.parametrize("pages", [-1, message.MOST_PAGES + 1, 1.5, "1", None, True])
def test_a_number_of_pages_is_checked(pages):
    with pytest.raises(message.Misfit):
        message.read_counted(message.counted(BEFORE, pages))


def test_a_verdict_with_pages_comes_back_whole():
    assert message.read_counted(message.counted(BEFORE, 7)) == (BEFORE, 7)
    with pytest.raises(message.Misfit):
        message.read_counted(message.answer(BEFORE))
    with pytest.raises(message.Misfit):
        message.read_answer(message.counted(BEFORE, 7))


def test_only_what_needs_ocr_wants_it():
    assert wants_ocr(BEFORE)
    assert not wants_ocr(unreadable(Reason.ENCRYPTED))

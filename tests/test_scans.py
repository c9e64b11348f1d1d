"""Scans that wait for OCR: when they are read, how many, and that none is read twice."""

import math
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from collectors.folders.changes import Changes
from collectors.folders.found import PasswordListFound, PupilFileFound, UnreadableFileFound
from collectors.folders.index import open_index
from collectors.folders.judged import in_hand
from collectors.folders.roots import Roots
from collectors.folders.scans import ASK, HOUR, MOST_WAITING, Scans, State
from collectors.folders.strain import Patience
from collectors.folders.watch import Watch
from collectors.folders.words import CLEAN, awaits_ocr, verdict_of, word_of
from collectors.pupil_files import make
from collectors.recognise.finding import Also, Finding
from collectors.recognise.ocr import MOST_PAGES
from collectors.recognise.recogniser import WorkerError
from collectors.recognise.verdict import Format, Judgement, Kind, Reason, Verdict
from tests import scans
from tests.test_pupil_files import Once, Watching, put

BEFORE = Verdict(verdict=Judgement.UNREADABLE, reason=Reason.NEEDS_OCR, format=Format.IMAGE)
AFTER = Verdict(verdict=Judgement.CLEAN, format=Format.IMAGE)
SCAN = scans.saved(scans.scanned(scans.page(scans.DUTCH)))
NEWS = scans.saved(scans.scanned(scans.page(scans.NEUTRAL)), "PDF")
ILLEGIBLE = scans.saved(scans.page(["Nieuws"]))


def now():
    return datetime(2026, 11, 1, tzinfo=UTC)


class Ocr:
    """An engine that says what it is told to say."""

    def __init__(self, pages=1):
        self.pages = pages
        self.read = []
        self.go, self.abandoned = threading.Event(), False
        self.go.set()
        self.fails = False

    def judge(self, descriptor, today, before, largest):
        self.read.append(os.fstat(descriptor).st_ino)
        self.go.wait(20)
        if self.fails:
            raise WorkerError("no engine")
        return AFTER, self.pages

    def abandon(self):
        self.abandoned = True
        self.go.set()

    def close(self):
        pass


class Patrol:
    """Remembers what was settled."""

    def __init__(self):
        self.settled = []

    def settle(self, judged, verdict):
        self.settled.append((os.path.basename(judged.path), verdict))
        yield from ()


class Laptop:
    """Scans in a folder of a laptop whose clock, load and battery are in the hands of the test."""

    def __init__(self, home, pages_an_hour=100, ocr=None, lacks=()):
        self.clock, self.battery = 0.0, False
        self.ocr, self.patrol, self.home = ocr or Ocr(), Patrol(), home
        self.scans = Scans(
            pages_an_hour=pages_an_hour,
            max_bytes=1 << 20,
            patience=Patience(battery=True, load=0, on_battery=lambda: self.battery),
            now=now,
            monotonic=lambda: self.clock,
            ocr=self.ocr,
            lacks=lambda: list(lacks),
        )
        self.roots = Roots([str(home)], exclude=[], admitted=[], now=now)
        list(self.roots.attach(Watch(Changes(time.monotonic), whole=False)))

    def offer(self, name, content=b"x"):
        status = put(self.home, name, content).stat()
        with self.roots.opened(str(self.home)) as root:
            judged = in_hand(root, name, status)
        self.scans.offer(judged, BEFORE)

    def step(self):
        list(self.scans.step(self.patrol, self.roots))

    def work(self):
        """Go on until there is nothing to do now."""
        while self.scans.rest() <= 1.0:
            self.step()
            time.sleep(0.001)

    def close(self):
        self.scans.close()
        self.roots.close()


@pytest.fixture
def laptop(tmp_path):
    made = []

    def make_one(**settings):
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        made.append(Laptop(home, **settings))
        return made[-1]

    yield make_one
    for each in made:
        each.close()


def test_where_nothing_waits_nothing_is_to_be_done(laptop):
    assert laptop().scans.rest() == math.inf


def test_scans_are_read_one_after_another_and_settled(laptop):
    at = laptop()
    for number in range(3):
        at.offer(f"{number}.png", content=b"%d" % number)
    assert at.scans.waiting() == 3
    at.work()
    assert [name for name, _ in at.patrol.settled] == ["0.png", "1.png", "2.png"]
    assert at.scans.waiting() == 0


def test_on_battery_nothing_is_read_until_it_is_on_mains(laptop):
    at = laptop()
    at.offer("a.png")
    at.battery = True
    at.work()
    assert at.scans.rest() == ASK
    assert not at.ocr.read
    at.clock += ASK
    at.work()
    at.battery = False
    at.clock += ASK
    at.work()
    assert len(at.ocr.read) == 1


def test_no_more_pages_are_read_in_an_hour_than_the_policy_says(laptop):
    at = laptop(pages_an_hour=40, ocr=Ocr(pages=10))
    for number in range(8):
        at.offer(f"{number}.png", content=b"%d" % number)
    at.work()
    assert len(at.ocr.read) * 10 <= 40
    first = len(at.ocr.read)
    assert 0 < first < 8
    assert at.scans.rest() == HOUR
    at.clock += HOUR
    at.work()
    assert len(at.ocr.read) == 2 * first


def test_fewer_pages_an_hour_than_a_document_may_have_is_one_document(laptop):
    at = laptop(pages_an_hour=1, ocr=Ocr(pages=MOST_PAGES))
    for number in range(3):
        at.offer(f"{number}.png", content=b"%d" % number)
    at.work()
    assert len(at.ocr.read) == 1
    at.clock += HOUR
    at.work()
    assert len(at.ocr.read) == 2


def test_a_copy_is_not_read_again_and_another_scan_is(laptop):
    at = laptop()
    for name, content in (("a.png", b"x"), ("copy.png", b"x"), ("other.png", b"y")):
        at.offer(name, content)
        at.work()
    assert len(at.ocr.read) == 2
    assert at.patrol.settled == [("a.png", AFTER), ("copy.png", AFTER), ("other.png", AFTER)]


def test_a_scan_that_changes_while_it_is_read_is_not_remembered(laptop):
    at = laptop()
    at.ocr.go.clear()
    at.offer("a.png")
    at.step()
    while not at.ocr.read:
        time.sleep(0.001)
    (at.home / "a.png").write_bytes(b"y")
    at.ocr.go.set()
    at.work()
    for name, content in (("b.png", b"x"), ("c.png", b"y")):
        at.offer(name, content)
        at.work()
    assert len(at.ocr.read) == 3


@pytest.mark.parametrize("change", ["gone", "rewritten", "a link"])
def test_a_file_that_is_not_the_same_any_more_is_left_alone(laptop, change):
    at = laptop()
    at.offer("a.png")
    path = at.home / "a.png"
    if change == "rewritten":
        path.write_bytes(b"another")
    else:
        path.unlink()
    if change == "a link":
        path.symlink_to("/etc/passwd")
    at.work()
    assert not at.ocr.read
    assert not at.patrol.settled


def test_off_and_not_installed_nothing_waits(laptop):
    for settings, state in (({"pages_an_hour": 0}, State.OFF), ({"lacks": ["nld"]}, State.MISSING)):
        at = laptop(**settings)
        at.offer("a.png")
        assert (at.scans.state, at.scans.waiting()) == (state, 0)


def test_an_engine_that_cannot_start_is_said_and_costs_nothing_else(laptop):
    at = laptop()
    at.ocr.fails = True
    at.offer("a.png")
    at.work()
    assert (at.scans.state, at.scans.waiting(), at.patrol.settled) == (State.FAILED, 0, [])


def test_at_the_end_a_scan_that_is_being_read_is_abandoned(laptop):
    at = laptop()
    at.ocr.go.clear()
    at.offer("a.png")
    at.step()
    at.scans.close()
    assert at.ocr.abandoned
    assert not at.patrol.settled


def test_no_more_wait_than_there_is_room_for(laptop):
    at = laptop()
    at.offer("a.png")
    (judged, before) = at.scans._waiting.popitem()[1]
    for number in range(MOST_WAITING + 5):
        at.scans.offer(type(judged)(f"/{number}", "", judged.status), before)
    assert at.scans.waiting() == MOST_WAITING


def test_a_word_tells_whether_ocr_was_tried():
    assert awaits_ocr(word_of(BEFORE))
    assert not awaits_ocr(word_of(BEFORE, after_ocr=True))
    assert verdict_of(word_of(BEFORE, after_ocr=True)) == BEFORE
    assert word_of(AFTER, after_ocr=True) == CLEAN
    pupil = Verdict(
        verdict=Judgement.PUPIL, persons_min=1, persons_max=1, kind=Kind.CARE, sha256="0" * 64
    )
    assert word_of(pupil, after_ocr=True) == word_of(pupil)
    passwords = (Also(finding=Finding.PASSWORD_LIST, count=3),)
    for verdict in (replace(BEFORE, also=passwords), replace(AFTER, also=passwords)):
        assert awaits_ocr(word_of(verdict)) == (verdict.reason is Reason.NEEDS_OCR)
        assert not awaits_ocr(word_of(verdict, after_ocr=True))
        assert verdict_of(word_of(verdict, after_ocr=True)) == verdict
    closed = Verdict(verdict=Judgement.UNREADABLE, reason=Reason.ENCRYPTED)
    for word in (None, CLEAN, word_of(pupil), word_of(closed)):
        assert not awaits_ocr(word)


def collector_of(home, state, **settings):
    settings = {"pause_load_percent": 0, "pause_on_battery": False, **settings}
    return make({"roots": [str(home)], "state": state, **settings})


@pytest.fixture
def places(tmp_path):
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    state.mkdir()
    put(home, "scan.png", SCAN)
    put(home, "news.pdf", NEWS)
    put(home, "stamp.png", ILLEGIBLE)
    return home, state


def settled(collector, within=60.0):
    """Wait until no scan is waiting any more."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        said = collector.condition()
        if said.get("sweeping") is False and said.get("scans-waiting") == 0:
            return True
        time.sleep(0.05)
    return False


def word(home, state, name):
    index = open_index(state)
    path = home / name
    found = index.word(str(path), path.stat())
    index.close()
    return found


@scans.needs_ocr
def test_scans_are_told_as_unreadable_at_once_and_as_pupil_files_once_they_were_read(places):
    home, state = places
    collector = collector_of(home, state)
    watch = Watching(collector)
    assert watch.wait_for(lambda o: isinstance(o, PupilFileFound), within=60)
    assert settled(collector)
    assert collector.condition()["ocr"] == State.READY
    watch.end()
    first = {o.subject for o in watch.told if isinstance(o, UnreadableFileFound)}
    assert first == {str(home / name) for name in ("scan.png", "news.pdf", "stamp.png")}
    (found,) = [o for o in watch.told if isinstance(o, PupilFileFound)]
    assert found.subject == str(home / "scan.png")
    assert found.proof()["inode"] == (home / "scan.png").stat().st_ino
    assert word(home, state, "news.pdf") == CLEAN
    assert not awaits_ocr(word(home, state, "stamp.png"))


@scans.needs_ocr
def test_what_was_read_is_known_after_a_restart_and_not_read_again(places):
    home, state = places
    collector = collector_of(home, state)
    watch = Watching(collector)
    assert watch.wait_for(lambda o: isinstance(o, PupilFileFound), within=60)
    assert settled(collector)
    watch.end()
    again = collector_of(home, state)
    told = list(again.observe(Once()))
    assert {(o.kind, o.subject) for o in told} == {
        ("pupil-file-found", str(home / "scan.png")),
        ("unreadable-file-found", str(home / "stamp.png")),
    }
    assert again.condition()["scans-waiting"] == 0


@scans.needs_ocr
def test_a_scan_of_a_list_of_passwords_is_told_once_it_was_read_and_after_a_restart(tmp_path):
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    state.mkdir()
    put(home, "a.png", scans.saved(scans.scanned(scans.page(scans.PASSWORDS))))
    watch = Watching(collector_of(home, state))
    assert watch.wait_for(lambda o: isinstance(o, PasswordListFound), within=60)
    watch.end()
    again = collector_of(home, state)
    told = list(again.observe(Once()))
    assert [(o.kind, o.subject) for o in told] == [("password-list-found", str(home / "a.png"))]
    assert again.condition()["scans-waiting"] == 0


@scans.needs_ocr
def test_scans_that_were_found_without_ocr_are_read_once_there_is_ocr(places):
    home, state = places
    list(collector_of(home, state, ocr_pages_an_hour=0).observe(Once()))
    assert awaits_ocr(word(home, state, "scan.png"))
    collector = collector_of(home, state)
    watch = Watching(collector)
    assert watch.wait_for(lambda o: isinstance(o, PupilFileFound), within=60)
    watch.end()


@scans.needs_ocr
def test_the_end_does_not_wait_for_a_scan(places):
    home, state = places
    for number in range(5):
        put(home, f"{number}.png", scans.saved(scans.noise(number)))
    collector = collector_of(home, state)
    watch = Watching(collector)
    assert watch.wait_for(lambda o: isinstance(o, UnreadableFileFound))
    watch.end()

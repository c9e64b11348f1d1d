"""The collector of pupil files: real folders, real workers, names and files that try to fool it."""

import itertools
import os
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime

import psutil
import pytest

from collectors.base import CollectorError, CoverageLost, CoverageRestored, Gap, Keyed
from collectors.folders.changes import LONGEST, MOST_WAITING, QUIET, Changes
from collectors.folders.index import INDEX_FILE, KEY_FILE, open_index
from collectors.folders.place import Place, place_of
from collectors.folders.walk import Tally, excluded, open_folder, open_plain, walk
from collectors.pupil_files import (
    SETTINGS,
    PasswordListFound,
    Plan,
    PupilFileFound,
    PupilFilesCollector,
    UnreadableFileFound,
    make,
)
from collectors.recognise.category import Category
from collectors.recognise.idle_io_linux import IDLE, io_class
from collectors.recognise.recogniser import Recogniser
from collectors.recognise.verdict import Format, Kind, Reason
from tests import documents

ROSTER = documents.roster().encode()
LETTER = documents.word(documents.LETTER)
ENCRYPTED = documents.locked(LETTER)
NEVER = threading.Event()


class Watching:
    """A collector in a thread, and what it has told so far."""

    def __init__(self, collector):
        self.told = []
        self.stop = threading.Event()
        self.failed = None
        self._thread = threading.Thread(target=self._run, args=(collector,))
        self._thread.start()

    def _run(self, collector):
        try:
            for observation in collector.observe(self.stop):
                self.told.append(observation)
        except CollectorError as error:
            self.failed = error

    def wait_for(self, condition, within=20.0):
        end = time.monotonic() + within
        while time.monotonic() < end:
            if any(condition(observation) for observation in self.told):
                return True
            time.sleep(0.02)
        return False

    def end(self):
        self.stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


@contextmanager
def watching(home, **settings):
    watch = Watching(make({"roots": [str(home)], **settings}))
    try:
        yield watch
    finally:
        watch.end()


class Once:
    """A stop that is set as soon as the sweep is over and the watching would begin."""

    def __init__(self):
        self.over = False

    def is_set(self):
        return self.over

    def wait(self, timeout=None):
        self.over = True
        return True


def sweep(home, **settings):
    return list(make({"roots": [str(home)], **settings}).observe(Once()))


def found(told):
    return [observation for observation in told if isinstance(observation, PupilFileFound)]


def lost(told):
    return {(o.what, o.gap): o.count for o in told if isinstance(o, CoverageLost)}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def put(folder, name, content=ROSTER):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_pupil_file_is_told_with_all_that_is_known_of_it(home):
    path = put(home, "Downloads/export.csv")
    (told,) = sweep(home)
    status = path.stat()
    assert told.subject == str(path)
    assert (told.file_class, told.format, told.place) == (
        Kind.PUPIL_LIST,
        Format.CSV,
        Place.DOWNLOADS,
    )
    assert told.persons_min == told.persons_max == len(documents.ROWS)
    assert told.proof() == {
        "sha256": told.sha256, "device": status.st_dev, "inode": status.st_ino,
    }  # fmt: skip
    assert told.details() == {"path": str(path), "sha256": told.sha256}
    assert told.once() == f"{told.sha256}:{path}"


def test_a_list_of_passwords_is_a_finding_of_its_own(home, state):
    path = put(
        home, "Documents/w.csv", b"Site;Login;Password\nx;juf;Zonnetje12\ny;juf;Regen!boog\n"
    )
    for _ in range(2):
        (told,) = sweep(home, state=state)
        assert isinstance(told, PasswordListFound)
        assert told.details() == {"path": str(path)}
        assert told.proof()["sha256"] == told.sha256
        assert dict(told.facts()) == {
            "accounts-min": 1, "accounts-max": 9, "categories": (Category.ACCESS_DATA,),
            "sensitive": False,
            "format": Format.CSV, "place": Place.DOCUMENTS, "size-kb": 1, "file": Keyed(str(path)),
        }  # fmt: skip
        assert told.once() == f"{told.sha256}:{path}"


def test_a_pupil_file_with_passwords_is_told_as_both(home):
    rows = [(*row[:3], "u", "Zonnetje12") for row in documents.ROWS]
    heads = ("Leerling", "Klas", "Geboortedatum", "Gebruikersnaam", "Wachtwoord")
    put(home, "x.csv", documents.table_text((heads, *rows)).encode())
    assert [type(told) for told in sweep(home)] == [PupilFileFound, PasswordListFound]


def test_only_closed_words_numbers_and_a_keyed_digest_leave(home):
    put(home, "Sanne Vuurbloem.csv")
    (told,) = sweep(home)
    facts = dict(told.facts())
    assert facts.pop("file") == Keyed(told.subject)
    assert set(facts) == {
        "class", "place", "format", "persons-min", "persons-max", "evidence", "categories",
        "sensitive", "size-kb", "detector",
    }  # fmt: skip
    assert "Sanne" not in str(facts)
    assert facts["size-kb"] == 1


def test_clean_files_are_not_told(home):
    put(home, "policy.docx", documents.word([documents.POLICY]))
    put(home, "program.bin", os.urandom(5000))
    assert sweep(home) == []


def test_an_encrypted_document_is_told_and_a_damaged_one_is_counted(home):
    put(home, "Bureaublad/geheim.docx", ENCRYPTED)
    put(home, "kapot.docx", LETTER[:700])
    told = sweep(home)
    (closed,) = [o for o in told if isinstance(o, UnreadableFileFound)]
    assert dict(closed.facts()) == {
        "reason": Reason.ENCRYPTED, "format": Format.ZIP, "place": Place.DESKTOP,
        "file": Keyed(closed.subject),
    }  # fmt: skip
    assert closed.details() == {"path": str(home / "Bureaublad/geheim.docx")}
    assert lost(told) == {("files", Gap.UNREADABLE): 1}


def test_names_with_newlines_bidi_controls_and_invalid_utf8_work(home):
    names = [
        b"a\nb.csv",
        "a\u202evsc.exe".encode(),
        b"\xff\xfe\x80.csv",
        b"-rf",
        "\U0001f600 ".encode(),
    ]
    for name in names:
        with open(os.path.join(os.fsencode(home), name), "wb") as file:
            file.write(ROSTER)
    told = found(sweep(home))
    assert {os.fsencode(o.subject) for o in told} == {
        os.path.join(os.fsencode(home), n) for n in names
    }


def test_pipes_sockets_and_links_are_passed_over_and_counted(home, tmp_path):
    outside = put(tmp_path, "outside/list.csv")
    os.mkfifo(home / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(home / "socket"))
    (home / "loop").symlink_to(home)
    (home / "file").symlink_to(outside)
    (home / "folder").symlink_to(outside.parent)
    told = sweep(home)
    server.close()
    assert lost(told) == {("files", Gap.ODD_FILE): 2}
    assert not found(told)


def test_stages_excluded_folders_and_the_agents_own_folder_are_passed_over(home):
    for name in (".dossierwacht-1f/a.csv", ".git/a.csv", "werk/privé/a.csv", "werk/a.bak", "b.csv"):
        put(home, name)
    own = home / "state"
    own.mkdir()
    put(own, "a.csv")
    told = found(sweep(home, state=own, exclude=[".git", "*/privé", "*.bak"]))
    assert [o.subject for o in told] == [str(home / "b.csv")]


def test_a_larger_file_than_allowed_is_counted(home):
    put(home, "a.csv", ROSTER * 100)
    told = sweep(home, max_bytes=5000)
    assert lost(told) == {("files", Gap.UNREADABLE): 1}


def test_several_workers_find_the_same(home):
    for number in range(40):
        put(
            home, f"{number}.csv" if number % 2 else f"{number}.txt", ROSTER if number % 2 else b"x"
        )
    assert len(found(sweep(home, workers=3))) == 20


def test_a_missing_root_is_told_once_and_the_others_are_looked_at(home, tmp_path):
    put(home, "a.csv")
    told = sweep(home, roots=[str(tmp_path / "nowhere"), str(home)])
    assert lost(told) == {("root", Gap.MISSING): 0}
    assert len(found(told)) == 1


def test_a_root_that_comes_back_is_told_looked_through_and_watched(tmp_path, monkeypatch):
    home = tmp_path / "later"
    monkeypatch.setattr("collectors.pupil_files.LOOK_AGAIN", 0.1)
    with watching(home) as watch:
        assert watch.wait_for(lambda o: isinstance(o, CoverageLost))
        put(home, "a.csv")
        assert watch.wait_for(lambda o: isinstance(o, CoverageRestored))
        assert watch.wait_for(lambda o: o.subject == str(home / "a.csv"))
        put(home, "b.csv")
        assert watch.wait_for(lambda o: o.subject == str(home / "b.csv"))
    assert sum(isinstance(o, CoverageLost) for o in watch.told) == 1


def test_the_collector_says_what_holds_its_workers(home):
    put(home, "a.csv")
    collector = make({"roots": [str(home)]})
    assert "seccomp" not in collector.condition()
    list(collector.observe(Once()))
    assert collector.condition()["seccomp"]


def test_a_relative_root_is_refused_at_once():
    with pytest.raises(CollectorError, match="absolute"):
        make({"roots": ["Documenten"]})


def test_new_changed_and_moved_files_are_told_as_they_come(home, tmp_path):
    put(home, "there.csv")
    elsewhere = put(tmp_path, "elsewhere/moved in/deep/list.csv").parent.parent
    with watching(home) as watch:
        assert watch.wait_for(lambda o: o.subject.endswith("there.csv"))
        put(home, "clean.txt", b"x")
        put(home, "new/folder/new.csv")
        elsewhere.rename(home / "arrived")
        assert watch.wait_for(lambda o: o.subject == str(home / "new/folder/new.csv"))
        assert watch.wait_for(lambda o: o.subject == str(home / "arrived/deep/list.csv"))
        put(home, "clean.txt")
        assert watch.wait_for(lambda o: o.subject == str(home / "clean.txt"))
        (home / "clean.txt").rename(home / "renamed.txt")
        assert watch.wait_for(lambda o: o.subject == str(home / "renamed.txt"))


def test_lost_events_are_told_and_made_up_for_by_a_sweep(home, monkeypatch):
    put(home, "there.csv")
    with watching(home) as watch:
        assert watch.wait_for(lambda o: o.subject.endswith("there.csv"))
        monkeypatch.setattr(Changes, "note", lambda self, path, complete=False: self.lose())
        put(home, "a.csv")
        assert watch.wait_for(lambda o: isinstance(o, CoverageLost))
        assert watch.wait_for(lambda o: o.subject.endswith("a.csv"))
    assert ("changes", Gap.OVERFLOW) in lost(watch.told)


def test_a_watch_that_died_is_begun_anew(home):
    put(home, "there.csv")
    collector = make({"roots": [str(home)]})
    watch = Watching(collector)
    assert watch.wait_for(lambda o: o.subject.endswith("there.csv"))
    first = collector._watch
    first.close()
    assert watch.wait_for(lambda o: isinstance(o, CoverageLost))
    put(home, "a.csv")
    assert watch.wait_for(lambda o: o.subject.endswith("a.csv"))
    assert collector._watch is not first
    watch.end()


def test_more_folders_than_the_kernel_watches_are_told(home, monkeypatch):
    monkeypatch.setattr("collectors.folders.watch.Watch.most_folders", lambda self: 3)
    for name in "abc":
        (home / name).mkdir()
    assert lost(sweep(home)) == {("changes", Gap.LIMIT): 4}


def test_a_file_counts_as_changed_once_it_is_quiet_and_not_for_ever_later():
    clock = itertools.chain([0.0, 0.5, 0.5 + QUIET - 0.1, 0.5 + QUIET])
    changes = Changes(lambda: next(clock))
    changes.note("a")
    changes.note("a")
    assert changes.take() == []
    assert changes.take() == ["a"]
    times = iter([float(n) / 2 for n in range(1000)])
    changes = Changes(lambda: next(times))
    taken = 0
    for _ in range(int(LONGEST) + 2):
        changes.note("busy")
        taken += len(changes.take())
    assert taken == 1


def test_too_many_waiting_files_become_a_sweep():
    changes = Changes(lambda: 0.0)
    for number in range(MOST_WAITING + 1):
        changes.note(str(number))
    assert changes.lost()
    assert not changes.lost()
    assert changes.take() == []


def test_an_unchanged_clean_file_is_not_read_again_and_a_pupil_file_is_told_again(home, state):
    put(home, "clean.txt", b"niets")
    put(home, "list.csv")
    first = sweep(home, state=state)
    index = open_index(state)
    assert index.word(str(home / "clean.txt"), (home / "clean.txt").stat()) == "clean"
    # Were the clean file read again, its new content would be told: its stamps are kept the same.
    stamps = (home / "clean.txt").stat()
    index.keep(str(home / "list.csv"), (home / "list.csv").stat(), "clean")
    index.close()
    assert (home / "clean.txt").stat() == stamps
    assert len(found(first)) == 1
    assert found(sweep(home, state=state)) == []
    os.utime(home / "list.csv")
    assert len(found(sweep(home, state=state))) == 1
    assert len(found(sweep(home, state=state))) == 1


def test_files_that_could_not_be_read_are_counted_again_without_reading(home, state):
    put(home, "kapot.docx", LETTER[:700])
    for _ in range(2):
        assert lost(sweep(home, state=state)) == {("files", Gap.UNREADABLE): 1}


def test_rows_of_files_that_are_no_more_are_dropped(home, state):
    path = put(home, "a.txt", b"x")
    put(home, "b.txt", b"x")
    sweep(home, state=state)
    path.unlink()
    sweep(home, state=state)
    database = sqlite3.connect(state / INDEX_FILE)
    assert database.execute("SELECT count(*) FROM seen").fetchone() == (1,)
    database.close()


def test_no_name_stands_in_the_index_or_beside_it(home, state):
    for name in ("Sanne Vuurbloem.csv", "Vuurbloem/handelingsplan Sanne.txt"):
        put(home, name)
    put(home, "Mees/kapot.docx", LETTER[:700])
    sweep(home, state=state)
    raw = b"".join(file.read_bytes() for file in state.iterdir())
    assert len(raw) > 1000
    for planted in ("Sanne", "Vuurbloem", "handelingsplan", "Mees", "kapot", str(home)):
        assert planted.encode() not in raw
        assert planted.encode("utf-16-le") not in raw


def test_key_and_index_are_for_the_agent_alone(home, state):
    sweep(home, state=state)
    for name in (KEY_FILE, INDEX_FILE):
        assert (state / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_index_is_begun_anew(home, state, damage):
    put(home, "a.csv")
    sweep(home, state=state)
    (state / INDEX_FILE).write_bytes(damage)
    assert len(found(sweep(home, state=state))) == 1


def test_an_index_without_its_key_is_worth_nothing_but_does_no_harm(home, state):
    put(home, "a.txt", b"x")
    sweep(home, state=state)
    (state / KEY_FILE).unlink()
    put(home, "a.csv")
    assert len(found(sweep(home, state=state))) == 1


def test_an_encrypted_document_is_told_once_a_run_and_again_after_a_restart(home, state):
    put(home, "geheim.docx", ENCRYPTED)
    collector = make({"roots": [str(home)], "state": state, "rescan_hours": 0})
    with_sweeps = Watching(collector)
    assert with_sweeps.wait_for(lambda o: isinstance(o, UnreadableFileFound))
    put(home, "later.csv")
    assert with_sweeps.wait_for(lambda o: isinstance(o, PupilFileFound))
    with_sweeps.end()
    assert sum(isinstance(o, UnreadableFileFound) for o in with_sweeps.told) == 1
    assert any(isinstance(o, UnreadableFileFound) for o in sweep(home, state=state))


def test_what_became_readable_is_told(home):
    bad = put(home, "kapot.docx", LETTER[:700])
    collector = make({"roots": [str(home)], "rescan_hours": 0})
    watch = Watching(collector)
    assert watch.wait_for(lambda o: isinstance(o, CoverageLost))
    bad.unlink()
    assert watch.wait_for(lambda o: isinstance(o, CoverageRestored))
    watch.end()


def test_it_ends_in_good_time_in_the_middle_of_a_sweep(home):
    for number in range(300):
        put(home, f"{number}.csv")
    with watching(home) as watch:
        assert watch.wait_for(lambda o: True)
    assert 0 < len(watch.told) < 300


def test_a_folder_that_is_swapped_for_a_link_leads_nowhere(home, tmp_path):
    put(tmp_path, "outside/secret.csv")
    put(home, "inner/secret.csv")
    root, tally = open_folder(str(home)), Tally()
    seen = [plain.relative for plain in walk(root, "", lambda _: False, tally, NEVER)]
    assert seen == ["inner/secret.csv"]
    (home / "inner").rename(home / "away")
    (home / "inner").symlink_to(tmp_path / "outside")
    assert open_plain(root, "inner/secret.csv", tally) is None
    assert open_plain(root, "../outside/secret.csv", tally) is None
    opened = open_plain(root, "away/secret.csv", tally)
    assert opened is not None
    os.close(opened[0])
    root.close()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(home):
    os.mkfifo(home / "pipe")
    root, tally = open_folder(str(home)), Tally()
    assert open_plain(root, "pipe", tally) is None
    assert tally.odd == 1
    root.close()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("anna/Downloads/a", Place.DOWNLOADS),
        ("anna/Bureaublad/werk/a", Place.DESKTOP),
        ("anna/Skrivebord/a", Place.DESKTOP),
        ("anna/OneDrive - Stichting X/Documenten/a", Place.SYNC_FOLDER),
        ("anna/Google Drive/a", Place.SYNC_FOLDER),
        ("anna/Dropbox/a", Place.SYNC_FOLDER),
        ("anna/Dokumenter/a", Place.DOCUMENTS),
        ("anna/.thunderbird/x/a", Place.MAIL),
        ("anna/.local/share/Trash/files/a", Place.TEMP),
        ("anna/a", Place.OTHER),
        ("Downloads", Place.OTHER),
    ],
)
def test_the_place_is_told_by_the_names_of_folders(path, place):
    assert place_of(path) is place


def test_a_pattern_with_a_slash_counts_from_the_root():
    assert excluded("werk/oud/a.csv", ["werk/oud"])
    assert not excluded("thuis/werk/oud/a.csv", ["werk/oud"])
    assert excluded("thuis/.dossierwacht-stage/a", [])


def test_every_setting_has_a_help_and_the_collector_its_name():
    assert all(setting.help for setting in SETTINGS.values())
    assert PupilFilesCollector.name == "pupil_files"


def test_the_day_for_ages_comes_from_the_clock_that_was_given(home):
    put(home, "a.csv", documents.table_text([("Naam", "Geboortedatum", "Groep"), *(
        (row[0], row[2], row[1]) for row in documents.ROWS)]).encode())  # fmt: skip
    collector = PupilFilesCollector(
        Plan(roots=[str(home)]), now=lambda: datetime(2060, 1, 1, tzinfo=UTC)
    )
    assert list(collector.observe(Once())) == []


def workers_of_this_process() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.ZombieProcess):  # the dead of other tests have no command line
            if "worker" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_worker_is_served_last_by_processor_and_disk():
    with closing(Recogniser()) as recogniser:
        with open(__file__, "rb") as file:
            recogniser.judge(file.fileno(), datetime(2026, 1, 1, tzinfo=UTC).date())
        (worker,) = workers_of_this_process()
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) == 19
        assert io_class(worker.pid) == IDLE
        assert io_class() != IDLE

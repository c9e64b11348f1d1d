"""Watching and sweeping: what the kernel tells, what is mounted, when a sweep gives way."""

import os
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from collectors.base import CoverageLost, CoverageRestored, Gap
from collectors.folders.changes import LONGEST, QUIET, Changes, ending_with
from collectors.folders.fanotify_linux import Fanotify, events
from collectors.folders.found import Watched
from collectors.folders.index import INDEX_FILE, KEY_FILE, Index, open_index
from collectors.folders.mounts import Foreign, Mount, told
from collectors.folders.patrol import Patrol
from collectors.folders.roots import Roots
from collectors.folders.rounds import ASK, GRACE, Rounds
from collectors.folders.strain import Patience, Strain
from collectors.folders.watch import Watch, Way
from collectors.folders.words import CLEAN, UNREAD, verdict_of, word_of
from collectors.mountinfo_linux import rows
from collectors.pupil_files import Plan, PupilFileFound, PupilFilesCollector, make
from collectors.recognise.crew import Crew
from collectors.recognise.verdict import DETECTOR, Judgement, Reason, Verdict, unreadable
from tests import documents
from tests.test_pupil_files import Once, Watching, put

MOST_QUEUED = "/proc/sys/fs/fanotify/max_queued_events"
TABLE = r"""21 1 8:2 / / rw - ext4 /dev/sda2 rw
22 21 0:21 / /proc rw - proc proc rw
30 21 8:3 / /home rw,relatime shared:1 - ext4 /dev/sda3 rw
31 30 0:50 / /home/anna/share rw - cifs //server/share rw
32 30 0:51 / /home/anna/Google\040Drive rw - fuse.rclone remote: rw
33 30 8:17 / /home/anna/stick rw - fuseblk /dev/sdb1 rw
34 30 8:3 /anna/docs /home/anna/again rw - ext4 /dev/sda3 rw
35 21 0:60 /@data /home/bo/data rw - btrfs /dev/sdc rw,subvolid=256,subvol=/@data
36 30 8:17 / /home/bo/stick rw - fuseblk /dev/sdb1 rw
37 30 0:70 / /home/bo/run rw - tmpfs tmpfs rw
38 37 0:71 / /home/bo/run rw - nfs4 host:/x rw
"""


def now():
    return datetime(2026, 5, 1, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def gathered(changes, count, within=20.0):
    """Every path that is told until there are so many."""
    told, end = set(), time.monotonic() + within
    while len(told) < count and time.monotonic() < end:
        changes.wait(0.1)
        told.update(changes.take())
    return told


def wait_until(condition, within=20.0):
    end = time.monotonic() + within
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return met


@contextmanager
def fanotify(changes, *folders):
    watcher = Fanotify(changes)
    try:
        assert all(watcher.add(str(folder)) for folder in folders)
        yield watcher
    finally:
        watcher.close()


@contextmanager
def mounted(path, *options):
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, str(path)], check=True, timeout=20)
    try:
        yield path
    finally:
        # No --lazy: a drive that the collector keeps open could not be unmounted by anybody.
        subprocess.run(["umount", str(path)], check=True, timeout=20)


def test_a_closed_file_is_due_at_once_and_once_it_is_rewritten_when_it_is_quiet():
    clock = Clock()
    changes = Changes(clock)
    changes.note("a")
    assert changes.take() == []
    changes.note("a", complete=True)
    assert changes.take() == ["a"]
    clock.now = QUIET / 2
    changes.note("a", complete=True)
    assert changes.take() == []
    clock.now = 2 * QUIET
    assert changes.take() == ["a"]
    clock.now += LONGEST
    changes.note("a", complete=True)
    assert changes.take() == ["a"]


@pytest.mark.parametrize("wake", [Changes.lose, Changes.stir, lambda c: c.note("a", True)])
def test_whoever_waits_is_woken(wake):
    changes = Changes(time.monotonic)
    threading.Timer(0.05, wake, [changes]).start()
    assert changes.wait(60) is False
    assert changes.lost() or changes.stirred() or changes.take() == ["a"]


def test_waiting_ends_with_the_stop():
    changes, stop = Changes(time.monotonic), threading.Event()
    with ending_with(changes, stop):
        threading.Timer(0.05, stop.set).start()
        assert changes.wait(60) is True


def test_while_nothing_changes_nothing_runs(tmp_path):
    asked = []

    def clock():
        asked.append(1)
        return time.monotonic()

    put(tmp_path, "home/a.csv")
    plan = Plan(roots=[str(tmp_path / "home")])
    watch = Watching(PupilFilesCollector(plan, monotonic=clock))
    assert watch.wait_for(lambda o: isinstance(o, PupilFileFound))
    assert wait_until(lambda: _quiet_for(1.2, asked))
    watch.end()


def _quiet_for(seconds, asked):
    before = len(asked)
    time.sleep(seconds)
    return len(asked) == before


@pytest.mark.root
def test_ten_thousand_new_files_are_told_and_none_is_lost(tmp_path):
    changes = Changes(time.monotonic)
    folders = [tmp_path / f"{number}" for number in range(100)]
    with fanotify(changes, tmp_path):
        for folder in folders:
            folder.mkdir()
            for number in range(100):
                (folder / f"{number}").write_bytes(b"x")
        wanted = {str(folder / f"{number}") for folder in folders for number in range(100)}
        assert gathered(changes, len(wanted)) == wanted
        assert not changes.lost()


@pytest.mark.root
def test_every_way_in_which_a_file_can_arrive_is_told(tmp_path):
    home, outside = tmp_path / "home", tmp_path / "outside"
    (home / "old").mkdir(parents=True)
    (outside / "tree").mkdir(parents=True)
    (outside / "file").write_bytes(b"x")
    changes = Changes(time.monotonic)
    with fanotify(changes, home):
        (home / "old/first").write_bytes(b"x")
        assert gathered(changes, 1) == {str(home / "old/first")}
        (home / "old").rename(home / "new")
        (home / "new/second").write_bytes(b"x")
        os.link(outside / "file", home / "linked")
        (outside / "file").rename(home / "moved \n name")
        (outside / "tree").rename(home / "tree")
        (outside / "elsewhere").write_bytes(b"x")
        names = ("new", "new/second", "linked", "moved \n name", "tree")
        assert gathered(changes, 5) == {str(home / name) for name in names}


@pytest.mark.root
def test_more_events_than_the_queue_holds_become_a_sweep(tmp_path):
    changes = Changes(time.monotonic)
    with open(MOST_QUEUED) as file:
        most = int(file.read())
    with fanotify(changes, tmp_path) as watcher:
        with watcher._lock:
            for number in range(most + 8000):
                os.close(os.open(tmp_path / f"{number}", os.O_CREAT | os.O_WRONLY))
        assert wait_until(changes.lost)


def test_an_event_is_read_with_its_folder_and_name():
    handle = struct.pack("=Ii", 8, 1) + b"12345678"
    info = struct.pack("=BxHQ", 2, 12 + len(handle) + 8, 77) + handle + b"list\0\0\0\0"
    head = struct.pack("=IBBHQii", 24 + len(info), 3, 0, 24, 0x88, -1, 1)
    overflow = struct.pack("=IBBHQii", 24, 3, 0, 24, 0x4000, -1, 0)
    first, second = events(head + info + overflow)
    assert (first.mask, first.fsid, first.handle, first.name) == (0x88, 77, handle, b"list")
    assert second.mask == 0x4000


@pytest.mark.root
def test_as_root_the_whole_file_system_is_watched(tmp_path):
    watch = Watch(Changes(time.monotonic))
    assert watch.way() is Way.NONE
    watch.add(str(tmp_path))
    assert (watch.way(), watch.most_folders()) == (Way.FANOTIFY, None)
    watch.close()
    watch.close()


@pytest.mark.root
def test_without_rights_watchdog_takes_over():
    code = (
        "import codecs, os, sys, time; codecs.lookup('ascii');"
        "from collectors.folders import by_watchdog, changes, watch;"
        "os.setresuid(65534, 65534, 65534);"
        "made = watch.Watch(changes.Changes(time.monotonic));"
        "made.add('/usr/bin'); print(made.way(), made.most_folders() is not None); made.close()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.stdout.split() == ["watchdog", "True"], shown.stderr


def test_the_fall_back_finds_what_changes_and_says_so(tmp_path):
    put(tmp_path, "home/there.csv")
    plan = Plan(roots=[str(tmp_path / "home")])
    collector = PupilFilesCollector(plan, watch=lambda changes: Watch(changes, whole=False))
    watch = Watching(collector)
    assert watch.wait_for(lambda o: o.subject.endswith("there.csv"))
    put(tmp_path, "home/new/folder/new.csv")
    assert watch.wait_for(lambda o: o.subject.endswith("new/folder/new.csv"))
    assert collector.condition()["watch"] == "watchdog"
    watch.end()


def test_mounts_are_told_apart():
    table = {mount.path: mount for mount in told(rows(TABLE))}
    foreign = {path: mount.foreign for path, mount in table.items() if mount.foreign}
    assert foreign == {
        "/home/anna/share": Foreign.NETWORK,
        "/home/anna/Google Drive": Foreign.VIRTUAL,
        "/home/anna/again": Foreign.BIND,
        "/home/bo/stick": Foreign.BIND,
        "/home/bo/run": Foreign.NETWORK,
    }
    assert [path for path, mount in table.items() if mount.special] == ["/proc"]


@pytest.fixture
def roots_of(tmp_path):
    """Roots beside a table of mounts that a test may change, and a watch."""
    made = []

    def make_roots(table, **options):
        options = {"exclude": [], "admitted": [], "now": now} | options
        roots = Roots([str(tmp_path)], mounts=lambda: table, **options)
        watch = Watch(Changes(time.monotonic))
        made.extend([roots, watch])
        return roots, watch

    yield make_roots
    for each in made:
        each.close()


def mount(path, foreign=None, number=1):
    return Mount(number=number, path=str(path), foreign=foreign, special=False)


def test_what_is_no_disk_of_this_laptop_is_told_once_and_when_it_is_gone(tmp_path, roots_of):
    share, cloud = tmp_path / "share", tmp_path / "cloud"
    table = [mount("/"), mount(share, Foreign.NETWORK), mount(cloud, Foreign.VIRTUAL)]
    roots, watch = roots_of(table)
    told = list(roots.attach(watch))
    assert {(o.subject, o.what, o.gap) for o in told} == {
        (str(share), Watched.DRIVE, Gap.NETWORK_DRIVE),
        (str(cloud), Watched.DRIVE, Gap.VIRTUAL_DRIVE),
    }
    assert roots.paths() == [str(tmp_path)]
    assert list(roots.attach(watch)) == []
    del table[1]
    (back,) = roots.attach(watch)
    assert isinstance(back, CoverageRestored) and back.subject == str(share)


def test_the_policy_may_want_a_share_looked_through_and_what_is_excluded_is_not_told(
    tmp_path, roots_of
):
    share, cloud = tmp_path / "share", tmp_path / "cloud"
    share.mkdir()
    table = [mount("/"), mount(share, Foreign.NETWORK), mount(cloud, Foreign.VIRTUAL)]
    roots, watch = roots_of(table, admitted=[Foreign.NETWORK], exclude=["cloud"])
    assert list(roots.attach(watch)) == []
    assert roots.paths() == [str(tmp_path), str(share)]
    with roots.opened(str(share)) as root:
        assert root is not None and root.inside == f"{tmp_path.name}/share"


def test_a_root_on_a_share_is_not_even_opened(tmp_path, roots_of):
    roots, watch = roots_of([mount("/"), mount(tmp_path.parent, Foreign.NETWORK)])
    (told,) = roots.attach(watch)
    assert (told.subject, told.gap) == (str(tmp_path), Gap.NETWORK_DRIVE)
    assert roots.paths() == [] and not roots.missing()


def test_a_root_that_is_a_second_view_is_meant(tmp_path, roots_of):
    roots, watch = roots_of([mount("/"), mount(tmp_path, Foreign.BIND)])
    assert list(roots.attach(watch)) == []
    assert roots.paths() == [str(tmp_path)]


def test_an_unknown_kind_of_mount_is_refused():
    with pytest.raises(Exception, match="'nfs' is none of them"):
        make({"roots": ["/home"], "mounts": ["nfs"]})


@pytest.mark.root
def test_a_drive_in_a_root_is_looked_through_watched_and_free_to_go(tmp_path):
    home = tmp_path / "home"
    put(home, "there.csv")
    watch = Watching(make({"roots": [str(home)], "exclude": ["drive/secret"]}))
    assert watch.wait_for(lambda o: o.subject.endswith("there.csv"))
    with mounted(tmp_path / "elsewhere", "-t", "tmpfs", "tmpfs") as other:
        put(other, "before.csv")
        put(other, "secret/not.csv")
        subprocess.run(["mount", "--move", str(other), str(_made(home / "drive"))], check=True)
        assert watch.wait_for(lambda o: o.subject == str(home / "drive/before.csv"))
        put(home, "drive/deep/after.csv")
        assert watch.wait_for(lambda o: o.subject == str(home / "drive/deep/after.csv"))
        subprocess.run(["mount", "--move", str(home / "drive"), str(other)], check=True)
    watch.end()
    assert not [o for o in watch.told if isinstance(o, CoverageLost)]
    assert not [o for o in watch.told if "secret" in o.subject]


def _made(path):
    path.mkdir()
    return path


@pytest.mark.root
def test_a_bind_mount_in_a_root_is_told_and_passed_over(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    put(home, "there.csv")
    put(other, "twice.csv")
    with mounted(home / "bound", "--bind", str(other)):
        told = list(make({"roots": [str(home)]}).observe(Once()))
        also = list(make({"roots": [str(home)], "mounts": ["bind"]}).observe(Once()))
    assert {(o.subject, getattr(o, "gap", None)) for o in told} == {
        (str(home / "bound"), Gap.BIND_MOUNT),
        (str(home / "there.csv"), None),
    }
    assert {o.subject for o in also} == {str(home / "there.csv"), str(home / "bound/twice.csv")}


def a_sweep(clock, seconds):
    """A sweep that takes so long, one second a step."""

    def steps():
        for _ in range(seconds):
            clock.now += 1
            yield None

    return steps


def rounds_of(clock, sweep, strained, longest_pause=3600.0):
    patience = Patience(
        battery=True, load=150, on_battery=lambda: strained[0], load_percent=lambda: strained[1]
    )
    return Rounds(sweep, every=1e6, longest_pause=longest_pause, patience=patience, monotonic=clock)


def worked(rounds):
    """Take a sweep on until it is over or waits; the number of steps."""
    steps = 0
    while rounds.rest() <= 0:
        list(rounds.step())
        steps += 1
    return steps


def test_a_long_sweep_gives_way_to_battery_and_load_and_goes_on_after_it():
    clock, strained = Clock(), [True, 0.0]
    rounds = rounds_of(clock, a_sweep(clock, 100), strained)
    assert GRACE <= worked(rounds) < 100
    assert (rounds.sweeping(), rounds.strain) == (True, Strain.BATTERY)
    assert 0 < rounds.rest() <= ASK
    clock.now += ASK
    strained[:] = [False, 150.0]
    assert worked(rounds) == 0
    assert rounds.strain is Strain.LOAD
    clock.now += ASK
    strained[1] = 149.0
    worked(rounds)
    assert (rounds.sweeping(), rounds.strain) == (False, Strain.NONE)


def test_a_short_sweep_is_never_put_off():
    clock = Clock()
    rounds = rounds_of(clock, a_sweep(clock, int(GRACE) - 1), [True, 900.0])
    worked(rounds)
    assert not rounds.sweeping()


def test_a_sweep_is_not_put_off_for_ever():
    clock = Clock()
    rounds = rounds_of(clock, a_sweep(clock, 200), [True, 0.0], longest_pause=3600.0)
    while rounds.sweeping() or clock.now == 0:
        worked(rounds)
        clock.now += max(0.0, min(rounds.rest(), ASK))
        assert clock.now < 3600 + 200 + 20 * ASK
    assert clock.now >= 3600


def test_events_that_were_lost_during_a_sweep_ask_for_another():
    clock, begun = Clock(), []

    def sweep():
        begun.append(1)
        yield None
        rounds.begin_again() if len(begun) == 1 else None

    rounds = rounds_of(clock, sweep, [False, 0.0])
    worked(rounds)
    assert len(begun) == 2


def test_watching_goes_on_while_a_sweep_is_put_off(tmp_path, monkeypatch):
    monkeypatch.setattr("collectors.folders.rounds.GRACE", 0.0)
    monkeypatch.setattr("collectors.folders.rounds.SLICE", 0.0)
    for number in range(30):
        put(tmp_path, f"home/{number}.csv")
    patience = Patience(battery=True, load=0, on_battery=lambda: True)
    collector = PupilFilesCollector(Plan(roots=[str(tmp_path / "home")], patience=patience))
    watch = Watching(collector)
    assert wait_until(lambda: collector.condition().get("paused") == Strain.BATTERY)
    put(tmp_path, "home/new.csv")
    assert watch.wait_for(lambda o: o.subject.endswith("new.csv"))
    assert 0 < len(watch.told) < 30
    watch.end()


def test_a_second_sweep_reads_nothing_and_writes_nothing(tmp_path):
    home, state = tmp_path / "home", tmp_path / "state"
    state.mkdir()
    for number in range(30):
        put(home, f"{number % 3}/{number}.txt", b"niets")
    put(home, "list.csv")
    put(home, "geheim.docx", documents.locked(b"x"))
    put(home, "kapot.docx", documents.word(documents.LETTER)[:700])
    first, again = (make({"roots": [str(home)], "state": state}) for _ in range(2))
    told = [set(map(_said, collector.observe(Once()))) for collector in (first, again)]
    assert told[0] == told[1] and len(told[0]) == 3
    assert "seccomp" in first.condition() and "seccomp" not in again.condition()
    index, crew = open_index(state), Crew()
    patrol = Patrol(
        crew=crew, index=index, exclude=(), passed_over=(), max_bytes=1 << 20, now=now
    )  # fmt: skip
    roots = Roots([str(home)], exclude=[], admitted=[], now=now)
    list(roots.attach(Watch(Changes(time.monotonic), whole=False)))
    before = index._database.total_changes
    list(patrol.sweep(roots, threading.Event()))
    assert index._database.total_changes == before
    for each in (roots, index, crew):
        each.close()


def _said(observation):
    return observation.kind, observation.subject, str(sorted(observation.facts().items()))


def test_a_file_that_was_written_is_judged_though_its_stamps_are_known(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    path = put(tmp_path, "home/a.csv")
    index = open_index(state)
    index.keep(str(path), path.stat(), CLEAN)
    index.close()
    watch = Watching(make({"roots": [str(tmp_path / "home")], "state": state}))
    put(tmp_path, "home/other.csv")
    assert watch.wait_for(lambda o: o.subject.endswith("other.csv"))
    assert not [o for o in watch.told if o.subject == str(path)]
    os.close(os.open(path, os.O_WRONLY))
    assert watch.wait_for(lambda o: o.subject == str(path))
    watch.end()


def test_rows_of_another_detector_are_worth_nothing(tmp_path):
    path = put(tmp_path, "a.txt", b"x")
    index = open_index(tmp_path)
    index.keep(str(path), path.stat(), CLEAN)
    index.close()
    index = open_index(tmp_path)
    assert index.word(str(path), path.stat()) == CLEAN
    key = (tmp_path / KEY_FILE).read_bytes()
    index.close()
    index = Index(tmp_path / INDEX_FILE, key, DETECTOR + 1)
    assert index.word(str(path), path.stat()) is None
    index.close()


def test_a_verdict_comes_back_from_its_word_and_a_spoilt_word_is_none():
    pupil = Verdict(
        verdict=Judgement.PUPIL, persons_min=1, persons_max=2, score=0.75, sha256="0" * 64, size=9
    )
    closed = unreadable(Reason.ENCRYPTED, 9)
    assert [verdict_of(word_of(each)) for each in (pupil, closed)] == [pupil, closed]
    assert word_of(Verdict(verdict=Judgement.CLEAN)) == CLEAN
    assert word_of(unreadable(Reason.BROKEN)) == UNREAD
    spoilt = (None, CLEAN, "{", "{}", word_of(pupil).replace("pupil", "clean"))
    assert [verdict_of(word) for word in spoilt] == [None] * 5

"""Sealing a file: what is taken, what is refused and left alone, what can be read afterwards."""

import fcntl
import hashlib
import json
import mmap
import os
import socket
import stat
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime

import pyrage
import pytest

from enforcement import age, judged, seal_file, stage
from enforcement.base import Attempt, EnforcementError, Reason, Recipient, Result, Settings
from enforcement.vault import State, record, records

DATA = b"groep;naam\n3b;Invented Child\n" * 200
OFFICER, RESERVE = (pyrage.x25519.Identity.generate() for _ in range(2))
RECIPIENTS = tuple(
    Recipient(name=name, key=str(identity.to_public()), proven=True)
    for name, identity in (("officer", OFFICER), ("reserve", RESERVE))
)
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / "anna" / "docs").mkdir(parents=True)
    return tmp_path / "home"


def settings(home, **changes):
    given = {"state": home.parent / "state", "roots": (home,), "recipients": RECIPIENTS}
    return Settings(**given | changes)


def action(home, **changes):
    return seal_file.SealFile(settings(home, **changes), now=lambda: NOW)


def pupil_file(home, name="leerlingen 3b.csv", data=DATA):
    path = home / "anna" / "docs" / name
    path.write_bytes(data)
    path.chmod(0o640)
    os.utime(path, ns=(10**18 + 1, 10**18 + 123_456_789))
    return path


def attempt(path, id="00000000-0000-4000-8000-000000000001", **changes):
    found = os.lstat(path)
    proof = {"device": found.st_dev, "inode": found.st_ino}
    proof["sha256"] = hashlib.sha256(DATA).hexdigest()
    return Attempt(id=id, subject=os.fspath(path), proof=proof | changes)


def staged(home):
    return sorted(os.listdir(home / stage.NAME)) if (home / stage.NAME).exists() else []


def vault(home):
    folder = home.parent / "state" / "vault"
    return sorted(os.listdir(folder)) if folder.exists() else []


def refuse(home, path_or_attempt, **changes):
    """Apply, expect a refusal, and see that nothing was left in the stage or the vault."""
    given = path_or_attempt
    given = given if isinstance(given, Attempt) else attempt(given)
    with pytest.raises(EnforcementError) as refused:
        action(home, **changes).apply(given)
    assert (staged(home), vault(home)) == ([], [])
    return refused.value.reason


def test_a_pupil_file_is_gone_from_the_folder_and_opens_for_the_officers(home):
    path = pupil_file(home)
    outcome = action(home).apply(attempt(path))
    assert outcome.result is Result.DONE
    assert not path.exists()
    assert staged(home) == []
    sealed = (home.parent / "state" / "vault" / f"{attempt(home).id}.age").read_bytes()
    assert pyrage.decrypt(sealed, [OFFICER]) == pyrage.decrypt(sealed, [RESERVE]) == DATA


def test_what_the_file_was_is_sealed_beside_it(home):
    path = pupil_file(home)
    os.setxattr(path, "user.origin", b"\x00mail")
    owner = os.stat(path)
    action(home).apply(attempt(path))
    sealed = (home.parent / "state" / "vault" / f"{attempt(home).id}.meta.age").read_bytes()
    about = json.loads(pyrage.decrypt(sealed, [RESERVE]))
    assert about["path"] == os.fspath(path)
    assert (about["mode"], about["mtime_ns"]) == (0o640, 10**18 + 123_456_789)
    assert (about["uid"], about["gid"]) == (owner.st_uid, owner.st_gid)
    assert about["xattrs"] == {"user.origin": "AG1haWw="}
    assert about["sha256"] == hashlib.sha256(DATA).hexdigest()


def test_the_readable_record_and_the_whole_state_folder_name_nobody(home):
    action(home).apply(attempt(pupil_file(home)))
    state = home.parent / "state"
    known = record(state / "vault", attempt(home).id)
    assert (known.state, known.size) == (State.SEALED, len(DATA))
    assert known.sealed_at == "2026-11-02T09:30:00+00:00"
    for file in state.rglob("*"):
        raw = file.read_bytes() if file.is_file() else b""
        assert not any(word in raw for word in (b"leerlingen", b"anna", b"Invented", b"docs"))


def test_stage_and_vault_are_closed_to_everybody_else(home):
    action(home).apply(attempt(pupil_file(home)))
    for folder in (home / stage.NAME, home.parent / "state", home.parent / "state" / "vault"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (home.parent / "state" / "vault").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_attempt_again_is_done_and_does_no_harm(home):
    path = pupil_file(home)
    seal = action(home)
    asked = attempt(path)
    seal.apply(asked)
    before = vault(home)
    path.write_bytes(b"a new and innocent file")
    assert seal.apply(asked).result is Result.DONE
    assert seal.resume(asked.id).result is Result.DONE
    assert path.read_bytes() == b"a new and innocent file"
    assert vault(home) == before


def test_an_attempt_that_never_began_is_interrupted(home):
    assert action(home).resume("never").reason is Reason.INTERRUPTED
    assert action(home).recover() == {}


@pytest.mark.parametrize("few", [(), RECIPIENTS[:1], (RECIPIENTS[0], RECIPIENTS[0])])
def test_nothing_is_sealed_to_fewer_than_two_recipients(home, few):
    path = pupil_file(home)
    assert refuse(home, path, recipients=few) is Reason.NO_RECIPIENTS
    assert path.read_bytes() == DATA


def test_a_file_that_was_edited_since_is_left_alone(home):
    path = pupil_file(home)
    asked = attempt(path)
    path.write_bytes(DATA + b"one more line")
    before = path.stat()
    assert refuse(home, asked) is Reason.CHANGED
    assert path.read_bytes() == DATA + b"one more line"
    assert path.stat().st_ctime_ns == before.st_ctime_ns, "it was not even moved"


def test_a_file_made_endless_meanwhile_is_not_read_to_its_end(home, monkeypatch):
    path = pupil_file(home)
    given = attempt(path)
    os.truncate(path, judged.LARGEST + 1)
    monkeypatch.setattr(judged, "digest", lambda _: pytest.fail("it was read"))
    assert refuse(home, given) is Reason.CHANGED


def test_another_file_with_the_same_content_is_not_the_one_judged(home):
    path = pupil_file(home)
    asked = attempt(path)
    path.rename(path.with_name("elsewhere"))
    pupil_file(home)
    assert refuse(home, asked) is Reason.CHANGED


def test_a_file_that_is_gone_is_gone(home):
    path = pupil_file(home)
    asked = attempt(path)
    path.unlink()
    assert refuse(home, asked) is Reason.GONE


def test_a_file_with_a_second_name_is_refused(home):
    path = pupil_file(home)
    os.link(path, path.with_name("second"))
    assert refuse(home, path) is Reason.LINKED
    assert path.exists()


@contextmanager
def open_for_writing(path):
    with path.open("r+b") as writer:
        yield writer


@contextmanager
def mapped_for_writing(path):
    with path.open("r+b") as writer:
        mapped = mmap.mmap(writer.fileno(), 0)
    with mapped:
        yield mapped


@pytest.mark.parametrize("opened", [open_for_writing, mapped_for_writing])
def test_a_file_that_somebody_has_open_for_writing_is_refused(home, opened):
    path = pupil_file(home)
    with opened(path):
        assert refuse(home, path) is Reason.IN_USE
        assert path.exists()
    assert action(home).apply(attempt(path)).result is Result.DONE


def test_somebody_who_is_only_reading_stops_nothing_and_reads_on(home):
    path = pupil_file(home)
    with path.open("rb") as reader:
        assert action(home).apply(attempt(path)).result is Result.DONE
        assert reader.read() == DATA


def test_a_person_who_writes_while_the_file_is_being_sealed_gets_it_back(home):
    path = pupil_file(home)
    reader = os.open(path, os.O_RDONLY)

    def write_through_the_back_door(place):
        if place == "record-durable":
            with pytest.raises(BlockingIOError):
                os.open(f"/proc/self/fd/{reader}", os.O_WRONLY | os.O_NONBLOCK)

    seal = seal_file.SealFile(settings(home), checkpoint=write_through_the_back_door)
    with pytest.raises(EnforcementError) as refused:
        seal.apply(attempt(path))
    os.close(reader)
    assert refused.value.reason is Reason.IN_USE
    assert path.read_bytes() == DATA
    assert (staged(home), vault(home)) == ([], [])


def test_a_second_name_given_while_the_file_is_being_sealed_gives_it_back(home):
    path = pupil_file(home)
    reader = os.open(path, os.O_RDONLY)
    back_door = path.with_name("copy")

    def link_through_the_back_door(place):
        if place == "record-durable":
            os.link(f"/proc/self/fd/{reader}", back_door, src_dir_fd=reader)  # linkat, following

    seal = seal_file.SealFile(settings(home), checkpoint=link_through_the_back_door)
    with pytest.raises(EnforcementError) as refused:
        seal.apply(attempt(path))
    os.close(reader)
    assert refused.value.reason is Reason.LINKED
    assert path.exists()
    assert vault(home) == []


def test_a_link_in_place_of_the_file_or_of_a_folder_is_refused(home, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside / "list.csv"
    target.write_bytes(DATA)
    (home / "anna" / "link.csv").symlink_to(target)
    (home / "anna" / "folder").symlink_to(outside)
    for subject in (home / "anna" / "link.csv", home / "anna" / "folder" / "list.csv"):
        asked = attempt(target)
        reason = refuse(home, Attempt(id=asked.id, subject=str(subject), proof=asked.proof))
        assert reason is Reason.NOT_PLAIN
    assert target.read_bytes() == DATA


def test_pipes_sockets_and_folders_are_refused_without_waiting(home):
    docs = home / "anna" / "docs"
    os.mkfifo(docs / "pipe")
    (docs / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(docs / "socket"))
        for name in ("pipe", "folder", "socket"):
            assert refuse(home, docs / name) is Reason.NOT_PLAIN
            assert (docs / name).exists()


@pytest.mark.parametrize(
    "subject",
    [
        "{outside}/list.csv",
        "{home}/../outside/list.csv",
        "{home}/./anna/docs/list.csv",
        "{home}",
        "anna/docs/list.csv",
        "{home}/anna\0/x",
        "{home}er/list.csv",
        "{home}/.dossierwacht-stage/x.plan",
    ],
)
def test_nothing_outside_the_listed_roots_is_touched(home, subject):
    asked = attempt(pupil_file(home))
    path = subject.format(home=home, outside=home.parent / "outside")
    assert refuse(home, Attempt(id="x", subject=path, proof=asked.proof)) is Reason.OUTSIDE


def test_a_root_that_goes_through_a_link_is_named_with_its_real_place(home):
    path = pupil_file(home)
    link = home.parent / "link"
    link.symlink_to(home)
    asked = attempt(path)
    subject = os.fspath(link / path.relative_to(home))
    with pytest.raises(EnforcementError, match=f"list {home} as the root") as refused:
        action(home, roots=(link,)).apply(Attempt(id="x", subject=subject, proof=asked.proof))
    assert refused.value.reason is Reason.OUTSIDE


@pytest.mark.parametrize("id", ["", ".", "../x", "a/b", "x" * 65, "-x", "a.b", "a\n"])
def test_an_id_that_is_no_plain_word_is_refused(home, id):
    path = pupil_file(home)
    assert refuse(home, attempt(path, id=id)) is Reason.FAULT
    with pytest.raises(EnforcementError):
        action(home).resume(id)


@pytest.mark.parametrize("changes", [{"sha256": "ab"}, {"device": "x"}, {"inode": "x"}])
def test_a_proof_that_proves_nothing_is_refused(home, changes):
    path = pupil_file(home)
    assert refuse(home, attempt(path, **changes)) is Reason.FAULT
    assert path.exists()


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.csv",
        "bidi\u202efdc.csv",
        "x" * 255,
        "\udcff\udcfe.csv",
        "dossierwacht.txt",
        "-rf",
    ],
)
def test_odd_names_are_sealed_like_any_other(home, name):
    path = pupil_file(home, name=name)
    assert action(home, note="Sealed.").apply(attempt(path)).result is Result.DONE
    sealed = (home.parent / "state" / "vault" / f"{attempt(home).id}.meta.age").read_bytes()
    assert json.loads(pyrage.decrypt(sealed, [OFFICER]))["path"] == os.fspath(path)


def test_an_empty_file_is_sealed_too(home):
    path = pupil_file(home, data=b"")
    proof = {"sha256": hashlib.sha256(b"").hexdigest()}
    assert action(home).apply(attempt(path, **proof)).result is Result.DONE


def test_a_note_is_left_in_the_folder_once_and_overwrites_nothing(home):
    first, second = pupil_file(home, "a.csv"), pupil_file(home, "b.csv")
    note = home / "anna" / "docs" / seal_file.NOTE_NAME
    action(home, note="Ask the officer.").apply(attempt(first, id="a"))
    assert note.read_text() == "Ask the officer."
    note.write_text("mine now")
    action(home, note="Ask the officer.").apply(attempt(second, id="b"))
    assert note.read_text() == "mine now"


def test_a_link_waiting_at_the_name_of_the_note_is_not_followed(home, tmp_path):
    (home / "anna" / "docs" / seal_file.NOTE_NAME).symlink_to(tmp_path / "target")
    outcome = action(home, note="Ask the officer.").apply(attempt(pupil_file(home)))
    assert outcome.result is Result.DONE
    assert not (tmp_path / "target").exists()


def test_without_a_text_no_note_is_left(home):
    action(home).apply(attempt(pupil_file(home)))
    assert os.listdir(home / "anna" / "docs") == []


def interrupted(home, path, at, **changes):
    """An attempt cut off at a checkpoint, as a crash would."""

    class Cut(BaseException):
        pass

    def cut(place):
        if place == at:
            raise Cut

    with pytest.raises(Cut):
        seal_file.SealFile(settings(home), checkpoint=cut).apply(attempt(path, **changes))


def test_what_a_crash_left_open_is_listed_and_finished_at_the_start(home):
    interrupted(home, pupil_file(home), "taken")
    seal = action(home)
    assert seal.open_attempts() == (attempt(home).id,)
    assert [outcome.result for outcome in seal.recover().values()] == [Result.DONE]
    assert (seal.open_attempts(), staged(home)) == ((), [])


def test_an_open_transaction_is_found_although_its_root_is_no_longer_listed(home, tmp_path):
    interrupted(home, pupil_file(home), "taken")
    other = tmp_path / "other"
    other.mkdir()
    seal = action(home, roots=(other,))
    assert [outcome.result for outcome in seal.recover().values()] == [Result.DONE]


def test_a_file_that_was_not_yet_taken_stays_if_its_root_is_no_longer_listed(home):
    path = pupil_file(home)
    interrupted(home, path, "plan-durable")
    outcomes = action(home, roots=()).recover()
    assert [outcome.reason for outcome in outcomes.values()] == [Reason.INTERRUPTED]
    assert path.exists()
    assert staged(home) == []


def test_a_file_changed_between_the_look_and_the_taking_goes_back(home):
    path = pupil_file(home)
    innocent = home / "anna" / "docs" / "innocent.txt"
    innocent.write_text("holiday")

    def swap(place):
        if place == "looked":
            path.rename(path.with_name("kept.csv"))
            innocent.rename(path)

    seal = seal_file.SealFile(settings(home), checkpoint=swap)
    with pytest.raises(EnforcementError) as refused:
        seal.apply(attempt(path))
    assert refused.value.reason is Reason.CHANGED
    assert path.read_text() == "holiday"
    assert (staged(home), vault(home)) == ([], [])


def test_a_newer_file_at_the_old_name_is_not_overwritten_and_the_taken_one_is_kept(home):
    path = pupil_file(home)

    def save_anew(place):
        if place == "taken":
            staging = home / stage.NAME / f"{attempt(home).id}.file"
            staging.write_bytes(DATA + b"changed")
            path.write_bytes(b"newer")

    seal = seal_file.SealFile(settings(home), checkpoint=save_anew)
    with pytest.raises(EnforcementError) as refused:
        seal.apply(attempt(path))
    assert refused.value.reason is Reason.PARKED
    assert path.read_bytes() == b"newer"
    assert (home / stage.NAME / f"{attempt(home).id}.file").read_bytes() == DATA + b"changed"
    path.unlink()
    assert [o.reason for o in action(home).recover().values()] == [Reason.CHANGED]
    assert path.read_bytes() == DATA + b"changed"


def test_a_file_changed_after_its_copy_was_sealed_goes_back_and_the_copy_is_dropped(home):
    path = pupil_file(home)
    interrupted(home, path, "record-durable")
    assert len(vault(home)) == 3
    (home / stage.NAME / f"{attempt(home).id}.file").write_bytes(b"changed")
    assert [o.reason for o in action(home).recover().values()] == [Reason.CHANGED]
    assert path.read_bytes() == b"changed"
    assert (staged(home), vault(home)) == ([], [])


def test_a_damaged_plan_loses_nothing_and_is_told(home):
    interrupted(home, pupil_file(home), "taken")
    (home / stage.NAME / f"{attempt(home).id}.plan").write_bytes(b"{")
    for _ in range(2):
        assert [o.reason for o in action(home).recover().values()] == [Reason.PARKED]
    (home / stage.NAME / f"{attempt(home).id}.plan").unlink()
    assert [o.reason for o in action(home).recover().values()] == [Reason.PARKED]
    assert (home / stage.NAME / f"{attempt(home).id}.file").read_bytes() == DATA


def test_a_plan_that_was_never_finished_writing_is_swept_away(home):
    interrupted(home, pupil_file(home), "plan-written")
    assert action(home).recover() == {}
    assert staged(home) == []


def test_a_damaged_record_does_not_hide_the_others(home):
    action(home).apply(attempt(pupil_file(home, "a.csv"), id="a"))
    action(home).apply(attempt(pupil_file(home, "b.csv"), id="b"))
    action(home).apply(attempt(pupil_file(home, "c.csv"), id="c"))
    folder = home.parent / "state" / "vault"
    (folder / "a.json").write_bytes(b'{"version":1,"id":7}')
    (folder / "b.age").unlink()
    states = {known.id: known.state for known in records(folder)}
    assert states == {"a": State.DAMAGED, "b": State.DAMAGED, "c": State.SEALED}


def test_a_stage_that_lets_others_in_is_not_used(home):
    path = pupil_file(home)
    (home / stage.NAME).mkdir()
    (home / stage.NAME).chmod(0o755)
    assert refuse(home, path) is Reason.REFUSED
    assert path.exists()


def test_a_stage_can_be_named(home):
    path = pupil_file(home)
    (home.parent / "work").mkdir()
    chosen = home.parent / "work" / "stage"
    assert action(home, stage=chosen).apply(attempt(path)).result is Result.DONE
    assert chosen.is_dir()
    assert not (home / stage.NAME).exists()


def test_the_copy_is_refused_when_it_does_not_open_to_the_file(home, monkeypatch):
    path = pupil_file(home)
    seal_stream = age.seal_stream

    def broken(source, target, keys):
        seal_stream(source, target, keys)
        os.pwrite(target, b"\0\0\0\0", os.fstat(target).st_size - 40)

    monkeypatch.setattr(age, "seal_stream", broken)
    assert refuse(home, path) is Reason.FAULT
    assert path.read_bytes() == DATA


@pytest.mark.root
def test_the_stage_of_a_persons_own_folder_lies_above_it(home):
    path = pupil_file(home)
    for owned in (home / "anna", home / "anna" / "docs", path):
        os.chown(owned, 65534, 65534)
    own = home / "anna"
    seal = action(home, roots=(own,), note="Ask.")
    assert seal.apply(attempt(path)).result is Result.DONE
    assert (home / stage.NAME).is_dir()
    assert not (own / stage.NAME).exists()
    assert (own / "docs" / seal_file.NOTE_NAME).stat().st_uid == 65534


@pytest.mark.root
@pytest.mark.parametrize(("mode", "inside"), [(0o777, False), (0o1777, True), (0o755, True)])
def test_the_stage_is_made_only_where_nobody_else_can_rename_it(home, mode, inside):
    path = pupil_file(home)
    home.chmod(mode)
    assert action(home).apply(attempt(path)).result is Result.DONE
    assert (home / stage.NAME).exists() is inside
    assert (home.parent / stage.NAME).exists() is not inside


@pytest.mark.root
def test_a_stage_that_a_person_planted_is_not_used(home):
    path = pupil_file(home)
    (home / stage.NAME).mkdir(mode=0o700)
    os.chown(home / stage.NAME, 65534, 65534)
    assert refuse(home, path) is Reason.REFUSED


@contextmanager
def mounted(folder, size):
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, timeout=20).returncode:
        pytest.skip("this machine lets no file system be mounted")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True, timeout=20)


@pytest.mark.root
def test_on_a_full_disk_the_person_keeps_the_file(home):
    path = pupil_file(home, data=os.urandom(600_000))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    state = home.parent / "state"
    with mounted(state, "256k"):
        assert refuse(home, attempt(path, sha256=digest)) is Reason.NO_SPACE
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    with mounted(state, "4m"):
        assert action(home).apply(attempt(path, sha256=digest)).result is Result.DONE


@pytest.mark.root
def test_without_room_for_a_plan_nothing_begins(home):
    with mounted(home / "anna", "64k"):
        (home / "anna" / "docs").mkdir()
        path = pupil_file(home)
        seal = action(home, roots=(home / "anna",))
        seal.apply(attempt(pupil_file(home, "first.csv"), id="first"))
        (home / "anna" / "filler").write_bytes(b"")
        with (home / "anna" / "filler").open("wb", buffering=0) as filler:
            with pytest.raises(OSError, match="No space"):
                while True:
                    filler.write(bytes(4096))
        with pytest.raises(EnforcementError) as refused:
            seal.apply(attempt(path))
        assert refused.value.reason is Reason.NO_SPACE
        assert path.read_bytes() == DATA
        assert os.listdir(home / "anna" / stage.NAME) == []


@pytest.mark.root
def test_a_home_that_is_its_own_mount_and_its_persons_own_is_reported_not_sealed(home):
    with mounted(home / "anna", "1m"):
        (home / "anna" / "docs").mkdir()
        path = pupil_file(home)
        os.chown(home / "anna", 65534, 65534)
        with pytest.raises(EnforcementError) as refused:
            action(home, roots=(home / "anna",)).apply(attempt(path))
        assert refused.value.reason is Reason.UNSUPPORTED
        with pytest.raises(EnforcementError) as refused:
            action(home).apply(attempt(path))
        assert refused.value.reason is Reason.OUTSIDE
        assert path.exists()


def test_the_lease_does_not_end_the_process_that_holds_it(home):
    path = pupil_file(home)
    with path.open("rb") as source:
        with seal_file.undisturbed(source.fileno()):
            with pytest.raises(BlockingIOError):
                os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            assert fcntl.fcntl(source, fcntl.F_GETLEASE) == fcntl.F_UNLCK

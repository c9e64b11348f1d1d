"""The record of what was told of whom: it never differs from the journal, ends, names nobody."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pyrage
import pytest

from agent import cli, journal_record
from agent.control_server import Caller, Refused
from agent.journal import Journal
from agent.journal_record import Row, Whose
from agent.leak import LeakKind
from agent.own_leak import LeakReported
from agent.person_keys import PER_HOUR, PersonKeys
from agent.wire import event as wire
from collectors.base import utc_now
from enforcement.base import EnforcementError, Outcome, Reason, Result
from tests.other_people import let_in
from tests.recorded_people import MEES, SANNE, People, found
from tests.test_journal import acknowledge, new_event

ME = os.geteuid()
THEIRS = "/home/sanne/Zorgdossier Vuurbloem.docx"
PLANTED = ("Vuurbloem", "sanne", "Zorgdossier", "ab" * 32)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    owners = {"/home/sanne/": SANNE, "/home/mees/": MEES, "/home/me/": ME}
    made = People(state=tmp_path / "state", owners=owners)
    yield made
    made.close()


def rows(journal: Journal, uid: int) -> list[Row]:
    whole = {"before": 2**62, "since": -1.0, "until": 2.0**62, "most": 10_000}
    return journal.reading(lambda db: list(journal_record.page(db, uid, **whole)))


def bring(people: People, uid: int) -> pyrage.x25519.Identity:
    made = pyrage.x25519.Identity.generate()
    people.keys.take(Caller(uid=uid, pid=1), {"key": str(made.to_public())})
    return made


def test_an_event_is_kept_to_the_byte_and_marked_when_the_receipt_comes(people: People) -> None:
    number = people.record(found(THEIRS))
    (record,) = people.journal.pending().records
    (told,) = people.of(SANNE)["records"]
    assert (told["id"], told["body"], told["state"]) == (number, record.body, "waiting")
    assert told["mine"] and told["received"] is None
    people.receipt()
    assert people.journal.count() == 0
    (told,) = people.of(SANNE)["records"]
    assert (told["body"], told["state"]) == (record.body, "received")
    assert told["received"] is not None


def test_nobody_is_told_of_anybody_else_and_root_is_like_anybody(people: People) -> None:
    number = people.record(found(THEIRS))
    people.record(found("/home/nobody/x"))
    assert len(people.of(SANNE)["records"]) == 2
    for uid in (MEES, 0, 1):
        (told,) = people.of(uid)["records"]
        assert told["mine"] is False
        assert people.of(uid, number=number)["records"] == []
        assert people.of(uid, sealed=True)["records"] == []


def test_the_names_are_for_the_persons_key_alone(people: People) -> None:
    people.record(found(THEIRS))
    key, other = bring(people, SANNE), bring(people, MEES)
    people.record(found(THEIRS + "x"))
    after, before = people.of(SANNE)["records"]
    assert before["shown"] == "", "no name is kept before there is a key"
    shown = base64.b64decode(after["shown"])
    assert json.loads(pyrage.decrypt(shown, [key])) == {"path": THEIRS + "x", "sha256": "ab" * 32}
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(shown, [other])


def test_no_name_stands_in_the_raw_state_folder(people: People) -> None:
    for uid in (SANNE, MEES, ME):
        bring(people, uid)
    people.record(found(THEIRS))
    people.sealer.answer = EnforcementError(Reason.IN_USE, "x")
    people.record(found(THEIRS + "y"))
    people.receipt()
    files = [one for one in people.state.rglob("*") if one.is_file()]
    raw = b"".join(one.read_bytes() for one in files)
    assert b"pupil-file-found" in raw, "the search would find what is there"
    for name in PLANTED:
        for encoding in ("utf-8", "utf-16-le"):
            assert name.encode(encoding) not in raw
            assert base64.b64encode(name.encode(encoding))[:-4] not in raw


def test_what_a_full_journal_pushed_out_is_never_said_to_have_arrived(tmp_path: Path) -> None:
    journal = Journal(tmp_path, size_limit=20_000)
    sent = [new_event(sealed="A" * 1000) for _ in range(30)]
    for event in sent:
        journal.append(event, whose=Whose(uid=SANNE))
    still = set[str]()
    while records := journal.pending().records:
        still |= {wire.decode(one.body).id for one in records}
        acknowledge(journal, len(records))
    kept = {row.id: row.state for row in rows(journal, SANNE)}
    assert {kept[one.id] for one in sent if one.id in still} == {"received"}
    assert {kept[one.id] for one in sent if one.id not in still} == {"dropped"}
    assert len(still) < 30
    journal.close()


def test_a_failure_that_was_told_before_leaves_no_trace(people: People) -> None:
    people.sealer.answer = EnforcementError(Reason.IN_USE, "x")
    people.record(found(THEIRS))
    people.daemon.record(found(THEIRS))
    assert [one["state"] for one in people.of(SANNE)["records"]] == ["waiting"]


def test_a_chosen_number_writes_over_nobodys_row(people: People) -> None:
    number = people.record(found(THEIRS))
    body = people.of(SANNE)["records"][0]["body"]
    people.receipt()
    forged = LeakReported(
        observed_at=utc_now(),
        subject="person",
        what=LeakKind.OTHER,
        ongoing=False,
        given_number=number,
        asked_by=MEES,
    )
    people.daemon.record(forged)
    assert people.of(SANNE)["records"][0]["body"] == body
    assert people.of(MEES)["records"] == []


def test_it_ends_after_its_days_but_for_what_is_sealed_still(people: People) -> None:
    old, sealed = people.record(found(THEIRS)), people.record(found(THEIRS + "z"))
    people.receipt()
    (people.state / "vault").mkdir()
    for part in ("json", "age"):
        (people.state / "vault" / f"{sealed}.{part}").write_text("{}")
    people.mine.now = lambda: utc_now() + timedelta(days=89)
    people.mine.forget()
    assert {one["id"] for one in people.of(SANNE)["records"]} == {old, sealed}
    people.mine.now = lambda: utc_now() + timedelta(days=91)
    people.mine.forget()
    assert [one["id"] for one in people.of(SANNE)["records"]] == [sealed]
    assert [one["id"] for one in people.of(SANNE, sealed=True)["records"]] == [sealed]


def test_whoever_has_most_loses_their_oldest_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_record, "LIMIT", 60_000)
    journal = Journal(tmp_path)
    journal.append(new_event(), whose=Whose(uid=MEES))
    for _ in range(3 * journal_record.ROUND):
        journal.append(new_event(sealed="A" * 400), whose=Whose(uid=SANNE))
    assert len(rows(journal, MEES)) == 1, "nobody floods another out"
    kept = rows(journal, SANNE)
    size = sum(len(one.body) for one in kept)
    assert size < 60_000 + journal_record.ROUND * 1500
    cut = journal.reading(lambda db: journal_record.cut_of(db, SANNE))
    assert cut + len(kept) == 3 * journal_record.ROUND
    assert journal.reading(lambda db: journal_record.cut_of(db, MEES)) == 0
    journal.close()


def test_a_row_that_was_changed_is_not_shown_as_what_left(people: People) -> None:
    number = people.record(found(THEIRS))
    with sqlite3.connect(people.state / "journal.db") as other:
        (body,) = other.execute("SELECT body FROM record").fetchone()
        other.execute("UPDATE record SET body=?", (body.replace(b"downloads", b"documents"),))
    (told,) = people.of(SANNE, number=number)["records"]
    assert told["body"] == "" and told["id"] == number


def test_pages_follow_each_other_without_a_gap(people: People) -> None:
    event = new_event(sealed="A" * 60_000)
    sent = [msgspec.structs.replace(event, id=str(uuid.uuid4())) for _ in range(40)]
    for one in sent:
        people.journal.append(one, whose=Whose(uid=SANNE))
    got, before = [], None
    while True:
        given = {} if before is None else {"before": before}
        page = people.of(SANNE, **given)
        got += [one["id"] for one in page["records"]]
        assert len(json.dumps(page)) < 4 * 1024 * 1024
        before = page["next"]
        if before is None:
            break
    assert got == [one.id for one in reversed(sent)]


@pytest.mark.parametrize("given", [{"before": "x"}, {"since": True}, {"until": 1e300}])
def test_nonsense_is_refused(people: People, given: dict[str, object]) -> None:
    with pytest.raises(Refused):
        people.of(SANNE, **given)


def test_a_person_is_told_messages_of_their_own_and_the_laptops(people: People) -> None:
    people.sealer.answer = Outcome(result=Result.DONE)
    mine, laptops = people.record(found(THEIRS)), people.record(found("/srv/x"))
    heard = people.daemon.messages
    assert [one.id for one in heard.by(SANNE)] == [mine, laptops]
    for uid in (MEES, 0):
        assert [one.id for one in heard.by(uid)] == [laptops]


@pytest.mark.parametrize("key", [None, 5, "", "age1x", "AGE-SECRET-KEY-1", "age1" + "q" * 500])
def test_what_is_no_key_is_refused(tmp_path: Path, key: object) -> None:
    with pytest.raises(Refused):
        PersonKeys(tmp_path, utc_now).take(Caller(uid=1, pid=1), {"key": key})


def test_keys_outlive_the_agent_the_last_counts_and_are_not_changed_without_end(
    tmp_path: Path,
) -> None:
    keys = PersonKeys(tmp_path, utc_now)
    given = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(PER_HOUR + 1)]
    for key in given[:-1]:
        keys.take(Caller(uid=SANNE, pid=1), {"key": key})
    with pytest.raises(Refused):
        keys.take(Caller(uid=SANNE, pid=1), {"key": given[-1]})
    again = PersonKeys(tmp_path, utc_now)
    assert again.of(SANNE) == given[-2] and again.since(SANNE) and again.of(MEES) is None
    (tmp_path / "person-keys.json").write_text('{"x": 3}')
    assert PersonKeys(tmp_path, utc_now).of(SANNE) is None


CHILD = """
import os, sys, threading
from pathlib import Path
from agent.journal import Journal
from agent.journal_record import Whose
from agent.wire import event as wire
from agent.wire.messages import Receipt, device_name, to_json
from tests.test_journal import acknowledge, new_event
journal = Journal(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    event = new_event()
    journal.begin(event, once=None, action="seal-file", size=1, whose=Whose(uid=7, shown=b"s"))
    journal.complete(event.id, wire.OutcomePart(result="done", reason="none"))
    journal.append(new_event(), whose=Whose(uid=7))
    if journal.count() > 5:
        acknowledge(journal, 3)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_record_and_journal_as_one(tmp_path: Path) -> None:
    for number in range(12):
        words = [sys.executable, "-c", CHILD, str(tmp_path)]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.05 + number * 0.013)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        journal = Journal(tmp_path)
        kept = {row.id: row for row in rows(journal, 7)}
        waiting = {wire.decode(one.body).id: one.body for one in journal.pending().records}
        attempts = {one.id for one in journal.attempts()}
        by_state = {
            state: {row.id for row in kept.values() if row.state == state}
            for state in ("begun", "waiting", "received", "dropped")
        }
        assert by_state["waiting"] == set(waiting)
        assert {kept[one].body.decode() for one in waiting} == set(waiting.values())
        assert by_state["begun"] == attempts
        assert by_state["dropped"] == set()
        end, _ = journal.end()
        assert len(by_state["waiting"]) + len(by_state["received"]) == end, "none lost, none twice"
        journal.close()


@pytest.mark.root
def test_two_users_at_the_socket_each_get_their_own(people: People, tmp_path: Path) -> None:
    let_in(tmp_path)
    people.record(found(THEIRS))
    people.record(found("/home/mees/groep 5.csv"))
    code = (
        # Everything is brought in first: the interpreter may lie where only root can read.
        "import os, sys, json, encodings.idna; from agent import control; from pathlib import Path;"
        "os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]));"
        "ask = lambda **more: control.ask(Path(sys.argv[1]), 'mine', uid=51001, **more);"
        "print(json.dumps(ask()))"
    )
    with people.answering(tmp_path / "s"):
        for uid, wanted in ((SANNE, 1), (MEES, 1), (51009, 0)):
            words = [sys.executable, "-c", code, str(tmp_path / "s"), str(uid)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            got = json.loads(done.stdout)["records"]
            assert len(got) == wanted
            assert all(people.daemon.journal.reading(owner_of(one["id"])) == uid for one in got)


def owner_of(number: str) -> Callable[[sqlite3.Connection], int | None]:
    return lambda db: journal_record.whose(db, number)


def test_the_command_says_the_same(
    people: People,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LANGUAGE", "en")
    with people.answering(tmp_path / "s"):
        assert cli.main(["mine", "--socket", str(tmp_path / "s")]) == 0
        assert "Nothing is recorded about you" in capsys.readouterr().out
        people.record(found("/home/me/groep\x1b[2J 7.csv"))
        people.record(found(THEIRS))
        assert cli.main(["mine", "--socket", str(tmp_path / "s")]) == 0
        said = capsys.readouterr().out
        assert "groep\\x1b[2J 7.csv" in said and "\x1b" not in said and "Vuurbloem" not in said
        assert cli.main(["mine", "--json", "--socket", str(tmp_path / "s")]) == 0
        (told,) = json.loads(capsys.readouterr().out)["events"]
        assert told["kept_for_me"]["path"] == "/home/me/groep\x1b[2J 7.csv"
    key = tmp_path / "data/dossierwacht/own-key.txt"
    assert key.stat().st_mode & 0o777 == 0o600
    assert cli.main(["mine", "--socket", str(tmp_path / "s")]) == 1

"""A verdict that is disputed: over a real socket, by a real worker, sealed to real keys."""

import base64
import contextlib
import json
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest

from agent import control, disputes, run
from agent.cli import main
from agent.control import ControlError
from agent.control_server import ControlServer
from agent.daemon import Daemon
from agent.demo.stage import wait_until
from agent.dispute_shelf import FOLDER, LARGEST, MOST, Shelf, ShelfError, read_words
from agent.disputes import Disputes
from agent.journal import Journal
from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import utc_now
from collectors.recognise.rules.own import NONE
from collectors.recognise.verdict import DETECTOR, Judgement, Reason
from enforcement import age, attributes, vault
from enforcement.base import Recipient
from enforcement.judged import digest
from tests import documents, scans
from tests.other_people import let_in
from tests.test_answers import answers
from tests.test_daemon import Scripted, build

AS_NOBODY = """
import os, sys
import agent.commands.dispute
from agent.cli import main
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""
NAME = "Quirijn Vossenbergh"
WORDS = (b"Quirijn", b"Vossenbergh", b"groepslijst-geheim", b"zomaar verzonnen", b"zwaluwnest")
PUPIL = documents.word([f"Naam leerling: {NAME}", "Geboortedatum: 3-4-2015", "zwaluwnest adhd"])
CLEAN = documents.word(["Recept voor pannenkoeken met zwaluwnest"])


@dataclass
class Laptop:
    """An agent's socket with real parts behind it, and a home that it looks through."""

    top: Path
    identity: Any
    daemon: Daemon
    shelf: Shelf
    disputes: Disputes
    clock: list[datetime]
    socket: Path = field(init=False)

    def __post_init__(self) -> None:
        self.socket = self.top / "s"

    @property
    def state(self) -> Path:
        return self.top / "state"

    @property
    def keyfile(self) -> Path:
        path = self.top / "officer.agekey"
        path.write_text(f"{self.identity}\n")
        return path

    def write(self, name: str, content: bytes) -> Path:
        path = self.top / "home" / name
        path.write_bytes(content)
        return path

    def say(self, path: Path | str, says: str, shown: Path | None = None, **more: Any) -> Any:
        """What ``dispute report`` puts to the agent; ``shown`` is another file in its place."""
        flags = more.pop("flags", os.O_RDONLY | os.O_NONBLOCK)
        descriptor = os.open(shown or path, flags)
        try:
            return control.ask(
                self.socket,
                "dispute",
                timeout=60,
                descriptor=descriptor,
                file=str(path),
                says=says,
                **more,
            )
        finally:
            os.close(descriptor)

    def refused(self, path: Path | str, says: str = "clean", **more: Any) -> str:
        """The code of a refusal, after which nothing may have been kept or told."""
        before = self.kept(), self.daemon.journal.count()
        with pytest.raises(ControlError) as caught:
            self.say(path, says, **more)
        assert (self.kept(), self.daemon.journal.count()) == before
        return caught.value.code

    def kept(self) -> list[str]:
        folder = self.state / FOLDER
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def opened(self, copy: str, part: str = "age") -> bytes:
        sealed = (self.state / FOLDER / f"{copy}.{part}").read_bytes()
        data: bytes = pyrage.decrypt(sealed, [self.identity])
        return data

    def events(self) -> list[wire.Event]:
        return [wire.decode(one.body) for one in self.daemon.journal.pending().records]

    def raw(self) -> bytes:
        """Every byte in the state folder."""
        files = (path for path in self.state.rglob("*") if path.is_file())
        return b"".join(bytes(path) + path.read_bytes() for path in files)


def recipients(identity: Any, proven: bool = True) -> tuple[Recipient, ...]:
    return (Recipient(name="officer", key=str(identity.to_public()), proven=proven),)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Laptop]]:
    with contextlib.ExitStack() as held:

        def made(proven: bool = True) -> Laptop:
            identity, clock = pyrage.x25519.Identity.generate(), [utc_now()]
            (tmp_path / "state").mkdir(mode=0o700)
            (tmp_path / "home").mkdir()
            journal = Journal(tmp_path / "state")
            held.callback(journal.close)
            people = recipients(identity, proven)
            daemon = build(journal, Scripted())
            daemon.recorder = Recorder(
                key=b"k" * 32, seal=lambda data: age.seal_bytes(data, people), now=utc_now
            )
            shelf = Shelf(tmp_path / "state", people, timedelta(days=30), lambda: clock[0])
            taking = Disputes(
                roots=(tmp_path / "home",),
                shelf=shelf,
                judge=lambda descriptor: run._judge(NONE, True, descriptor),
                record=daemon.record,
                told=lambda: list(daemon.messages),
                now=lambda: clock[0],
            )
            laptop = Laptop(tmp_path, identity, daemon, shelf, taking, clock)
            given = answers(journal, tmp_path, daemon=daemon, disputes=taking)
            server = ControlServer(laptop.socket, given.table(), given.allowed)
            held.callback(server.close)
            server.start()
            return laptop

        yield made


@pytest.fixture
def laptop(make: Callable[..., Laptop]) -> Laptop:
    return make()


# --- what is kept and what is told ----------------------------------------------------------------


def test_a_false_alarm_is_kept_sealed_and_told_in_closed_words(laptop: Laptop) -> None:
    path = laptop.write("groepslijst-geheim.docx", PUPIL)
    said = laptop.say(path, "clean", text="zomaar verzonnen")
    assert laptop.opened(said["copy"]) == PUPIL
    assert json.loads(laptop.opened(said["copy"], "meta.age"))["path"] == str(path)
    (event,) = laptop.events()
    assert event.kind == "verdict-disputed"
    assert event.id == said["event"]
    facts = dict(event.facts)
    assert str(facts.pop("file")).startswith("b32:")
    assert "name-label" in facts.pop("evidence")  # type: ignore[operator]
    assert facts == {
        "said": "pupil",
        "wanted": "clean",
        "class": "person-record",
        "format": "docx",
        "detector": DETECTOR,
    }
    details = json.loads(pyrage.decrypt(base64.b64decode(event.sealed), [laptop.identity]))
    assert details == {"path": str(path), "text": "zomaar verzonnen", "copy": said["copy"]}


def test_a_missed_file_is_kept_too(laptop: Laptop) -> None:
    said = laptop.say(laptop.write("a.docx", CLEAN), "pupil")
    assert (said["said"], said["wanted"]) == ("clean", "pupil")
    words = read_words(laptop.state / FOLDER, said["copy"])
    assert (words.said, words.wanted) == (Judgement.CLEAN, Judgement.PUPIL)


def test_no_word_of_the_document_its_path_or_the_text_lies_in_the_state_folder(
    laptop: Laptop,
) -> None:
    plain = f"Naam leerling: {NAME}\nGeboortedatum: 3-4-2015\nzwaluwnest\n".encode()
    for name, content in (("groepslijst-geheim.docx", PUPIL), ("groepslijst-geheim.txt", plain)):
        laptop.say(laptop.write(name, content), "clean", text="zomaar verzonnen")
    laptop.refused(laptop.write("groepslijst-geheim.md", plain), "pupil", text="zomaar verzonnen")
    raw = laptop.raw()
    assert raw.count(b"age-encryption.org") >= 4
    assert [word for word in WORDS if word in raw] == []


def test_nothing_unsealed_is_ever_written_while_a_copy_is_made(laptop: Laptop) -> None:
    """Looked at from within: after each system call that could have put a byte there."""
    plain = f"Naam leerling: {NAME}\nGeboortedatum: 3-4-2015\nzwaluwnest\n".encode()
    path = laptop.write("groepslijst-geheim.txt", plain)
    seen: list[bytes] = []
    laptop.shelf._vault._checkpoint = lambda place: seen.append(laptop.raw())
    laptop.say(path, "clean", text="zomaar verzonnen")
    assert len(seen) >= 8
    assert not [word for word in WORDS for raw in seen if word in raw]


def test_the_original_stays_as_it_was(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    before = path.stat()
    laptop.say(path, "clean")
    after = path.stat()
    assert path.read_bytes() == PUPIL
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )


def test_who_agrees_with_the_agent_disputes_nothing(laptop: Laptop) -> None:
    assert laptop.refused(laptop.write("a.docx", PUPIL), "pupil") == "agreed"
    assert laptop.refused(laptop.write("b.docx", CLEAN), "clean") == "agreed"


# --- whose file, and which ------------------------------------------------------------------------


def test_what_lies_outside_the_roots_is_refused(laptop: Laptop) -> None:
    outside = laptop.top / "x.docx"
    outside.write_bytes(PUPIL)
    assert laptop.refused(outside) == "outside"
    inside = laptop.write("a.docx", PUPIL)
    for path in (f"{laptop.top}/home/../x.docx", "a.docx", f"{laptop.top}/home", "/", "//"):
        assert laptop.refused(path, shown=inside) == "outside", path


def test_another_file_than_was_shown_is_refused(laptop: Laptop) -> None:
    """A person shows what they may read and names what they may not."""
    own, secret = laptop.write("own.docx", PUPIL), laptop.write("secret.docx", PUPIL)
    assert laptop.refused(secret, shown=own) == "no-file"


def test_a_mere_handle_is_no_right_to_read(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    assert laptop.refused(path, flags=os.O_PATH) == "no-file"
    assert laptop.refused(path, flags=os.O_WRONLY) == "no-file"
    with pytest.raises(ControlError, match="handed over open"):
        control.ask(laptop.socket, "dispute", file=str(path), says="clean")


def test_no_link_is_followed_last_or_on_the_way(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    home = laptop.top / "home"
    (home / "link").symlink_to(path)
    (home / "folder").symlink_to(home)
    assert laptop.refused(home / "link") == "no-file"
    assert laptop.refused(home / "folder/a.docx") == "no-file"


def test_what_is_no_plain_file_is_refused(laptop: Laptop) -> None:
    home = laptop.top / "home"
    (home / "folder").mkdir()
    os.mkfifo(home / "pipe")
    assert laptop.refused(home / "folder") == "no-file"
    assert laptop.refused(home / "pipe", flags=os.O_RDWR) == "no-file"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"says": "perhaps"}, "says"),
        ({"says": None}, "says"),
        ({"says": ["clean"]}, "says"),
        ({"text": "x" * 4001}, "text"),
        ({"text": 3}, "text"),
        ({"file": "x" * 5000}, "file"),
        ({"file": "a\0b"}, "file"),
        ({"file": None}, "file"),
    ],
)
def test_a_garbled_dispute_is_refused(laptop: Laptop, changes: Any, code: str) -> None:
    given = {"file": "/x", "says": "clean"} | changes
    with pytest.raises(ControlError) as caught:
        control.ask(laptop.socket, "dispute", **given)
    assert caught.value.code == code


def held_open(path: Path) -> int:
    """How many descriptors of this process are of a file."""
    links = []
    for one in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"/proc/self/fd/{one}"))
    return links.count(str(path))


def test_files_that_come_with_a_question_are_closed_again(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    laptop.refused(path, "pupil")
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as connection, path.open() as file:
            connection.connect(str(laptop.socket))
            many = [file.fileno()] * 20
            for piece in (b'{"verb": "dispute", ', b'"arguments": {}}', b"\n"):
                socket.send_fds(connection, [piece], many)
            assert b"says" in connection.recv(65_536)
            assert connection.recv(10) == b""
    assert wait_until(lambda: held_open(path) == 0, 10)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_somebody_else_disputes_what_they_may_read_and_no_more(laptop: Laptop) -> None:
    let_in(laptop.top)
    open_to_all, closed = laptop.write("a.docx", PUPIL), laptop.write("b.docx", PUPIL)
    closed.chmod(0o600)

    def as_nobody(path: Path) -> "subprocess.CompletedProcess[str]":
        words = ["dispute", "report", str(path), "--says", "clean", "--socket", str(laptop.socket)]
        command = [sys.executable, "-c", AS_NOBODY, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    said = as_nobody(open_to_all)
    assert (said.returncode, said.stdout[:9]) == (0, "Thank you"), said.stderr
    said = as_nobody(closed)
    assert said.returncode == 1 and "you cannot open" in said.stderr
    assert len(laptop.events()) == 1


# --- what has an end ------------------------------------------------------------------------------


def test_without_a_proven_recipient_nothing_is_kept(make: Callable[..., Laptop]) -> None:
    laptop = make(proven=False)
    path = laptop.write("a.docx", PUPIL)
    with pytest.raises(ControlError, match="nobody is named yet who could open"):
        laptop.say(path, "clean")
    assert laptop.refused(path) == "not-kept"
    assert laptop.kept() == []


def test_a_large_file_is_not_kept(laptop: Laptop) -> None:
    path = laptop.write("a.txt", b"")
    os.truncate(path, LARGEST + 1)
    assert laptop.refused(path, "pupil") == "not-kept"


def test_the_shelf_is_full_some_day(laptop: Laptop) -> None:
    said = laptop.say(laptop.write("a.docx", PUPIL), "clean")
    folder = laptop.state / FOLDER
    for number in range(MOST - 1):
        for part in ("json", "age", "meta.age", "words"):
            data = (folder / f"{said['copy']}.{part}").read_bytes()
            (folder / f"{number}.{part}").write_bytes(data)
    assert laptop.refused(laptop.write("b.docx", PUPIL)) == "not-kept"
    with pytest.raises(ShelfError, match="too much is kept"):
        laptop.shelf.room_for(1)


def test_ten_an_hour_are_enough(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    for _ in range(disputes.PER_HOUR):
        assert laptop.disputes.recent.spend(os.geteuid(), laptop.clock[0])
    assert laptop.refused(path) == "too-many"
    laptop.clock[0] += timedelta(minutes=61)
    assert laptop.say(path, "clean")["copy"]


def test_without_room_for_the_event_the_copy_goes_too(laptop: Laptop) -> None:
    laptop.disputes.record = lambda observation: None
    assert laptop.refused(laptop.write("a.docx", PUPIL)) == "full"
    assert laptop.kept() == []


def test_a_file_that_changes_meanwhile_is_not_kept(laptop: Laptop) -> None:
    path = laptop.write("a.docx", PUPIL)
    judge = laptop.disputes.judge

    def slow(descriptor: int) -> Any:
        verdict = judge(descriptor)
        path.write_bytes(CLEAN)
        return verdict

    laptop.disputes.judge = slow
    assert laptop.refused(path) == "not-kept"
    assert laptop.kept() == []


def test_a_copy_goes_when_its_days_are_over(laptop: Laptop) -> None:
    old = laptop.say(laptop.write("a.docx", PUPIL), "clean")["copy"]
    laptop.clock[0] += timedelta(days=20)
    young = laptop.say(laptop.write("b.docx", PUPIL), "clean")["copy"]
    (laptop.state / FOLDER / "cut-off.age").write_bytes(b"x")
    (laptop.state / FOLDER / "half.words.tmp").write_bytes(b"x")
    assert laptop.shelf.tidy() == 2
    assert {name.partition(".")[0] for name in laptop.kept()} == {old, young}
    laptop.clock[0] += timedelta(days=11)
    assert laptop.shelf.tidy() == 1
    assert laptop.kept() == [f"{young}.{part}" for part in ("age", "json", "meta.age", "words")]


@scans.needs_ocr
def test_a_scan_is_judged_as_it_was_when_it_was_found(laptop: Laptop) -> None:
    path = laptop.write("scan.png", scans.saved(scans.page(scans.DUTCH)))
    with path.open("rb") as file:
        said = control.ask(
            laptop.socket,
            "dispute",
            timeout=120,
            descriptor=file.fileno(),
            file=str(path),
            says="clean",
        )
    assert said["said"] == "pupil"
    with path.open("rb") as file:
        verdict = run._judge(NONE, False, file.fileno())
    assert verdict.reason is Reason.NEEDS_OCR


# --- a file that was sealed -----------------------------------------------------------------------


def test_a_sealed_file_is_disputed_by_its_number(laptop: Laptop) -> None:
    number = "0f2a4c6e-1111-4222-8333-444455556666"
    path = laptop.write("groepslijst-geheim.docx", PUPIL)
    with path.open("rb") as file:
        about = attributes.read(file.fileno(), str(path), digest(file.fileno()))
        keys = age.proven_keys(recipients(laptop.identity), at_least=1)
        vault.Vault(laptop.state / "vault").seal(number, file.fileno(), about, keys)
    path.unlink()
    event = wire.Event(
        id=number,
        kind="pupil-file-found",
        observed_at=utc_now(),
        recorded_at=utc_now(),
        facts={"class": "care", "evidence": ["cpr"], "format": "docx", "detector": 2},
    )
    laptop.daemon.messages.tell(event)
    said = control.ask(laptop.socket, "dispute", timeout=60, file=number, says="clean")
    assert laptop.opened(said["copy"]) == PUPIL
    assert vault.record(laptop.state / FOLDER, said["copy"]).state == vault.State.SEALED
    (told,) = laptop.events()
    facts = {name: told.facts[name] for name in ("said", "class", "evidence", "detector")}
    assert facts == {"said": "pupil", "class": "care", "evidence": ["cpr"], "detector": 2}
    for other, says in ((number[:-1] + "7", "clean"), (number, "pupil")):
        with pytest.raises(ControlError):
            control.ask(laptop.socket, "dispute", file=other, says=says)
    laptop.daemon.messages.clear()
    laptop.daemon.messages.tell(msgspec.structs.replace(event, kind="password-list-found"))
    with pytest.raises(ControlError, match="not sealed as a pupil file"):
        control.ask(laptop.socket, "dispute", file=number, says="clean")
    assert len(laptop.events()) == 1


# --- the way to the officer, and the test of the rules --------------------------------------------


def command(laptop: Laptop, *words: object) -> int:
    places = ("--config", laptop.top / "none", "--state", laptop.state, "--socket", laptop.socket)
    return main(["dispute", *map(str, words), *map(str, places)])


def test_from_the_report_to_the_test_of_the_rules(laptop: Laptop, capsys) -> None:
    path = laptop.write("groepslijst-geheim.docx", PUPIL)
    assert command(laptop, "report", path, "--says", "pupil") == 1
    assert "says 'pupil' of it too; nothing was kept" in capsys.readouterr().err
    assert command(laptop, "report", path, "--says", "clean") == 0
    said = capsys.readouterr().out
    assert "Your number is DW-" in said and "you say 'clean'" in said
    assert command(laptop, "list") == 0
    assert laptop.kept()[0].partition(".")[0] in capsys.readouterr().out
    out = laptop.top / "out"
    assert command(laptop, "export", out) == 0
    assert [word for word in WORDS for one in out.iterdir() if word in one.read_bytes()] == []
    assert command(laptop, "export", out) == 2
    assert command(laptop, "test", out, "--identity", laptop.keyfile) == 1
    capsys.readouterr()


OWN = """\
name = "example-school"
version = 1
[collectors.pupil_files]
pupil_number = ["LL-99999"]
pupil_number_words = ["kindnummer"]
[collectors.pupil_files.terms.care]
"zwaluwnest" = 4
"""


def test_a_change_of_the_rules_can_be_tried_on_every_dispute(laptop: Laptop, capsys) -> None:
    missed = documents.word(["Betreft kindnummer LL-00412", "zwaluwnest"])
    command(laptop, "report", laptop.write("a.docx", missed), "--says", "pupil")
    command(laptop, "export", laptop.top / "out")
    (laptop.top / "policy.toml").write_text(OWN)
    words = ("test", laptop.top / "out", "--identity", laptop.keyfile)
    capsys.readouterr()
    assert command(laptop, *words) == 1
    assert f"0 of 1 as wanted, by version {DETECTOR}" in capsys.readouterr().out
    assert command(laptop, *words, "--policy", laptop.top / "policy.toml") == 0
    said = capsys.readouterr().out
    assert said.startswith("right") and "1 of 1 as wanted" in said
    assert command(laptop, *words, "--policy", laptop.top / "policy.toml", "--jsonl") == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["right"], line["wanted"], line["now"]) == (True, "pupil", "pupil")
    assert not [word for word in WORDS if word.decode() in json.dumps(line)]


def test_a_copy_that_does_not_open_is_not_right(laptop: Laptop, capsys) -> None:
    command(laptop, "report", laptop.write("a.docx", PUPIL), "--says", "clean")
    out = laptop.top / "out"
    command(laptop, "export", out)
    other = laptop.top / "other.agekey"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    capsys.readouterr()
    assert command(laptop, "test", out, "--identity", other) == 1
    assert "not sealed to this key" in capsys.readouterr().out
    (sealed,) = (one for one in out.glob("*.age") if "meta" not in one.name)
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    assert command(laptop, "test", out, "--identity", laptop.keyfile) == 1
    assert "damaged" in capsys.readouterr().out
    for words in out.glob("*.words"):
        words.write_text('{"said": "perhaps"}')
    assert command(laptop, "test", out, "--identity", laptop.keyfile, "--jsonl") == 1
    assert json.loads(capsys.readouterr().out)["fault"] == "what was said of it is damaged"


def test_usage_is_told_with_2(laptop: Laptop, capsys) -> None:
    assert command(laptop, "test", laptop.top / "no", "--identity", laptop.keyfile) == 2
    assert command(laptop, "test", laptop.top, "--identity", laptop.top / "no") == 2
    assert command(laptop, "report", laptop.top / "home/no.docx", "--says", "clean") == 2
    assert command(laptop, "report") == 2
    capsys.readouterr()
    assert command(laptop, "list") == 0
    assert "no disputed file is kept here" in capsys.readouterr().out


def test_what_was_put_away_lately_is_chosen_by_its_moment(laptop: Laptop) -> None:
    """On a terminal, as the icon starts it; the form names nothing but the moment."""
    number = "0f2a4c6e-1111-4222-8333-444455556666"
    done = wire.OutcomePart(result="done", reason="none")
    decided = wire.DecisionPart(action="seal-file", rule="r", enforced=True)
    event = {"id": number, "kind": "pupil-file-found", "decision": decided, "outcome": done}
    laptop.daemon.messages.tell(
        wire.Event(observed_at=utc_now(), recorded_at=utc_now(), **event)  # type: ignore[arg-type]
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "agent", "dispute", "report", "--socket", str(laptop.socket)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT) as form:
        os.close(theirs)
        os.write(ours, b"1\nclean\n")
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert b"1  what was put away at 20" in shown
    assert b"nothing is sealed under this number" in shown
    assert form.returncode == 1


def test_a_damaged_copy_shows_in_the_list(laptop: Laptop, capsys) -> None:
    said = laptop.say(laptop.write("a.docx", PUPIL), "clean")
    (laptop.state / FOLDER / f"{said['copy']}.words").unlink()
    assert command(laptop, "list", "--json") == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["state"] == "damaged"


def test_the_moment_is_in_utc(laptop: Laptop) -> None:
    said = laptop.say(laptop.write("a.docx", PUPIL), "clean")
    moment = vault.record(laptop.state / FOLDER, said["copy"]).sealed_at
    assert datetime.fromisoformat(moment).tzinfo == UTC

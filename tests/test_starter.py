"""The starter: what it starts, for whom, and that nothing outlives whoever asked."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from collectors import starting_linux
from collectors.fresh_linux import PERSON
from collectors.media.probe import probe
from collectors.media.verdict import VolumeKind
from collectors.recognise.recogniser import Recogniser, WorkerError
from enforcement.lock_person_linux import Person
from tests.media_images import plain
from tests.vm.laptop.media import tool

PUPILS = "Naam;Geboortedatum;BSN\nFemke Visser;12-03-2014;111222333\nJan Bos;01-02-2013;123456782\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a starter will listen, as its unit tells the agent."""
    path = tmp_path / "starter.sock"
    monkeypatch.setenv(starting_linux.STARTER, str(path))
    return path


@pytest.fixture
def starter(place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A starter of its own, given its socket as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(place))
        listener.listen()
        code = (
            "import os, sys\n"
            f"os.dup2({listener.fileno()}, 3)\n"
            "os.execv(sys.executable, [sys.executable, '-m', 'agent.starter_linux'])"
        )
        child = subprocess.Popen([sys.executable, "-c", code], pass_fds=(listener.fileno(), 3))
    yield child
    child.kill()
    child.communicate(timeout=10)


def asks(place: Path, told: object) -> tuple[socket.socket, dict[str, object]]:
    """The connection, and what a starter answers."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.settimeout(30)
    link.connect(str(place))
    link.send(json.dumps(told).encode())
    return link, json.loads(link.recv(4096))


def ended(pid: int) -> bool:
    """Whether a process is gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.usefixtures("starter")
def test_a_worker_of_the_starter_judges(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(PUPILS)
    recogniser = Recogniser()
    with (tmp_path / "list.csv").open("rb") as file, contextlib.closing(recogniser):
        assert recogniser.judge(file.fileno(), date(2026, 11, 1)).verdict == "pupil"
        child = recogniser._child
        assert child is not None
        assert isinstance(child.process, starting_linux.Started)
        assert recogniser.layers is not None
        assert recogniser.layers.uid_dropped is (os.geteuid() == 0)
    assert ended(child.process.pid)
    assert child.process.returncode == 0
    assert child.peak > 1 << 20


@pytest.mark.usefixtures("starter")
def test_a_worker_that_is_killed_is_told_of_as_such(tmp_path: Path) -> None:
    child = starting_linux.start("collectors.media.probe", ["{}"], stdin=hanging(tmp_path))
    child.kill()
    assert child.wait(30) == -signal.SIGKILL
    assert child.poll() == -signal.SIGKILL
    assert ended(child.pid)


def hanging(folder: Path) -> int:
    """A descriptor on a pipe that nobody writes to, which is no disk."""
    os.mkfifo(folder / "pipe")
    return os.open(folder / "pipe", os.O_RDWR)


@pytest.mark.usefixtures("starter")
def test_the_probe_reads_a_disk_through_the_starter(tmp_path: Path) -> None:
    disk = tmp_path / "stick"
    plain(tool, disk, VolumeKind.VFAT)
    with disk.open("rb") as file:
        (volume,) = probe(file.fileno())
    assert volume.kind is VolumeKind.VFAT


def test_a_child_ends_when_whoever_asked_is_gone(
    starter: "subprocess.Popen[bytes]", place: Path
) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        words = ["nobody", "60", "0"]
        child = starting_linux.start("collectors.recognise.worker", words, passed=theirs.fileno())
        assert isinstance(child, starting_linux.Started)
        assert not ended(child.pid)
        child.link.close()
        ours.settimeout(30)
        theirs.close()
        while ours.recv(4096):  # the greeting, if it came so far, and the end
            pass
    link, told = asks(place, {"module": "os", "words": [], "given": []})  # it goes on
    link.close()
    assert "why" in told
    assert starter.poll() is None


@pytest.mark.parametrize(
    "asked",
    [
        {"module": "os", "words": [], "given": []},
        {"module": "agent.cli", "words": ["run"], "given": []},
        {"module": "collectors.recognise.worker; true", "words": [], "given": []},
        {"module": PERSON, "words": ["0", "1"], "given": []},
        {"module": PERSON, "words": ["4000000000", "1"], "given": []},
        {"module": PERSON, "words": ["x", "1"], "given": []},
        {"module": PERSON, "words": ["1"], "given": []},
        {"module": PERSON, "words": ["1", "-c"], "given": []},
        {"module": PERSON, "words": ["1", "1"], "given": []},
        {"module": "collectors.media.probe", "words": [1], "given": []},
        {"module": "collectors.media.probe", "words": ["x"] * 9, "given": []},
        {"module": "collectors.media.probe", "words": [], "given": ["stdin"]},
        {"module": ["collectors.media.probe"], "words": [], "given": []},
        {"words": []},
        [],
        "worker",
        None,
    ],
)
@pytest.mark.usefixtures("starter")
def test_nothing_else_is_started(place: Path, asked: object) -> None:
    link, told = asks(place, asked)
    with link:
        assert told.keys() == {"why"}
        assert link.recv(10) == b""


@pytest.mark.root
@pytest.mark.usefixtures("starter")
def test_nobody_but_root_is_heard(place: Path) -> None:
    place.chmod(0o777)
    for folder in (*place.parents,):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    code = (
        "import socket, sys\n"
        "link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
        "link.settimeout(20)\n"
        "link.connect(sys.argv[1])\n"
        "try:\n"
        "    link.send(b'{}')\n"
        "    print(link.recv(100))\n"
        "except OSError:\n"
        "    print(b'')\n"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code, place],
        user=65534, group=65534, extra_groups=(), capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == b"b''\n"


@pytest.mark.root
@pytest.mark.usefixtures("starter")
def test_a_person_of_the_starter_answers_known_words() -> None:
    child = starting_linux.person(65534, "1")
    if child is None:
        pytest.skip("needs an interpreter that everybody may read")
    who = Person(child)
    told = Path(f"/proc/{child.pid}/status").read_text()
    assert "Uid:\t65534\t65534\t65534\t65534" in told
    assert who.idle() is None
    who.end()
    assert ended(child.pid)


@pytest.mark.usefixtures("place")
def test_without_a_starter_there_is_no_worker_and_no_person() -> None:
    with (
        contextlib.closing(Recogniser()) as recogniser,
        open("/etc/hostname", "rb") as file,
        pytest.raises(WorkerError),
    ):
        recogniser.judge(file.fileno(), date(2026, 11, 1))
    assert starting_linux.person(os.getuid() or 1, "1") is None


def test_a_starter_that_dies_takes_its_children_along(starter: "subprocess.Popen[bytes]") -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            words = ["nobody", "60", "0"]
            child = starting_linux.start(
                "collectors.recognise.worker", words, passed=theirs.fileno()
            )
        ours.settimeout(60)
        assert ours.recv(4096)
        starter.kill()
        assert ours.recv(4096) == b""
        assert child.wait(30) == -signal.SIGKILL

"""The worker and its driver: real processes, real descriptors, and workers that misbehave."""

import bz2
import gzip
import lzma
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import date
from pathlib import Path

import psutil
import pytest

from collectors.recognise.crew import Crew
from collectors.recognise.judge import judge
from collectors.recognise.recogniser import Recogniser, WorkerError
from collectors.recognise.spawn import Child, spawn
from collectors.recognise.spawn_linux import own_peak
from collectors.recognise.verdict import Judgement, Reason
from collectors.recognise.worker import open_descriptor
from tests import compound, documents, xlsb

TODAY = date(2026, 11, 1)
CASES = {
    "docx": documents.word(documents.LETTER),
    "xlsx": documents.excel((documents.HEADS, *documents.ROWS)),
    "pdf": documents.pdf(documents.LETTER),
    "pdf form": documents.pdf_form([line.split(": ") for line in documents.LETTER[1:]]),
    "odt": documents.writer(documents.LETTER),
    "zip": documents.packed([("é.csv", documents.roster())]),
    "utf16": documents.roster().encode("utf-16"),
    "cp1252": documents.roster().replace("Sanne", "Zoë").encode("cp1252"),
    "mail": documents.mail("x", [("a", documents.roster().encode("utf-16"))]),
    "doc": compound.doc([("\r".join(documents.LETTER), True)]),
    "xls": compound.xls((documents.HEADS, *documents.ROWS), "x"),
    "xlsb": xlsb.xlsb((documents.HEADS, *documents.ROWS)),
    "ppt": compound.ppt(["\r".join(documents.LETTER)]),
    "msg": compound.msg("x", "y", [documents.roster().encode("cp850")]),
    "mac": documents.roster().replace("Sanne", "Zoë").encode("mac-roman"),
    "7z": (Path(__file__).parent / "data/7z/list.7z").read_bytes(),
    "tar.gz": gzip.compress(documents.tar([("a", documents.roster().encode())])),
    "tar.xz": lzma.compress(documents.tar([("a", documents.roster().encode())])),
    "bz2": bz2.compress(documents.roster().encode()),
    "sqlite": documents.database((documents.HEADS, *documents.ROWS)),
    "ics": b"BEGIN:VCALENDAR\nDESCRIPTION:%b\n" % "\\n".join(documents.LETTER).encode(),
    "mbox": b"From x\n" + documents.mail("\n".join(documents.LETTER)),
    "policy": documents.word([documents.POLICY]),
    "broken": documents.word(documents.LETTER)[:800],
    "nothing": b"",
}


@pytest.fixture
def recogniser():
    made = Recogniser()
    yield made
    made.close()


def opened(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return os.open(path, os.O_RDONLY)


def look(recogniser, path, content):
    descriptor = opened(path, content)
    try:
        return recogniser.judge(descriptor, TODAY)
    finally:
        os.close(descriptor)


def pid(recogniser) -> int:
    return recogniser._child.process.pid


def gone(number: int, within: float = 10.0) -> bool:
    """Whether a process ends in good time; one that nobody has waited for yet has ended too."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_in_the_sandbox_every_format_gets_the_verdict_it_gets_outside(recogniser, tmp_path):
    for name, content in CASES.items():
        inside = look(recogniser, tmp_path / name, content)
        with open_descriptor(os.open(tmp_path / name, os.O_RDONLY)) as file:
            assert inside == judge(file, TODAY), name


def test_a_worker_says_which_layers_hold_it(recogniser, tmp_path):
    assert recogniser.layers is None
    look(recogniser, tmp_path / "a", b"x")
    assert recogniser.layers.seccomp
    assert recogniser.layers.uid_dropped == (os.geteuid() == 0)


def test_one_worker_serves_many_files_and_is_replaced(tmp_path):
    recogniser = Recogniser(documents=3)
    seen = []
    for _ in range(7):
        look(recogniser, tmp_path / "a", b"x")
        seen.append(pid(recogniser))
    assert len(set(seen)) == 3
    assert all(gone(number) for number in set(seen[:6]))
    recogniser.close()
    assert gone(seen[-1])


def test_a_worker_ends_when_idle_and_the_next_file_starts_another(tmp_path):
    recogniser = Recogniser(idle=0.3)
    look(recogniser, tmp_path / "a", b"x")
    first = pid(recogniser)
    assert gone(first)
    assert look(recogniser, tmp_path / "a", CASES["docx"]).verdict is Judgement.PUPIL
    assert pid(recogniser) != first
    recogniser.close()


def test_a_worker_that_was_killed_between_two_files_costs_no_file(recogniser, tmp_path):
    look(recogniser, tmp_path / "a", b"x")
    os.kill(pid(recogniser), signal.SIGKILL)
    assert gone(pid(recogniser))
    assert look(recogniser, tmp_path / "a", CASES["docx"]).verdict is Judgement.PUPIL


def test_the_descriptor_stays_open_and_is_read_from_its_beginning(recogniser, tmp_path):
    descriptor = opened(tmp_path / "a", CASES["docx"])
    os.lseek(descriptor, 100, os.SEEK_SET)
    assert recogniser.judge(descriptor, TODAY).verdict is Judgement.PUPIL
    assert os.fstat(descriptor).st_size == len(CASES["docx"])
    os.close(descriptor)


def test_a_file_beyond_the_largest_size_is_a_limit(recogniser, tmp_path):
    descriptor = opened(tmp_path / "a", CASES["docx"])
    assert recogniser.judge(descriptor, TODAY, 100).reason is Reason.LIMIT
    os.close(descriptor)


FAKE = """
    import json, os, signal, socket, sys, time
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.send(json.dumps({"landlock": 0, "seccomp": True, "uid_dropped": False}).encode())
    while True:
        packet, fds, _, _ = socket.recv_fds(channel, 4096, 1)
        if not packet:
            break
        %s
"""


def acting(behaviour: str, tally: Path | None = None):
    """A starter of workers that greet properly and then do what they should not."""

    def start(user: str, idle: float) -> Child:
        import socket

        if tally is not None:
            tally.write_text(tally.read_text() + "x" if tally.exists() else "x")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = textwrap.dedent(FAKE) % behaviour
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        return Child(process, ours)

    return start


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("while True: time.sleep(9)", Reason.LIMIT),
        ("channel.send(b'garbage')", Reason.WORKER_FAULT),
        ("channel.send(b'x' * 100_000)", Reason.WORKER_FAULT),
        ("channel.send(b'{\"verdict\": \"pupil\", \"path\": \"/etc\"}')", Reason.WORKER_FAULT),
        ("os.kill(os.getpid(), signal.SIGKILL)", Reason.WORKER_FAULT),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Reason.WORKER_FAULT),
        ("os.kill(os.getpid(), signal.SIGPROF)", Reason.LIMIT),
        ("b'x' * MEMORY; os.kill(os.getpid(), signal.SIGSEGV)", Reason.LIMIT),
        ("os._exit(0)", Reason.WORKER_FAULT),
        ("os._exit(3)", Reason.WORKER_FAULT),
    ],
)  # fmt: skip
def test_a_worker_that_misbehaves_costs_one_verdict_and_its_life(behaviour, reason, tmp_path):
    tally = tmp_path / "started"
    # What this process holds counts with what its workers held.
    behaviour = behaviour.replace("MEMORY", str(own_peak() + (300 << 20)))
    recogniser = Recogniser(wall=0.5, start=acting(behaviour, tally))
    verdict = look(recogniser, tmp_path / "a", CASES["docx"])
    assert (verdict.verdict, verdict.reason) == (Judgement.UNREADABLE, reason)
    assert recogniser._child is None
    assert len(tally.read_text()) <= 2


def test_descriptors_that_a_worker_sends_back_are_not_taken(tmp_path):
    own = len(os.listdir("/proc/self/fd"))
    behaviour = "socket.send_fds(channel, [b'{}'], [0, 0, 0])"
    recogniser = Recogniser(start=acting(behaviour))
    assert look(recogniser, tmp_path / "a", b"x").reason is Reason.WORKER_FAULT
    recogniser.close()
    assert len(os.listdir("/proc/self/fd")) == own


def test_a_worker_that_cannot_start_is_an_error_that_says_so(tmp_path):
    def start(user, idle):
        raise OSError("no more processes")

    with pytest.raises(WorkerError, match="no more processes"):
        look(Recogniser(start=start), tmp_path / "a", b"x")


def test_an_endless_loop_in_a_worker_is_ended_by_its_own_clock():
    code = "from collectors.recognise import sandbox\nsandbox.limit_cpu(0.2)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == -signal.SIGPROF


def test_no_worker_outlives_an_agent_that_is_killed(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    code = textwrap.dedent(f"""
        import os, time
        from datetime import date
        from collectors.recognise.recogniser import Recogniser
        recogniser = Recogniser()
        recogniser.judge(os.open({str(tmp_path / "a")!r}, os.O_RDONLY), date(2026, 11, 1))
        print(recogniser._child.process.pid, flush=True)
        time.sleep(600)
    """)
    agent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    worker = int(agent.stdout.readline())
    assert psutil.pid_exists(worker)
    agent.kill()
    agent.wait()
    agent.stdout.close()
    assert gone(worker)


def test_several_workers_keep_the_order_and_close_every_descriptor(tmp_path):
    own = len(os.listdir("/proc/self/fd"))
    crew = Crew(2)
    names = list(CASES) * 3
    files = ((name, opened(tmp_path / name, CASES[name])) for name in names)
    judged = list(crew.judge(files, TODAY))
    crew.close()
    assert [name for name, _ in judged] == names
    assert {n for n, v in judged if v.verdict is Judgement.PUPIL} == set(CASES) - {
        "policy", "broken", "nothing",
    }  # fmt: skip
    assert len(os.listdir("/proc/self/fd")) == own


def test_a_crew_that_is_left_half_way_closes_what_it_was_given(tmp_path):
    own = len(os.listdir("/proc/self/fd"))
    crew = Crew(1)
    files = ((n, opened(tmp_path / "a", b"x")) for n in range(50))
    verdicts = crew.judge(files, TODAY)
    next(verdicts)
    verdicts.close()
    files.close()
    crew.close()
    assert len(os.listdir("/proc/self/fd")) == own


@pytest.mark.root
def test_a_worker_of_root_has_another_account_and_no_capability(recogniser, tmp_path):
    look(recogniser, tmp_path / "a", b"x")
    process = psutil.Process(pid(recogniser))
    assert 0 not in process.uids()
    status = Path(f"/proc/{process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert fields["Groups"].strip() == ""


def test_a_worker_inherits_nothing_but_its_socket(tmp_path):
    secret = os.open(tmp_path / "secret", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(secret, True)
    child = spawn("nobody", 30)
    child.socket.recv(4096)
    # The worker is not dumpable: only root may still look at its descriptors.
    if os.geteuid() == 0:
        links = [
            os.readlink(f"/proc/{child.process.pid}/fd/{n}")
            for n in os.listdir(f"/proc/{child.process.pid}/fd")
        ]
        assert sum(link.startswith("socket:") for link in links) == 1
        assert all(link.startswith("socket:") or link == "/dev/null" for link in links)
    environment = psutil.Process(child.process.pid).environ() if os.geteuid() == 0 else {}
    assert set(environment) <= {"LANG", "PATH", "LC_CTYPE"}
    child.end()
    os.close(secret)

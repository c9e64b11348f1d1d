"""What a staff member without root's rights tries against the agent on their own laptop.

The agent is the real one, with sender and worker, as root; the person is another account, and
their programs hold no code of ours. After each attack the agent still finds what it has to find.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import control
from agent.demo import stage
from tests.documents import roster
from tests.staff_laptop import StaffLaptop, as_staff, meanwhile, staff_laptop

pytestmark = [pytest.mark.slow, pytest.mark.root]
ATTACKS = (Path(__file__).parent / "attacks_on_processes.py").read_text("utf-8")
_CLOSE = """
import os, sys
for folder, folders, files in list(os.walk(sys.argv[1], topdown=False)):
    for name in files:
        os.chmod(os.path.join(folder, name), 0)
    os.chmod(folder, 0)
"""
_OPEN = """
import os, sys
os.chmod(sys.argv[1], 0o700)
for folder, folders, files in os.walk(sys.argv[1]):
    for name in folders:
        os.chmod(os.path.join(folder, name), 0o700)
"""
_ODD = """
import os, socket, sys
os.chdir(sys.argv[1])
os.mkdir("odd")
os.chdir("odd")
os.mkfifo("list.csv")
sock = socket.socket(socket.AF_UNIX)
sock.bind("report.docx")
with open("huge.xlsx", "wb") as file:
    file.truncate(1 << 40)
os.symlink("/dev/zero", "endless.csv")
os.symlink("/proc/self/mem", "memory.pdf")
os.symlink("again.odt", "again.odt")
os.symlink("..", "up")
names = [b"\\xff" * 255, b"a\\nb\\x1b[2J.csv", "\\u202egpj.csv".encode(), b"-rf *"]
for name in [*names, b"%s%n$(id)"]:
    with open(name, "w") as file:
        file.write("nothing")
"""
_DEEP = """
import os, sys
os.chdir(sys.argv[1])
for _ in range(int(sys.argv[2])):
    name = sys.argv[2] + "d" * 248
    os.mkdir(name)
    os.chdir(name)
with open("list.csv", "w") as file:
    file.write(sys.stdin.read())
"""
_FLOOD = """
import os, sys
os.chdir(sys.argv[1])
os.makedirs("flood", exist_ok=True)
os.chdir("flood")
for number in range(int(sys.argv[2])):
    name = f"{number % 5000}.csv"
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600))
    os.unlink(name)
"""
_HOLD_LINES = """
import socket, sys
held = []
def call():
    line = socket.socket(socket.AF_UNIX)
    line.setblocking(False)
    try:
        line.connect(sys.argv[1])
        line.send(b'{"verb": "sta')
        held.append(line)
    except OSError:
        line.close()
for _ in range(200):
    call()
print("ready", flush=True)
while True:
    call()
    for line in held[:-400]:
        line.close()
    del held[:-400]
"""
_LEASE = """
import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
text = sys.stdin.read()
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
for _ in range(1000):
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        break
    except BlockingIOError:
        time.sleep(0.02)
else:
    sys.exit("there was always somebody who had the file open")
os.write(file, text.encode())
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def laptop() -> Iterator[StaffLaptop]:
    with tempfile.TemporaryDirectory() as top, staff_laptop(Path(top)) as made:
        yield made


def test_no_process_of_the_agent_can_be_stopped_starved_or_read(laptop: StaffLaptop) -> None:
    laptop.plant("worker.csv")
    worker = "collectors.recognise.worker"
    assert stage.wait_until(lambda: worker in laptop.processes(), 60)
    before = laptop.processes()
    assert {"agent", "agent.sender", worker} <= set(before)
    said = as_staff(ATTACKS, *map(str, before.values()))
    for name, line in zip(before, said.splitlines(), strict=True):
        assert [attack for attack, no in json.loads(line).items() if no is None] == [], name
    assert laptop.processes().items() >= before.items()
    assert laptop.finds(1)


def test_a_closed_home_is_looked_through_all_the_same(laptop: StaffLaptop) -> None:
    before = laptop.found()
    laptop.plant("closed/inside/list.csv")
    as_staff(_CLOSE, str(laptop.home))
    assert laptop.finds(before + 1)
    as_staff(_OPEN, str(laptop.home))
    laptop.plant("closed-later/list.csv")
    as_staff(_CLOSE, str(laptop.home / "closed-later"))
    assert laptop.finds(before + 2)


def test_odd_things_in_the_home_stop_nothing(laptop: StaffLaptop) -> None:
    before = laptop.found()
    as_staff(_ODD, str(laptop.home))
    laptop.plant("odd/among-them.csv")
    assert laptop.finds(before + 1)
    assert all(laptop.chain.status()["collectors"].values())


@pytest.mark.parametrize("levels", [12, 40], ids=["within-a-path", "longer-than-a-path"])
def test_what_lies_very_deep_is_found_or_told_of(laptop: StaffLaptop, levels: int) -> None:
    before, gaps = laptop.found(), len(laptop.events("coverage-lost"))
    as_staff(_DEEP, str(laptop.home), str(levels), given=roster() + f"{levels};;;;;\r\n")
    laptop.plant(f"beside-{levels}.csv")
    assert laptop.finds(before + 1)
    assert stage.wait_until(
        lambda: laptop.found() >= before + 2 or len(laptop.events("coverage-lost")) > gaps, 60
    )


def test_a_flood_of_changes_hides_nothing(laptop: StaffLaptop) -> None:
    before = laptop.found()
    as_staff(_FLOOD, str(laptop.home), "50000")
    laptop.plant("flood/in-the-end.csv")
    as_staff(_FLOOD, str(laptop.home), "20000")
    assert laptop.finds(before + 1)
    assert all(laptop.chain.status()["collectors"].values())


def test_a_file_that_is_held_by_a_lease_waits_and_holds_nothing_up(laptop: StaffLaptop) -> None:
    before, text = laptop.found(), roster() + "leased;;;;;\r\n"
    with meanwhile(_LEASE, str(laptop.home / "held.csv"), given=text):
        laptop.plant("beside-the-lease.csv")
        assert laptop.finds(before + 1)
    assert laptop.finds(before + 2)


def test_lines_that_are_held_open_and_dialled_anew_keep_out_nobody(laptop: StaffLaptop) -> None:
    with meanwhile(_HOLD_LINES, str(laptop.chain.socket)):
        for _ in range(20):
            assert control.ask(laptop.chain.socket, "status", timeout=60)["collectors"]

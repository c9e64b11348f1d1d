"""The collector is killed again and again while a laptop sends: nothing is lost, nothing doubled.

The worst moment lies between COMMIT and the reply: the events are on the disk, and the laptop does
not know. Every second kill falls exactly there: what stands between the two holds the answer back
until the database shows that the batch was committed. The other kills fall at random.
"""

import os
import random
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from agent import sender
from agent.identity import Enrolled
from agent.journal import Journal
from agent.outbox import Outbox
from agent.trouble import Trouble
from agent.wire import messages
from collectors.base import utc_now
from server_stub.storage.store import Store
from tests.collector_on_loopback import PROGRAM, ROOT, Laptop, Running
from tests.databases import Databases
from tests.test_journal import new_event

KILLS = 10
EVENTS_A_ROUND = 20
IDS = text("SELECT event_id FROM events ORDER BY seq")
HANDSHAKE = 3000
"""Bytes; what a caller sends before its request is less, and a batch of a round is more."""
SECONDS = 60.0


@dataclass
class Between:
    """Carries bytes between laptop and collector; the laptop's address for it never changes."""

    listening: socket.socket
    target: int = 0
    holds_back: bool = False
    open: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def cut(self) -> None:
        """End every connection, as a dead collector does."""
        for one in list(self.open):
            _hang_up(one)

    def _carry(self, caller: socket.socket) -> None:
        sent = [0]
        with caller:
            try:
                collector = socket.create_connection(("127.0.0.1", self.target), timeout=SECONDS)
            except OSError:
                return
            with collector:
                pair = {caller, collector}
                self.open |= pair
                back = threading.Thread(target=self._answers, args=(collector, caller, sent))
                back.start()
                while piece := _received(caller):
                    sent[0] += len(piece)
                    if not _passed_on(collector, piece):
                        break
                for one in pair:
                    _hang_up(one)
                back.join()
                self.open -= pair

    def _answers(self, collector: socket.socket, caller: socket.socket, sent: list[int]) -> None:
        while piece := _received(collector):
            if self.holds_back and sent[0] > HANDSHAKE:
                continue
            if not _passed_on(caller, piece):
                break
        _hang_up(caller)


@dataclass
class Collector:
    """A collector that can be killed and started again on the same state."""

    state: Path
    between: Between
    store: Store
    process: subprocess.Popen[str] | None = None

    @property
    def database(self) -> str:
        return self.store.engine.url.render_as_string(hide_password=False)

    def start(self) -> None:
        options = ["--state", str(self.state), "--listen", "127.0.0.1:0"]
        options += ["--public-url", self.between.url, "--database", self.database]
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on https://"), line
        self.between.target = int(line.strip().rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is finished."""
        assert self.process is not None and self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.between.cut()

    def ids(self) -> list[str]:
        """Every event it holds, as another process reads it."""
        with self.store.read() as connection:
            return [row[0] for row in connection.execute(IDS)]


@pytest.fixture
def collector(databases: Databases, tmp_path: Path) -> Iterator[Collector]:
    store = Store(databases.make())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Collector(state=tmp_path / "collector", between=Between(listening), store=store)
        thread = threading.Thread(target=made.between.run, daemon=True)
        thread.start()
        made.start()
        yield made
        made.kill()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)
    store.close()


@pytest.mark.slow
def test_ten_kills_of_the_collector_lose_nothing_and_double_nothing(
    collector: Collector, tmp_path: Path
) -> None:
    (tmp_path / "agent").mkdir()
    chance, journal = random.Random(os.urandom(8)), Journal(tmp_path / "agent")
    box = outbox(collector, journal)
    sent: list[str] = []
    unknown_to_the_laptop = 0
    for kill in range(KILLS):
        collector.between.holds_back = aimed = kill % 2 == 0
        events = [new_event() for _ in range(EVENTS_A_ROUND)]
        for event in events:
            journal.append(event)
        sent += [event.id for event in events]
        pause = None if aimed else chance.uniform(0, 0.15)
        with killing(collector, len(sent), pause):
            send_once(box)
        unknown_to_the_laptop += aimed and len(journal.pending().records) >= EVENTS_A_ROUND
        collector.start()
    collector.between.holds_back = False
    drain(box, journal)
    held = collector.ids()
    journal.close()
    assert held == sent
    assert len(set(held)) == len(held) == KILLS * EVENTS_A_ROUND
    assert unknown_to_the_laptop == KILLS / 2


def outbox(collector: Collector, journal: Journal) -> Outbox:
    """The agent's own outbox, of a laptop that has just enrolled."""
    pem = (
        (collector.state / "ca.pem")
        .read_text()
        .partition("PRIVATE KEY")[0]
        .rpartition("-----BEGIN")[0]
    )
    at = Running(
        state=collector.state, url=collector.between.url, log=[], database=collector.database
    )
    Path(at.ca).write_text(pem)
    laptop = Laptop(at)
    reply = laptop.enrol(at.token())
    key = msgspec.json.decode(reply.content, type=messages.EnrolReply).collector_key
    who = Enrolled(device=laptop.name, server=at.url, collector_key=key, owner="issued")
    boot = str(uuid.uuid4())
    return Outbox(journal, lambda: laptop.key, lambda: who, lambda: pem, boot_id=boot, now=utc_now)


def send_once(box: Outbox) -> Trouble:
    """What the sender's loop does in one turn, through its own functions."""
    request = box.request(wait=0.0)
    if not request:
        return Trouble.NONE
    answer = sender.post(
        request["ca"], request["uri"], request["headers"], request["body"].encode()
    )
    if "trouble" in answer:
        box.failed(answer["trouble"])
    else:
        box.reply(answer["status"], answer["headers"], answer["body"].encode())
    return box.trouble


@contextmanager
def killing(collector: Collector, number: int, pause: float | None) -> Iterator[None]:
    """Kill the collector meanwhile: after a pause, or once so many events are on its disk."""

    def kill() -> None:
        if pause is None:
            committed(collector, number)
        else:
            time.sleep(pause)
        collector.kill()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(kill)
        yield
        done.result(SECONDS)


def drain(box: Outbox, journal: Journal) -> None:
    end = time.monotonic() + SECONDS
    while journal.pending().records and time.monotonic() < end:
        assert send_once(box) is Trouble.NONE


def committed(collector: Collector, number: int) -> None:
    """Wait until so many events are on the collector's disk."""
    end = time.monotonic() + SECONDS
    while len(collector.ids()) != number and time.monotonic() < end:
        time.sleep(0.01)
    assert len(collector.ids()) == number


def _received(one: socket.socket) -> bytes:
    try:
        return one.recv(65_536)
    except OSError:
        return b""


def _passed_on(one: socket.socket, piece: bytes) -> bool:
    try:
        one.sendall(piece)
    except OSError:
        return False
    return True


def _hang_up(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)

"""Events in, durably: the collector against sqlite3 alone, in turns on the same disk.

Ours takes each batch over TLS, checks its signature, types and chain, stores it and answers after
COMMIT. The peer inserts the same rows into a table of the same shape, one transaction for each
batch, with WAL and synchronous=FULL, and does nothing else.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench._collector_laptops import laptops, rows_of
from bench._collector_load import elsewhere, in_lines, measured
from bench._collector_site import SERVER_CORE, URL, prepare, running

_INSERT = (
    "INSERT INTO events(device, seq, event_id, kind, observed_at, recorded_at, received_at, body,"
    " head) VALUES(?,?,?,?,?,?,?,?,?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How many events in how many seconds."""

    events: int
    wall: float
    cpu: float

    @property
    def a_second(self) -> float:
        return self.events / self.wall

    @property
    def micros(self) -> float:
        """CPU microseconds for one event."""
        return self.cpu / self.events * 1e6


def round_of(lines: int, batches: int, place: Path, batch: int = 50) -> tuple[Speed, Speed]:
    """The same bodies into the collector and into sqlite3 alone."""
    senders = laptops(lines)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        config = prepare(Path(folder).absolute() / "state", senders)
        empty = Path(folder) / "peer.db"
        shutil.copy(config.state / "collector.db", empty)
        bodies = [[one.batch(batch) for _ in range(batches)] for one in senders]
        signed = [
            [one.signed(body, URL) for body in own]
            for one, own in zip(senders, bodies, strict=True)
        ]
        with running(config) as site:
            before = site.cpu()
            heard = measured(lambda: in_lines(site.port, signed))
            cpu = site.cpu() - before
        events = lines * batches * batch
        if heard.count(200) != lines * batches or stored(config.state / "collector.db") != events:
            raise RuntimeError(f"not every batch was taken: {[*heard.seconds]}")
        mine = Speed(events=events, wall=heard.wall, cpu=cpu)
        in_turn = [own[number] for number in range(batches) for own in bodies]
        return mine, elsewhere(lambda: alone(empty, in_turn))


def alone(path: Path, bodies: Sequence[bytes]) -> Speed:
    """Seconds for sqlite3 to insert the rows, one commit for each batch."""
    os.sched_setaffinity(0, {SERVER_CORE})
    groups = rows_of(bodies)
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        database.execute(f"PRAGMA {pragma}")
    began, cpu = time.perf_counter(), time.process_time()
    for rows in groups:
        database.execute("BEGIN IMMEDIATE")
        database.executemany(_INSERT, rows)
        database.execute("COMMIT")
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    return Speed(events=sum(map(len, groups)), wall=wall, cpu=cpu)


def stored(path: Path) -> int:
    """How many events are on the disk, as another program counts them."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found: int = database.execute("SELECT count(*) FROM events").fetchone()[0]
    database.close()
    return found

"""``./dev bench journal``: durable events a second, against SQLite alone doing the same inserts.

Ours is ``Journal.append``: typing, hash chain, repeat check and room check around one committed
insert. The peer is the standard library's sqlite3 with the same durability (WAL, FULL) inserting
the same bytes into a table with the same columns. Both write to the same disk, in turn, so the
ratio holds when the machine's speed drifts. A ratio below 1 is the price of what ours adds; below
0.8 it is too dear, and this fails.
"""

import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from agent.journal import Journal
from agent.wire import event as wire

ROUNDS = 7
LEAST = 0.8
EVENTS = 400


def events() -> list[wire.Event]:
    """Events as a found pupil file makes them."""
    now = datetime.now(UTC)
    facts = {"class": "class-list", "persons-min": 28, "file": wire.digest_text(os.urandom(17))}
    return [
        wire.Event(
            id=str(uuid.uuid4()),
            kind="pupil-file-found",
            observed_at=now,
            recorded_at=now,
            facts=facts,
            sealed="A" * 600,
        )
        for _ in range(EVENTS)
    ]


def ours(folder: Path) -> float:
    """Seconds to append all events to a journal."""
    journal = Journal(folder)
    made = events()
    began = time.perf_counter()
    for event in made:
        journal.append(event, once=event.id)
    took = time.perf_counter() - began
    journal.close()
    return took


def peer(folder: Path) -> float:
    """Seconds to insert the same rows with sqlite3 alone."""
    database = sqlite3.connect(folder / "peer.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE e(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body BLOB)")
    made = [(event.id, wire.encode(event)) for event in events()]
    began = time.perf_counter()
    for row in made:
        database.execute("INSERT INTO e(id, body) VALUES(?,?)", row)
    took = time.perf_counter() - began
    database.close()
    return took


def main() -> int:
    """Measure in pairs, print and write the medians."""
    pairs = []
    for _ in range(ROUNDS):
        with (
            tempfile.TemporaryDirectory(dir=".") as one,
            tempfile.TemporaryDirectory(dir=".") as two,
        ):
            pairs.append((EVENTS / ours(Path(one)), EVENTS / peer(Path(two))))
    row = {
        "what": "durable events appended",
        "ours": round(statistics.median(a for a, _ in pairs), 1),
        "peer": round(statistics.median(b for _, b in pairs), 1),
        "peer_name": f"sqlite3 {sqlite3.sqlite_version} alone, WAL, synchronous=FULL",
        "unit": "events/s",
        "ratio": round(statistics.median(a / b for a, b in pairs), 3),
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    out = Path("build/bench/journal.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"rows": [row], "machine": machine}, indent=1), "utf-8")
    print(f"{row['what']}: {row['ours']} against {row['peer']} {row['unit']}, ratio {row['ratio']}")
    print(f"peer: {row['peer_name']}; {ROUNDS} pairs of {EVENTS}; {machine}")
    return 0 if statistics.median(a / b for a, b in pairs) >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())

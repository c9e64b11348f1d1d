"""``./dev bench collector``: events taken in, a rush of laptops, a rogue, and a long register.

The collector runs as it does for real, over TLS on loopback and on a core of its own; the load runs
on another, with requests that were signed before. Each ratio is ours through the peer's, measured
in turns on the same disk. Some peers are limits that were set beforehand, not programs: there the
ratio says how much of the limit was used.

CPU seconds are the steady figures: wall times also hold what else the machine was doing.
"""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import _collector_relp as relp
from bench._collector_ingest import round_of
from bench._collector_laptops import laptops
from bench._collector_register import seconds_for_page
from bench._collector_rush import ROGUE_RATE, beside_a_rogue, rush

Row = dict[str, Any]
LINES, BATCHES = 32, 20
SQLITE = f"sqlite3 {sqlite3.sqlite_version} alone, WAL, synchronous=FULL"
RSYSLOG = "rsyslog by RELP, disk queue, each message synced"
RUSH_LIMIT, ANSWER_LIMIT, ROGUE_LIMIT, PAGE_LIMIT = 10.0, 5.0, 1.0, 0.1
"""Seconds."""


def row(what: str, unit: str, peer: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """The medians, and the median of the ratios of each pair."""
    return {
        "what": what,
        "ours": round(statistics.median(mine for mine, _ in pairs), 3),
        "peer": round(statistics.median(other for _, other in pairs), 3),
        "peer_name": peer,
        "unit": unit,
        "ratio": round(statistics.median(mine / other for mine, other in pairs), 3),
    }


def not_run(what: str, why: str) -> Row:
    """A row for what could not be measured, and why."""
    said = f"not run: {why}"
    return {
        "what": what, "ours": None, "peer": None, "peer_name": said, "unit": "", "ratio": None
    }  # fmt: skip


def ingest(rounds: int, place: Path) -> list[Row]:
    """Batches of 50 against sqlite3 alone, by the clock and by CPU time."""
    pairs = [round_of(LINES, BATCHES, place) for _ in range(rounds)]
    speed = [(a.a_second, b.a_second) for a, b in pairs]
    cost = [(a.micros, b.micros) for a, b in pairs]
    return [
        row("events in, signed and durable, 50 at a time", "events/s", SQLITE, speed),
        row("CPU for one of them", "us", SQLITE, cost),
    ]


def single(rounds: int, place: Path) -> list[Row]:
    """Single events against rsyslog; and its batches of one against ours of 50."""
    what = "events in, signed and durable, one at a time"
    if relp.why_not():
        return [not_run(what, relp.why_not())]
    pairs = []
    for _ in range(rounds):
        mine, _ = round_of(LINES, BATCHES, place, batch=1)
        many, _ = round_of(LINES, BATCHES, place)
        pairs.append((mine, many, _rsyslog(place, LINES * BATCHES)))
    return [
        row(what, "events/s", RSYSLOG, [(a.a_second, peer) for a, _, peer in pairs]),
        row("the same, 50 at a time", "events/s", RSYSLOG,
            [(many.a_second, peer) for _, many, peer in pairs]),
    ]  # fmt: skip


def _rsyslog(place: Path, count: int) -> float:
    """Messages a second that rsyslog has given a receipt for."""
    sender = laptops(1)[0]
    batch = json.loads(sender.batch(50))["records"]
    messages = [
        b"<13>1 2026-11-23T10:00:00Z laptop bench - - - " + one["body"].encode() for one in batch
    ]
    many = (messages * (count // len(messages) + 1))[:count]
    with tempfile.TemporaryDirectory(dir=place) as folder:
        with relp.rsyslog(Path(folder).absolute()) as port:
            return count / relp.send(port, many)


def crowd(count: int, place: Path) -> list[Row]:
    """Everybody at once."""
    done = rush(count, place)
    say(f"rush: {done}")
    name = f"{count} laptops at once, 50 events each"
    return [
        row(f"{name}: until all are in", "s", "limit", [(done.wall, RUSH_LIMIT)]),
        row(f"{name}: CPU of the collector", "CPU s", "limit", [(done.cpu, RUSH_LIMIT)]),
        row(f"{name}: p99 of those taken in", "s", "limit", [(done.p99, ANSWER_LIMIT)]),
        fact(f"{name}: told when to come back", done.told, "answers"),
        fact(f"{name}: refused without such a word", done.without_word, "answers"),
        fact(f"{name}: no connection, came back by itself", done.broken, "tries"),
        fact(f"{name}: events lost", done.lost, "events"),
        fact(f"{name}: memory of the collector", round(done.memory), "MB"),
    ]


def fact(what: str, value: float, unit: str) -> Row:
    """A figure that is compared with nothing."""
    return {
        "what": what, "ours": value, "peer": None, "peer_name": None, "unit": unit, "ratio": None
    }  # fmt: skip


def rogue(seconds: int, place: Path) -> list[Row]:
    """One laptop that will not stop asking, beside 40 that send a batch a second each."""
    rows = []
    quiet = beside_a_rogue(place, "none", seconds)
    rows.append(fact("p99 of 40 laptops by themselves", round(quiet.p99, 3), "s"))
    for kind, what in (
        ("same", "the same batch, signed anew"),
        ("false", "in the name of another"),
    ):
        done = beside_a_rogue(place, kind, seconds)
        say(f"rogue: {kind}: {done}")
        name = f"p99 of 40 laptops beside one that sends {what}, up to {ROGUE_RATE}/s"
        rows.append(row(name, "s", "limit", [(done.p99, ROGUE_LIMIT)]))
    return rows


def register(entries: int, events: int, place: Path) -> list[Row]:
    """The page of a long register."""
    wall, cpu = seconds_for_page(entries, events, place)
    name = f"page of {entries} entries beside {events} events"
    return [
        row(f"{name}: p95", "s", "limit", [(wall, PAGE_LIMIT)]),
        row(f"{name}: CPU", "CPU s", "limit", [(cpu, PAGE_LIMIT)]),
    ]


def show(rows: Sequence[Row]) -> None:
    for each in rows:
        mine, other = (("-" if each[key] is None else f"{each[key]:g}") for key in ("ours", "peer"))
        ratio = "" if each["ratio"] is None else f"{each['ratio']:g}x"
        print(f"{each['what']:<88} {mine:>9} {other:>9} {each['unit']:<9} {ratio:>8}"
              f"  {each['peer_name'] or ''}")  # fmt: skip


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench collector")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--laptops", type=int, default=10_000, help="how many come at once")
    parser.add_argument("--entries", type=int, default=10_000, help="in the register")
    parser.add_argument("--events", type=int, default=200_000, help="5000000 is a large school's")
    parser.add_argument("--seconds", type=int, default=10, help="how long the rogue asks")
    parser.add_argument("--only", choices=("ingest", "single", "crowd", "rogue", "register"))
    parser.add_argument("--out", type=Path, default=Path("build/bench/collector.json"))
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Measure, print, write."""
    given = options(words)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    place, rows = given.out.parent.absolute(), []
    parts = {
        "ingest": lambda: ingest(given.rounds, place),
        "single": lambda: single(min(3, given.rounds), place),
        "crowd": lambda: crowd(given.laptops, place),
        "rogue": lambda: rogue(given.seconds, place),
        "register": lambda: register(given.entries, given.events, place),
    }
    for name, part in parts.items():
        if given.only in (None, name):
            say(f"measuring: {name}")
            rows += part()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    given.out.write_text(json.dumps({"rows": rows, "machine": machine}, indent=1), "utf-8")
    show(rows)
    print(f"collector on one core, load on another; {machine}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Back-up and restore by the very commands in ``docs/backup.md``, while a laptop sends."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from agent.wire import event as wire
from server_stub import keys, organisation_file
from server_stub.breaches import register
from server_stub.breaches.register import Breach
from server_stub.storage import store_events, store_history, store_register
from server_stub.storage.store import Store
from tests import databases as made
from tests.collector_on_loopback import ROOT, Laptop, Running, collector, faults, pupil_file
from tests.databases import Databases
from tests.organisations_visit import NAMES, two
from tests.organisations_visit import house as serving
from tests.test_docs import sections

ADDRESS = "https://collector.school.example"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECONDS = 60.0
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class Shell:
    """Runs the commands of the document, by the headings they stand under."""

    path: Path
    backup: Path

    def run(self, heading: str, state: Path, database: str) -> None:
        text = sections(ROOT / "docs/backup.md")[heading]
        commands = text.partition("```sh\n")[2].partition("```")[0]
        plain = make_url(database).set(drivername="postgresql") if database else ""
        variables = {"STATE": state, "BACKUP": self.backup, "DATABASE": plain}
        subprocess.run(
            ["/bin/sh", "-eux", "-c", commands],
            check=True,
            timeout=SECONDS,
            env={"PATH": str(self.path)} | {name: str(value) for name, value in variables.items()},
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell that finds PostgreSQL's programs and the collector of this checkout."""
    programs = tmp_path / "programs"
    for folder in (programs, tmp_path / "backup"):
        folder.mkdir()
    ours = programs / "dossierwacht-collector"
    ours.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m server_stub "$@"\n')
    ours.chmod(0o755)
    found = [str(made.PROGRAMS.parent)] if made.PROGRAMS else []
    path = ":".join([str(programs), *found, os.environ["PATH"]])
    return Shell(path=Path(path), backup=tmp_path / "backup")


def test_a_back_up_of_a_running_collector_is_restored_and_laptops_go_on(
    databases: Databases, shell: Shell, tmp_path: Path
) -> None:
    if databases.is_sqlite and shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not installed")
    title, database = TITLES[databases.kind], databases.of_a_collector()
    state = tmp_path / "state"
    with collector(state, "--public-url", ADDRESS, database=database) as running:
        laptop = known_at(running).laptop()
        entries = [opened(running, laptop, seq) for seq in (1, 2, 3)]
        with sending(laptop):
            for what in ("the keys", title):
                shell.run(f"Back up {what}", state, database)
        sent = laptop.seq
    restored, database = tmp_path / "restored", databases.of_a_collector()
    for what in ("the keys", title):
        shell.run(f"Restore {what}", restored, database)
    assert keys.stick_key(restored) == keys.stick_key(state)
    with collector(restored, "--public-url", ADDRESS, database=database) as running:
        known_at(running)
        kept = assert_one_chain(running, laptop)
        assert 0 < kept <= sent
        assert_history_goes_on(running, laptop, entries)
        # What laptops know the collector by is as it was, so theirs go on where they were.
        for name in ("ca.pem", keys.REPLY_KEY):
            assert (restored / name).read_bytes() == (state / name).read_bytes()
        receipt = replace(laptop, at=running).receipt(pupil_file())
        assert receipt.last == sent + 1
        gap = [("chain-gap", "records-missing", kept + 1)] if kept < sent else []
        assert faults(running, laptop.name) == gap


def test_all_organisations_are_backed_up_and_each_is_restored_by_itself(
    databases: Databases, shell: Shell, tmp_path: Path
) -> None:
    if databases.is_sqlite and shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not installed")
    state, laptops = tmp_path / "state", {}
    with two(state, databases) as house:
        for number, name in enumerate(NAMES, 1):
            laptops[name] = house.of(name).laptop()
            laptops[name].receipt(*(pupil_file() for _ in range(number)))
        shell.run("Back up several organisations", state, "")
        kept, zuid = house.databases, state / "organisations" / "zuid"
    shutil.rmtree(zuid)
    alone = replace(shell, backup=shell.backup / "zuid")
    alone.run("Restore the keys", zuid, "")
    if databases.is_sqlite:
        alone.run("Restore SQLite", zuid, "")
    else:
        kept["zuid"] = restored_elsewhere(zuid, alone.backup, databases.make())
    with serving(state) as house:
        house.databases = kept
        for number, name in enumerate(NAMES, 1):
            laptop = replace(laptops[name], at=house.of(name))
            assert len(house.of(name).rows("SELECT id FROM events")) == number
            assert laptop.receipt(pupil_file()).last == number + 1


def restored_elsewhere(folder: Path, backup: Path, url: str) -> str:
    """Restore an organisation into a new database, whose address it is told."""
    plain, dump = url.replace("+psycopg", ""), str(backup / "collector.dump")
    words = [made.program("pg_restore"), "--exit-on-error", "--no-owner", "--dbname", plain, dump]
    subprocess.run(words, check=True, timeout=SECONDS)
    kept = organisation_file.read(folder)
    assert kept is not None
    organisation_file.write(folder, msgspec.structs.replace(kept, database=url))
    return url


def known_at(running: Running) -> Running:
    running.called = ADDRESS
    return running


def opened(running: Running, laptop: Laptop, seq: int) -> Breach:
    laptop.receipt(pupil_file())
    with running.store() as store:
        return enter(store, laptop, seq)


def enter(store: Store, laptop: Laptop, seq: int) -> Breach:
    draft = register.draft_from(laptop.name, seq, pupil_file(observed_at=NOON), NOON)
    store.write(lambda c: store_history.log_view(c, "olaf", "opened-breach", str(seq), NOON))
    return store.write(lambda c: store_register.open_breach(c, draft, "olaf", NOON))


@contextmanager
def sending(laptop: Laptop) -> Iterator[None]:
    """The laptop sends batch after batch meanwhile, and each is acknowledged."""
    done, begun = threading.Event(), threading.Event()

    def send() -> None:
        while not done.is_set():
            laptop.receipt(*(pupil_file() for _ in range(20)))
            begun.set()

    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(send)
        assert begun.wait(SECONDS)
        yield
        done.set()
        task.result(SECONDS)


def assert_one_chain(running: Running, laptop: Laptop) -> int:
    """The number of the last event; those before are all there and chained as they were sent."""
    with running.store() as store, store.read() as connection:
        found = store_events.events_before(connection, laptop.name, None, 1_000_000)[::-1]
    head = wire.CHAIN_START
    for number, one in enumerate(found, 1):
        assert one.seq == number
        head = wire.link(head, number, one.body.encode())
        assert one.head == head
    return len(found)


def assert_history_goes_on(running: Running, laptop: Laptop, entries: list[Breach]) -> None:
    with running.store() as store:
        added = enter(store, laptop, 4)
        with store.read() as connection:
            assert store_register.all_breaches(connection) == [added, *reversed(entries)]
            assert store_history.history_is_whole(connection)
            assert store_history.views_are_whole(connection)
    assert added.number == register.number_of(NOON.year, 4)

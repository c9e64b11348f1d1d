"""A collector on loopback and a laptop beside it, for the tests that need both for real."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import control, places, processes
from agent.demo import stage
from agent.demo.stage import Folders


@dataclass
class Chain:
    """The collector's address and the folders of both."""

    folders: Folders
    server: str
    collector: processes.Child

    @property
    def socket(self) -> Path:
        return places.socket_for(self.folders.agent)

    def ask_collector(self, *words: str) -> str:
        """Run one command of the collector."""
        return processes.ask("server_stub", ["--state", str(self.folders.collector), *words])

    def token(self, *options: str) -> str:
        said = self.ask_collector("token", "new", *options)
        return next(word for word in said.split() if word.startswith("dw1-"))

    def events(self) -> list[dict[str, Any]]:
        """The events at the collector, in order, read from its database file."""
        database = sqlite3.connect(f"file:{self.folders.collector}/collector.db?mode=ro", uri=True)
        rows = database.execute("SELECT body FROM events ORDER BY seq").fetchall()
        database.close()
        return [json.loads(body) for (body,) in rows]

    def status(self) -> dict[str, Any]:
        """What the agent says of itself; empty while it does not answer."""
        try:
            return control.ask(self.socket, "status")
        except control.ControlError:
            return {}


@contextmanager
def chain(top: Path) -> Iterator[Chain]:
    """A running collector, and a laptop with a policy that is not enrolled yet."""
    folders = Folders(top=top)
    folders.make()
    collector, server = stage.start_collector(folders)
    try:
        stage.make_policy(folders)
        yield Chain(folders, server, collector)
    finally:
        processes.end(collector)


@contextmanager
def running_agent(folders: Folders) -> Iterator[processes.Child]:
    """The agent with all its processes, until the block ends."""
    agent = stage.start_agent(folders)
    try:
        yield agent
    finally:
        processes.end(agent)

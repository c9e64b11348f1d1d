"""A collector to measure: on its own core, with enrolled laptops in its database.

The server is the program as it is run for real, over TLS, in a process of its own. Laptops are
written into its database directly, since enrolling is not what is measured.
"""

import base64
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from agent.wire import signatures
from bench._collector_laptops import VERSION, Laptop
from server_stub import state
from server_stub.config import Config, configure
from server_stub.storage import store_devices, store_tokens
from server_stub.storage.store import Store

ROOT = Path(__file__).resolve().parent.parent
URL = "https://collector.example"
"""The address that laptops sign; the port on loopback is only known later."""
SERVER_CORE = 0
LOAD_CORES = {1} if (os.cpu_count() or 1) > 1 else {0}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True, slots=True)
class Site:
    """A running collector."""

    config: Config
    process: "subprocess.Popen[str]"
    port: int

    def cpu(self) -> float:
        """CPU seconds that it has used so far, all threads, user and system."""
        fields = self._about("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Megabytes that it held at most."""
        line = next(one for one in self._about("status").splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def _about(self, what: str) -> str:
        return Path(f"/proc/{self.process.pid}/{what}").read_text("ascii", "replace")


def prepare(folder: Path, laptops: Sequence[Laptop]) -> Config:
    """A state folder whose database knows these laptops."""
    config = configure(state=str(folder), database=None, environ={})
    now = datetime.now(UTC)
    state.prepare(config, now)
    store = Store(config.database)

    store.write(lambda connection: _enrol(connection, laptops, now))
    store.close()
    return config


def _enrol(connection: Connection, laptops: Sequence[Laptop], now: datetime) -> None:
    token = store_tokens.add_token(connection, "0" * 64, 1, now, now + timedelta(days=1))
    for one in laptops:
        store_devices.add_device(
            connection,
            name=one.name,
            public_key=base64.b64encode(signatures.public_bytes(one.key)).decode(),
            owner="issued",
            agent_version=VERSION,
            token=token,
            now=now,
        )


@contextlib.contextmanager
def running(config: Config, *words: str) -> Iterator[Site]:
    """The collector on its core until the block ends."""
    process = subprocess.Popen(
        [sys.executable, *words, "-m", "server_stub", "serve", "--state", str(config.state),
         "--listen", "127.0.0.1:0", "--public-url", URL],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the collector did not start: {line!r}")
        yield Site(config=config, process=process, port=int(line.strip().rpartition(":")[2]))
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()

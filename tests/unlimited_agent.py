"""The agent as ``dossierwacht run`` starts it, but with caps that a test cannot reach.

Usage: python -m tests.unlimited_agent SETTINGS STATE
"""

import logging
import subprocess
import sys
import threading
from pathlib import Path

from agent import config, leak_reports, run
from agent.demo.stage import Folders
from agent.guard import Caps


def start(folders: Folders) -> "subprocess.Popen[bytes]":
    """One in a process of its own, with its worker and its sender."""
    places = [str(folders.settings), str(folders.agent)]
    with (folders.top / "agent.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.unlimited_agent", *places],
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parent.parent,
        )


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(threadName)s: %(message)s")
    stop = threading.Event()
    run.until_signal(stop)
    caps = Caps(files_per_hour=10**6, files_per_day=10**6, bytes_per_day=10**12, matches=10**6)
    leak_reports.PER_HOUR = 10**6
    run.run(config.load(Path(sys.argv[1]), Path(sys.argv[2])), stop, caps=caps)

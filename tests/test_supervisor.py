"""The service manager is told that the collector is ready, that its loop goes on, and its end."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server_stub import supervisor
from tests.collector_on_loopback import ROOT

SECONDS = 60


def test_a_collector_says_that_it_is_ready_that_it_goes_on_and_that_it_ends(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(SECONDS)
        words = ("serve", "--state", str(tmp_path / "state"), "--listen", "127.0.0.1:0")
        told = {"NOTIFY_SOCKET": listening.getsockname(), "WATCHDOG_USEC": "600000"}
        serving = subprocess.Popen(
            [sys.executable, "-m", "server_stub", *words],
            env=os.environ | told,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        heard = [listening.recv(100).decode() for _ in range(4)]
        serving.terminate()
        while heard[-1] == supervisor.ALIVE:
            heard.append(listening.recv(100).decode())
        assert serving.wait(SECONDS) == 0
    assert heard[:4] == [supervisor.READY, *[supervisor.ALIVE] * 3]
    assert heard[-1] == supervisor.ENDING


def test_a_watchdog_of_another_process_is_not_ours() -> None:
    given = {"WATCHDOG_USEC": "30000000"}
    assert supervisor.interval(given | {"WATCHDOG_PID": str(os.getpid())}) == 10.0
    assert supervisor.interval(given | {"WATCHDOG_PID": "1"}) == 0.0
    assert supervisor.interval({}) == 0.0


@pytest.mark.parametrize("place", ["", "/nobody/listens", "@nobody-listens"])
def test_where_nobody_listens_the_collector_goes_on(place: str) -> None:
    supervisor.tell(supervisor.READY, {"NOTIFY_SOCKET": place})

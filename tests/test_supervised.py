"""The service manager is told that the agent is ready, and that its loop goes on."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.supervised import Supervised, by


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.setblocking(False)
        yield one


def heard(listening: socket.socket) -> list[bytes]:
    words = []
    while True:
        try:
            words.append(listening.recv(100))
        except BlockingIOError:
            return words


def test_ready_comes_once_and_then_a_word_at_each_interval(listening: socket.socket) -> None:
    now = 0.0
    told = Supervised(place=listening.getsockname(), every=10.0, monotonic=lambda: now)
    told.alive()
    assert heard(listening) == [b"READY=1"]
    told.alive()
    now = 9.9
    told.alive()
    assert heard(listening) == []
    now = 10.0
    told.alive()
    told.alive()
    assert heard(listening) == [b"WATCHDOG=1"]


def test_without_a_watchdog_there_is_one_word(listening: socket.socket) -> None:
    told = by({"NOTIFY_SOCKET": listening.getsockname()})
    for _ in range(3):
        told.alive()
    assert heard(listening) == [b"READY=1"]


def test_a_watchdog_of_another_process_is_not_ours() -> None:
    given = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"}
    assert by(given | {"WATCHDOG_PID": str(os.getpid())}).every == 10.0
    assert by(given | {"WATCHDOG_PID": "1"}).every == 0.0
    assert by(given | {"WATCHDOG_USEC": "soon"}).every == 0.0


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind("\0dossierwacht-test-" + str(os.getpid()))
        one.setblocking(False)
        by({"NOTIFY_SOCKET": "@dossierwacht-test-" + str(os.getpid())}).alive()
        assert heard(one) == [b"READY=1"]


@pytest.mark.parametrize("place", ["", "/nobody/listens", "@nobody-listens"])
def test_where_nobody_listens_the_agent_goes_on(place: str) -> None:
    Supervised(place=place, every=1.0).alive()

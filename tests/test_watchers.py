"""Waiting for a change at the control socket: told at once, for free, and nobody is kept out."""

import contextlib
import json
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import cli, config, control, run, watchers
from agent.control_server import Caller, ControlServer, Later
from agent.demo.stage import wait_until
from agent.watchers import MOST, MOST_OF_ONE, Watchers
from tests.tray_agent import FINE, StatusAgent

MINE = os.getuid()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[StatusAgent]:
    made = StatusAgent(tmp_path / "control.sock")
    made.start()
    yield made
    made.stop()


def revision(agent: StatusAgent) -> str:
    return str(control.ask(agent.path, "watch")["revision"])


def waiting(agent: StatusAgent, known: str, **more: Any) -> socket.socket:
    """A connection that has asked to be told of another status than the known one."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    question = {"verb": "watch", "arguments": {"revision": known, **more}}
    try:
        connection.connect(str(agent.path))
        connection.sendall(json.dumps(question).encode() + b"\n")
    except OSError:
        connection.close()
        raise
    return connection


def answer(connection: socket.socket) -> dict[str, Any]:
    with connection, connection.makefile("rb") as lines:
        return dict(json.loads(lines.readline()))


def number_waiting(agent: StatusAgent, number: int) -> Callable[[], bool]:
    return lambda: len(agent.watchers._waiting) == number


def test_who_knows_nothing_yet_is_answered_at_once(agent: StatusAgent) -> None:
    given = control.ask(agent.path, "watch")
    assert {**FINE, "revision": given["revision"]} == given


def test_a_change_is_told_to_all_who_wait(agent: StatusAgent) -> None:
    known = revision(agent)
    held = [waiting(agent, known) for _ in range(3)]
    assert wait_until(number_waiting(agent, 3), 20)
    agent.status["state"] = "blocked"
    told = [answer(connection) for connection in held]
    assert {one["state"] for one in told} == {"blocked"}
    assert {one["revision"] for one in told} != {known}


def test_what_nobody_has_to_look_at_is_no_change(agent: StatusAgent) -> None:
    known = revision(agent)
    agent.status["last_contact"] = "2026-11-23T09:00"
    assert revision(agent) == known


def test_each_second_of_a_screen_about_to_lock_is_told(agent: StatusAgent) -> None:
    known, told = revision(agent), []
    for seconds in (20, 19, 18):
        agent.status["lock_in_seconds"] = seconds
        given = answer(waiting(agent, known))
        known = given["revision"]
        told.append(given["lock_in_seconds"])
    assert told == [20, 19, 18]


def test_who_waited_long_enough_is_answered_though_nothing_changed(agent: StatusAgent) -> None:
    known = revision(agent)
    assert answer(waiting(agent, known, wait=0.1))["revision"] == known


@pytest.mark.parametrize("wait", ["long", -5, None, [], True])
def test_an_odd_time_to_wait_is_no_time(agent: StatusAgent, wait: object) -> None:
    known = revision(agent)
    assert answer(waiting(agent, known, wait=wait))["revision"] == known


def test_an_odd_revision_or_place_is_not_believed(agent: StatusAgent) -> None:
    for odd in ({"revision": [1]}, {"revision": None}, {"place": {"a": 1}}, {"place": "moon"}):
        assert control.ask(agent.path, "watch", **odd)["state"] == "fine"
    assert agent.place() is None


def test_who_waits_holds_no_thread_and_no_place_of_those_who_ask(agent: StatusAgent) -> None:
    known, before = revision(agent), threading.active_count()
    with contextlib.ExitStack() as held:
        for _ in range(MOST_OF_ONE):
            held.enter_context(waiting(agent, known))
        assert wait_until(number_waiting(agent, MOST_OF_ONE), 20)
        assert agent.server is not None
        assert wait_until(lambda: not agent.server._callers, 20)  # type: ignore[union-attr]
        assert wait_until(lambda: threading.active_count() <= before, 20)


def test_a_thousand_who_wait_keep_nobody_from_asking(agent: StatusAgent) -> None:
    known = revision(agent)
    with contextlib.ExitStack() as held:
        for _ in range(1000):
            with contextlib.suppress(OSError):  # those beyond a user's places are hung up on
                held.enter_context(waiting(agent, known))
        assert wait_until(lambda: _asked(agent), 20)
        assert len(agent.watchers._waiting) <= MOST_OF_ONE


def _asked(agent: StatusAgent) -> bool:
    with contextlib.suppress(control.ControlError):
        return control.ask(agent.path, "watch")["state"] == "fine"
    return False


def test_one_users_oldest_gives_way_to_their_newest(agent: StatusAgent) -> None:
    known = revision(agent)
    oldest = waiting(agent, known)
    assert wait_until(number_waiting(agent, 1), 20)
    with contextlib.ExitStack() as held:
        for _ in range(MOST_OF_ONE):
            held.enter_context(waiting(agent, known))
        assert answer(oldest)["revision"] == known, "answered early, and free to ask again"
        assert wait_until(number_waiting(agent, MOST_OF_ONE), 20)


def test_many_users_keep_no_other_out() -> None:
    """Users are numbers here: nobody on this machine may be so many at once."""
    many = Watchers(status=lambda *_: FINE)
    known = many._answer(Caller(uid=1, pid=1))["revision"]
    ends = [_handed_on(many, uid, known) for uid in range(MOST + 1)]
    try:
        assert [one.caller.uid for one in many._waiting] == list(range(1, MOST + 1))
        assert b"fine" in ends[0].recv(65_536)
    finally:
        for end in ends:
            end.close()
        many.look()
    assert many._waiting == []


def _handed_on(many: Watchers, uid: int, known: str) -> socket.socket:
    mine, theirs = socket.socketpair()
    later = many.watch(Caller(uid=uid, pid=1), {"revision": known})
    later.take(theirs)  # type: ignore[union-attr]
    return mine


def test_who_hangs_up_or_says_more_is_forgotten(agent: StatusAgent) -> None:
    known = revision(agent)
    gone = waiting(agent, known)
    assert wait_until(number_waiting(agent, 1), 20)
    gone.close()
    assert wait_until(number_waiting(agent, 0), 20)
    talker = waiting(agent, known)
    assert wait_until(number_waiting(agent, 1), 20)
    talker.sendall(b"more\n")
    assert wait_until(number_waiting(agent, 0), 20)
    with talker, contextlib.suppress(ConnectionResetError):  # what it said was not read
        assert talker.recv(10) == b""


def test_who_takes_no_answer_holds_up_nobody(
    agent: StatusAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = revision(agent)
    deaf, other = waiting(agent, known), waiting(agent, known)
    assert wait_until(number_waiting(agent, 2), 20)
    agent.status["mode"] = "x" * 10_000_000  # more than a socket holds
    with deaf, other:
        assert wait_until(number_waiting(agent, 0), 20)
        assert select.select([deaf, other], [], [], 20)[0]


def test_the_end_of_the_agent_lets_everybody_go(agent: StatusAgent) -> None:
    connection = waiting(agent, revision(agent))
    assert wait_until(number_waiting(agent, 1), 20)
    agent.stop()
    with connection:
        assert connection.recv(10) == b""


def test_where_a_users_tray_found_no_place_is_known_while_it_runs(
    agent: StatusAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agent.place() is None
    with waiting(agent, revision(agent), place="none"):
        assert wait_until(number_waiting(agent, 1), 20)
        assert agent.place() == "none"
        assert agent.watchers.place_of(MINE + 1) is None
    assert wait_until(lambda: agent.place() is None, 20)
    control.ask(agent.path, "watch", place="panel")
    assert agent.place() == "panel", "between two questions it is there as well"
    monkeypatch.setattr(watchers, "REMEMBERED", 0.0)
    assert agent.place() is None
    control.ask(agent.path, "watch")
    assert agent.watchers.seen == {}


def test_a_server_that_hands_on_keeps_serving(tmp_path: Path) -> None:
    watching = Watchers(status=lambda *_: FINE)
    server = ControlServer(tmp_path / "s", {"watch": watching.watch}, lambda _: {"watch"})
    server.start()
    try:
        assert control.ask(tmp_path / "s", "watch")["state"] == "fine"
    finally:
        server.close()


@pytest.mark.slow
def test_a_running_agent_answers_those_who_wait_and_status_says_where_the_icon_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop, path = threading.Event(), tmp_path / "control.sock"
    given = config.load(tmp_path, tmp_path / "state", path)
    agent = threading.Thread(target=run.run, args=(given, stop), kwargs={"with_sender": False})
    agent.start()
    try:
        assert wait_until(path.exists, 60)
        known = ""
        while (told := control.ask(path, "watch", revision=known, wait=1))["revision"] != known:
            known = told["revision"]  # it is still starting
        assert told["state"] == control.ask(path, "status")["state"]
        control.ask(path, "watch", place="none")
        cli.main(["status", "--socket", str(path)])
    finally:
        stop.set()
        agent.join(60)
    assert "tray       no place on this desktop" in capsys.readouterr().out


def test_each_user_is_told_their_own(tmp_path: Path) -> None:
    told = {1000: "fine", 1001: "fine"}
    watchers = Watchers(
        status=lambda caller, _: {"state": told[caller.uid], "messages": caller.uid}
    )
    ends = {}
    for uid in told:
        ours, theirs = socket.socketpair()
        first = watchers.watch(Caller(uid=uid, pid=1), {})
        assert not isinstance(first, Later)
        later = watchers.watch(
            Caller(uid=uid, pid=1), {"revision": first["revision"], "wait": 30.0}
        )
        assert isinstance(later, Later)
        later.take(theirs)
        ends[uid] = ours
    told[1001] = "blocked"
    watchers.look()
    with ends[1000], ends[1001]:
        answer = json.loads(ends[1001].makefile().readline())
        assert (answer["state"], answer["messages"]) == ("blocked", 1001)
        ends[1000].setblocking(False)
        with pytest.raises(BlockingIOError):
            ends[1000].recv(1)
    stop = threading.Event()
    stop.set()
    watchers.keep(stop)

"""The control socket: the kernel says who asks, everybody is asked for little and answered fast."""

import contextlib
import json
import os
import resource
import select
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent import control, control_server
from agent.control import ControlError
from agent.control_server import MOST_CALLERS, MOST_OF_ONE, Caller, ControlServer, Refused
from agent.demo.stage import wait_until
from agent.errors import AgentError
from tests.other_people import let_in


def echo(caller: Caller, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"uid": caller.uid, "pid": caller.pid, "got": dict(arguments)}


def refuse(caller: Caller, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Refused("no", "not today")


def break_down(caller: Caller, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AgentError("the disk is full")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    answers = {"echo": echo, "refuse": refuse, "break": break_down, "secret": echo}
    place = tmp_path / "control.sock"
    server = ControlServer(place, answers, lambda caller: {"echo", "refuse", "break"})
    server.start()
    yield place
    server.close()
    assert not place.exists()


def raw(path: Path, question: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_the_kernel_names_the_caller(path: Path) -> None:
    answer = control.ask(path, "echo", a=1, b="é\n")
    assert answer == {"uid": os.geteuid(), "pid": os.getpid(), "got": {"a": 1, "b": "é\n"}}


def test_what_a_caller_may_not_ask_is_forbidden_and_the_unknown_unknown(path: Path) -> None:
    for verb, code in (("secret", "forbidden"), ("none", "unknown"), ("refuse", "no")):
        with pytest.raises(ControlError) as caught:
            control.ask(path, verb)
        assert caught.value.code == code


def test_an_error_of_the_agent_is_an_answer(path: Path) -> None:
    with pytest.raises(ControlError, match="the disk is full"):
        control.ask(path, "break")
    assert control.ask(path, "echo")["got"] == {}


@pytest.mark.parametrize(
    "question",
    [
        b"",
        b"\n",
        b"not json\n",
        b"[]\n",
        b"{}\n",
        b'{"verb": 1, "arguments": {}}\n',
        b'{"verb": "echo", "arguments": []}\n',
        b'{"verb": "echo", "arguments": {}}',
        b"[" * 30_000 + b"\n",
        b"\xff\xfe\n",
    ],
)
def test_a_garbled_question_gets_a_clear_refusal(path: Path, question: bytes) -> None:
    assert json.loads(raw(path, question))["error"]["code"] == "garbled"
    assert control.ask(path, "echo")["got"] == {}


def test_an_endless_question_is_cut_off(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        try:
            for _ in range(10):
                connection.sendall(b"x" * 65_536)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert json.loads(connection.recv(65_536))["error"]["code"] == "too-long"


def test_one_user_cannot_take_every_place(path: Path) -> None:
    with contextlib.ExitStack() as held:
        many = [held.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(40)]
        for connection in many:
            connection.connect(str(path))

        def hung_up() -> int:
            return len(select.select(many, [], [], 0)[0])

        assert wait_until(lambda: hung_up() >= 40 - MOST_OF_ONE, 4)
        assert hung_up() == 40 - MOST_OF_ONE
    assert wait_until(lambda: asked(path), 20)


def asked(path: Path) -> bool:
    try:
        return control.ask(path, "echo")["got"] == {}
    except ControlError:
        return False


def test_when_staff_fill_all_places_the_sender_still_finds_one(tmp_path: Path) -> None:
    sender, server = Caller(uid=998, pid=1), quiet_server(tmp_path)
    staff = [Caller(uid=uid, pid=1) for uid in range(1000, 1040)]
    entered = [server._enter(one, staff=True) for one in staff]
    assert sum(entered) == MOST_CALLERS
    assert server._enter(sender, staff=False)
    for one in staff[:MOST_CALLERS]:
        server._leave(one)
    assert server._enter(staff[-1], staff=True)
    assert dict(server._callers) == {998: 1, staff[-1].uid: 1}, "who left is forgotten"
    server.close()


def quiet_server(folder: Path) -> ControlServer:
    return ControlServer(folder / "quiet.sock", {"echo": echo}, lambda caller: {"echo"})


def test_a_caller_that_drips_is_cut_off_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_server, "PATIENCE", 0.3)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.settimeout(0.05)
        for _ in range(400):
            try:
                connection.sendall(b" ")
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                return
    pytest.fail("it was listened to for ever")


def test_the_agent_answers_again_after_it_ran_out_of_descriptors(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_server, "PAUSE", 0.01)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as connection:
        resource.setrlimit(resource.RLIMIT_NOFILE, (connection.fileno() + 1, hard))
        try:
            connection.connect(str(path))
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert wait_until(lambda: asked(path), 20)


def test_a_closed_server_leaves_no_thread_behind(tmp_path: Path) -> None:
    server = quiet_server(tmp_path)
    server.start()
    server.close()
    server._thread.join(10)
    assert not server._thread.is_alive()


def test_no_agent_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="is it running") as caught:
        control.ask(tmp_path / "none.sock", "status")
    assert caught.value.code == "offline"


def test_everybody_may_connect_and_nobody_but_the_owner_may_replace_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


@pytest.mark.root
def test_another_user_is_seen_as_that_user(path: Path) -> None:
    let_in(path.parent)
    code = (
        "import json, os, socket, sys; os.setuid(12345); c = socket.socket(socket.AF_UNIX);"
        'c.connect(sys.argv[1]); c.sendall(b\'{"verb": "echo", "arguments": {"uid": 0}}\\n\');'
        "print(c.recv(9999).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["uid"] == 12345

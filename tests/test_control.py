"""The control socket: the kernel says who asks, everybody is asked for little and answered fast."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent import control
from agent.control import ControlError
from agent.control_server import Caller, ControlServer, Refused
from agent.errors import AgentError


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


def test_callers_that_say_nothing_do_not_keep_others_out_for_long(path: Path) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    for connection in silent:
        connection.connect(str(path))
    for connection in silent:
        connection.close()
    for _ in range(200):
        try:
            assert control.ask(path, "echo")["got"] == {}
            return
        except ControlError:
            continue
    pytest.fail("the agent did not answer again")


def test_no_agent_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="is it running") as caught:
        control.ask(tmp_path / "none.sock", "status")
    assert caught.value.code == "offline"


def test_everybody_may_connect_and_nobody_but_the_owner_may_replace_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


@pytest.mark.root
def test_another_user_is_seen_as_that_user(path: Path) -> None:
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        os.chmod(folder, 0o755)
    code = (
        "import json, os, socket, sys; os.setuid(12345); c = socket.socket(socket.AF_UNIX);"
        'c.connect(sys.argv[1]); c.sendall(b\'{"verb": "echo", "arguments": {"uid": 0}}\\n\');'
        "print(c.recv(9999).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["uid"] == 12345

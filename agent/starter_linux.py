"""The starter: the one process of an installed laptop that may change accounts.

    python -I -m agent.starter_linux          (systemd hands it the listening socket, descriptor 3)

The agent itself has lost that right, and that to kill what belongs to others. It asks here
(``collectors.starting_linux``): for a worker or a probe, which shuts itself in before it touches
anything, or for somebody in a person's place. Nothing else is started, and nobody but root is
heard. A child never outlives its connection.
"""

import contextlib
import json
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from agent.peer import peer_of
from collectors.fresh_linux import ENVIRONMENT, LONGEST, PERSON, here

MODULES = frozenset(
    {"collectors.recognise.worker", "collectors.recognise.ocr_worker", "collectors.media.probe"}
)
"""Each gives up all rights before it reads a byte that a stranger wrote."""
PATIENCE = 30.0
"""Seconds in which whoever connects has to say what for."""
MOST_WORDS = 8
_LISTENING = 3
_DESCRIPTORS = 3


class Refused(Exception):
    """Nobody starts this."""


def serve(listener: socket.socket) -> None:
    """Start what is asked for, until this process is ended."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_one, args=(connection,), name="child").start()


def _one(connection: socket.socket) -> None:
    """One child from its start to its end. The thread lives as long: a worker ends with it."""
    with connection:
        if peer_of(connection)[1] != os.geteuid():
            return
        connection.settimeout(PATIENCE)
        given: list[int] = []
        try:
            packet, given, _, _ = socket.recv_fds(connection, LONGEST, _DESCRIPTORS)
            child = _started(packet, given)
        except (Refused, OSError, subprocess.SubprocessError) as error:
            _tell(connection, {"why": str(error)})
            return
        finally:
            for descriptor in given:
                os.close(descriptor)
        _tell(connection, {"pid": child.pid, "floor": _own_peak()})
        _tell(connection, _end_of(child, connection))


def _started(packet: bytes, given: list[int]) -> "subprocess.Popen[bytes]":
    module, words, named = _read(packet, given)
    if module == PERSON:
        return _person(words, named)
    if module not in MODULES:
        raise Refused("no module that is started here")
    return here(module, words, **named)


def _read(packet: bytes, given: list[int]) -> tuple[str, list[str], dict[str, int]]:
    try:
        asked: Any = json.loads(packet)
        module, words, names = asked["module"], asked["words"], asked["given"]
        plain = [word for word in (module, *words, *names) if isinstance(word, str)]
        named = dict(zip(names, given, strict=True))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("no question that is answered here") from error
    if len(plain) != 1 + len(words) + len(names) or len(words) > MOST_WORDS:
        raise Refused("words that are none")
    if not named.keys() <= {"stdin", "stdout", "passed"}:
        raise Refused("a descriptor without a use")
    return module, list(words), named


def _person(words: list[str], named: dict[str, int]) -> "subprocess.Popen[bytes]":
    """Somebody who is that person from the first instruction on; root is no person."""
    try:
        account = pwd.getpwuid(int(words[0]))
        session = words[1]
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise Refused("no such person") from error
    if account.pw_uid == 0 or session.startswith("-"):
        raise Refused("root is no person")
    if named.keys() != {"stdin", "stdout"}:
        raise Refused("nobody to talk to")
    more = {"PYTHONUTF8": "1", "HOME": account.pw_dir}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", PERSON, session],
        stdin=named["stdin"],
        stdout=named["stdout"],
        stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, **more, "XDG_RUNTIME_DIR": f"/run/user/{account.pw_uid}"},
        cwd="/",
        user=account.pw_uid if account.pw_uid != os.geteuid() else None,
        group=account.pw_gid if account.pw_uid != os.geteuid() else None,
        extra_groups=() if account.pw_uid != os.geteuid() else None,
    )


def _end_of(child: "subprocess.Popen[bytes]", connection: socket.socket) -> Mapping[str, int]:
    """Its exit code and the memory it held at most, once it has ended or was to be killed."""
    process = os.pidfd_open(child.pid)
    try:
        ready, _, _ = select.select([connection.fileno(), process], [], [])
        if connection.fileno() in ready:
            child.kill()  # whatever was said, or that nobody listens any more
    finally:
        os.close(process)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {"code": child.returncode, "peak": used.ru_maxrss * 1024}


def _tell(connection: socket.socket, told: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody may be waiting any more
        connection.send(json.dumps(told).encode("ascii"))


def _own_peak() -> int:
    with open("/proc/self/status", encoding="ascii") as lines:
        found = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(next(found, "0")) * 1024


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(socket.socket(fileno=_LISTENING))

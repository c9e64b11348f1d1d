"""The peer for single events: rsyslog that keeps each message on its disk before it says so.

RELP is the one protocol of rsyslog with a receipt for each message. The queue is on the disk, each
message is synced, and the client here waits for the receipts of at most ``WINDOW`` messages.
"""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

WINDOW = 128
_SETTINGS = """
global(workDirectory="{folder}")
module(load="imrelp" ruleset="kept")
input(type="imrelp" address="127.0.0.1" port="{port}")
ruleset(name="kept" queue.type="Disk" queue.filename="kept" queue.syncQueueFiles="on"
        queue.checkpointInterval="1") {{
  action(type="omfile" file="{folder}/out.log" sync="on")
}}
"""


def why_not() -> str:
    """Why this peer cannot be measured here; empty if it can."""
    if shutil.which("rsyslogd") is None:
        return "rsyslog is not installed: apt-get install rsyslog rsyslog-relp"
    if not any(Path("/usr/lib").glob("*/rsyslog/imrelp.so")):
        return "rsyslog has no RELP: apt-get install rsyslog-relp"
    return ""


@contextlib.contextmanager
def rsyslog(folder: Path) -> Iterator[int]:
    """The port of an rsyslog of our own on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "rsyslog.conf"
    settings.write_text(_SETTINGS.format(folder=folder, port=port))
    words = ["rsyslogd", "-n", "-f", str(settings), "-i", str(folder / "pid")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)


def send(port: int, messages: Sequence[bytes], window: int = WINDOW) -> float:
    """Seconds until each message has its receipt."""
    with _connected(port) as connection:
        replies = connection.makefile("rb")
        _ask(connection, 1, b"open", b"relp_version=0\nrelp_software=bench\ncommands=syslog")
        _receipt(replies)
        began = time.perf_counter()
        for number, message in enumerate(messages):
            if number >= window:
                _receipt(replies)
            _ask(connection, 2 + number, b"syslog", message)
        for _ in range(min(window, len(messages))):
            _receipt(replies)
        return time.perf_counter() - began


def _connected(port: int) -> socket.socket:
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        time.sleep(0.1)
    raise RuntimeError("rsyslog did not start")


def _ask(connection: socket.socket, number: int, command: bytes, data: bytes) -> None:
    connection.sendall(b"%d %s %d %s\n" % (number, command, len(data), data))


def _receipt(replies: "socket.SocketIO | object") -> None:
    """Read one ``NUMBER rsp LENGTH DATA``; raises RuntimeError unless it says 200."""
    head = b""
    while head.count(b" ") < 3 and not head.endswith(b" 0\n"):
        byte = replies.read(1)  # type: ignore[attr-defined]
        if not byte:
            raise RuntimeError("rsyslog hung up")
        head += byte
    length = int(head.split()[2])
    data = replies.read(length + 1) if length else b""  # type: ignore[attr-defined]
    if not data.startswith(b"200"):
        raise RuntimeError(f"rsyslog refused: {data[:80]!r}")

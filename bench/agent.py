"""``./dev bench agent [--minutes N]``: what the idle agent costs, all its processes together.

The agent, its starter and its sender run as their units start them, on a home with nothing in it.
Measured are the time until it says that it is ready, memory once it has settled, and processor time
while nothing happens. The peer is a limit, not a program: a ratio above one fails. Needs root, as
the agent does; nothing on this machine is changed, since its policy only reports.
"""

import argparse
import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors.starting_linux import STARTER
from tests.vm.panels.processes import pss, rss

OUT = Path("build/bench/agent.json")
PATIENCE = 120.0
SETTLES = 60.0
"""Seconds in which the first looks at everything come to an end."""
LIMITS = {
    "from start to ready": (2.0, "s"),
    "memory of all processes, PSS": (60.0, "MiB"),
    "memory of the agent alone, RSS": (30.0, "MiB"),
    "processor time while idle": (0.1, "% of a core"),
}
POLICY = """\
name = "bench"
version = 1
mode = "report"
language = "en"

[contact]
name = "nobody"

[collectors.pupil_files]
roots = ["{home}"]
"""
_SERVED = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
Child = subprocess.Popen[bytes]


@contextlib.contextmanager
def ended(child: Child) -> Iterator[Child]:
    """A process that is ended with the block."""
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(20)


def starter(held: contextlib.ExitStack, place: Path) -> Child:
    """The starter, given its listening socket as systemd does."""
    listener = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    listener.bind(str(place))
    listener.listen()
    words = [sys.executable, "-m", "agent.starter_linux"]
    number = str(listener.fileno())
    child = subprocess.Popen(
        [sys.executable, "-c", _SERVED, number, *words], pass_fds=(listener.fileno(), 3)
    )
    return held.enter_context(ended(child))


def agent(held: contextlib.ExitStack, folder: Path) -> tuple[Child, float]:
    """The agent, and the seconds until it said that it is ready."""
    told = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    told.bind(str(folder / "notify"))
    told.settimeout(PATIENCE)
    more = {STARTER: str(folder / "starter"), "NOTIFY_SOCKET": str(folder / "notify")}
    places = ["--config", folder / "settings", "--state", folder / "state"]
    begun = time.monotonic()
    words = [sys.executable, "-m", "agent", "run", "--no-sender", *places]
    child = subprocess.Popen([*words, "--socket", folder / "control"], env={**os.environ, **more})
    held.enter_context(ended(child))
    if told.recv(64) != b"READY=1":
        raise OSError("the agent said something else than that it is ready")
    return child, time.monotonic() - begun


def busy(children: Mapping[str, Child]) -> float:
    """Processor seconds of processes so far, those that they started and that ended included."""
    ticks = 0
    for child in children.values():
        words = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, words[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measured(minutes: float) -> dict[str, float]:
    """Start everything, let it be, and look."""
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="dw-")))
        folder.chmod(0o755)  # the sender is nobody
        for name in ("settings", "state", "home"):
            (folder / name).mkdir(mode=0o700)
        (folder / "settings/agent.toml").write_text('sender_user = "nobody"\n')
        (folder / "settings/policy.toml").write_text(POLICY.format(home=folder / "home"))
        beside = starter(held, folder / "starter")
        child, ready = agent(held, folder)
        words = [sys.executable, "-m", "agent.sender", "--socket", str(folder / "control")]
        words += ["--user", "nobody", "--parent", str(os.getpid())]
        sender = held.enter_context(ended(subprocess.Popen(words)))
        children = {"agent": child, "starter": beside, "sender": sender}
        time.sleep(SETTLES)
        before, begun = busy(children), time.monotonic()
        time.sleep(60 * minutes)
        spent = (busy(children) - before) / (time.monotonic() - begun)
        for name, one in children.items():
            print(f"  {name}: {pss(one.pid):.1f} MiB PSS, {rss(one.pid):.1f} MiB RSS")
        together = sum(pss(one.pid) for one in children.values())
        values = (ready, together, rss(child.pid), 100 * spent)
    return dict(zip(LIMITS, values, strict=True))


def main(minutes: float) -> int:
    """Measure, print and write."""
    if os.geteuid() != 0:
        print("bench agent: needs root, as the agent does", file=sys.stderr)
        return 2
    rows = []
    for what, ours in measured(minutes).items():
        limit, unit = LIMITS[what]
        ratio = round(ours / limit, 3)
        rows.append({"what": what, "ours": round(ours, 3), "peer": limit, "peer_name": "limit",
                     "unit": unit, "ratio": ratio, "limit": 1.0})  # fmt: skip
        print(f"{what:36} {ours:9.3f} {unit:12} of at most {limit}: {ratio}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {minutes} idle minutes"
    OUT.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    return int(any(row["ratio"] > row["limit"] for row in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev bench agent")
    parser.add_argument("--minutes", type=float, default=10, help="how long it is idle (10)")
    sys.exit(main(parser.parse_args().minutes))

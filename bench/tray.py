"""``./dev bench tray``: what the idle tray costs, against pystray's own icon with the same menu.

Ours is the whole of ``dossierwacht tray``: the icon on the desktop's bus, with a panel that took it
in and an agent that is asked. The peer does nothing but show pystray's xorg icon on a panel of the
older kind, with a menu as long, and asks nobody. Measured are memory, wake-ups and processor time
in a minute in which nothing happens, and the time from the start to the icon. A ratio above its
limit fails, and so does more memory than the goal.
"""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.buses import private_bus, services
from tests.displays import x_server
from tests.older_panel import XembedPanel
from tests.panels_on_bus import PanelOnBus
from tests.tray_agent import StatusAgent
from tests.vm.panels.processes import pss, rss, wakeups

OUT = Path("build/bench/tray.json")
MINUTE = 60.0
ROUNDS = 3
MOST_RSS = 45.0
"""MiB, whatever the peer takes."""
PATIENCE = 60.0
PEER = """
import sys
import pystray
from PIL import Image
icon = pystray.Icon("peer", Image.new("RGB", (64, 64), (17, 105, 78)), "peer", pystray.Menu(
    *(pystray.MenuItem(f"entry {number}", lambda *_: None) for number in range(10))))
icon.run()
"""


@dataclass(kw_only=True)
class Cost:
    """What one idle icon costs."""

    pss: float
    rss: float
    woken: int
    busy_ms: float
    seen: float


@contextlib.contextmanager
def ours(folder: Path, display: str) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """The tray on a bus with a panel that took it in, and the seconds that took."""
    agent = StatusAgent(folder / "control.sock")
    agent.start()
    command = [sys.executable, "-m", "agent", "tray", "--socket", str(agent.path)]
    with private_bus(folder / "bus") as bus, services(bus) as running:
        panel = PanelOnBus(running)
        environment = {"DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        try:
            with begun(command, environment, lambda: bool(panel.watcher.items)) as found:
                panel.get("IconPixmap")
                yield found
        finally:
            agent.stop()


@contextlib.contextmanager
def peer(folder: Path, display: str) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """pystray alone on a panel of the older kind."""
    command = [sys.executable, "-c", PEER]
    environment = {"DISPLAY": display, "PYSTRAY_BACKEND": "xorg"}
    with contextlib.closing(XembedPanel(display)) as panel:
        with begun(command, environment, lambda: panel.colour() == (17, 105, 78)) as found:
            yield found


@contextlib.contextmanager
def begun(
    command: list[str], environment: dict[str, str], seen: Callable[[], bool]
) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    start = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        while not seen():
            if process.poll() is not None or time.monotonic() - start > PATIENCE:
                raise OSError(f"no icon from {command[1:3]}")
            time.sleep(0.01)
        yield process, time.monotonic() - start
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


def measured(
    which: Callable[
        ..., "contextlib._GeneratorContextManager[tuple[subprocess.Popen[bytes], float]]"
    ],
    idle: float,
) -> Cost:
    """Start one and let it be for ``idle`` seconds."""
    with tempfile.TemporaryDirectory() as folder, x_server() as display:
        with which(Path(folder), display) as (process, seen):
            time.sleep(3)
            woken, busy = wakeups(process.pid), busy_ms(process.pid)
            time.sleep(idle)
            return Cost(
                pss=pss(process.pid),
                rss=rss(process.pid),
                woken=wakeups(process.pid) - woken,
                busy_ms=busy_ms(process.pid) - busy,
                seen=seen,
            )


def busy_ms(pid: int) -> float:
    """Processor time of all threads, in milliseconds."""
    return sum(
        int((thread / "schedstat").read_text().split()[0]) / 1e6
        for thread in Path(f"/proc/{pid}/task").iterdir()
    )


def middle(costs: list[Cost], name: str) -> float:
    values = sorted(float(getattr(cost, name)) for cost in costs)
    return round(values[len(values) // 2], 2)


ROWS = (
    ("memory, PSS", "pss", "MiB", 1.25),
    ("memory, RSS", "rss", "MiB", 1.25),
    ("wake-ups in an idle minute", "woken", "", 1.0),
    ("processor time in an idle minute", "busy_ms", "ms", 1.0),
    ("from start to icon", "seen", "s", 3.0),
)
"""What is told, of which fact, in what, and the greatest ratio that is fine."""


def row(
    what: str, name: str, unit: str, limit: float, mine: list[Cost], theirs: list[Cost]
) -> dict[str, object]:
    """One line of the result; nothing against nothing is a ratio of one."""
    a, b = middle(mine, name), middle(theirs, name)
    ratio = round(a / b, 3) if b else (1.0 if not a else float("inf"))
    return {
        "what": what,
        "ours": a,
        "peer": b,
        "peer_name": "pystray's xorg backend alone, asking nobody",
        "unit": unit,
        "ratio": ratio,
        "limit": limit,
    }


def main() -> int:
    """Measure in turn, print and write."""
    mine, theirs = [], []
    for number in range(ROUNDS):
        idle = MINUTE if number == 0 else 10.0
        mine.append(measured(ours, idle))
        theirs.append(measured(peer, idle))
    whole = {"woken": (mine[:1], theirs[:1]), "busy_ms": (mine[:1], theirs[:1])}
    rows = [row(*one, *whole.get(one[1], (mine, theirs))) for one in ROWS]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"rows": rows, "machine": machine}, indent=1), "utf-8")
    for one in rows:
        said = f"{one['ours']} against {one['peer']} {one['unit']}".rstrip()
        print(f"{one['what']}: {said}, ratio {one['ratio']} (limit {one['limit']})")
    print(f"peer: {rows[0]['peer_name']}; {ROUNDS} rounds, the first of a minute; {machine}")
    fine = all(float(str(one["ratio"])) <= float(str(one["limit"])) for one in rows)
    return 0 if fine and middle(mine, "rss") <= MOST_RSS else 1


if __name__ == "__main__":
    sys.exit(main())

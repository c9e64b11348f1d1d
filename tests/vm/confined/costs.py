"""What the agent costs in the laptop. Emulated: only ratios within one run mean anything."""

import json
import time

from tests.vm.confined.bench import Bench, Row
from tests.vm.laptop.product import AGENT

_PROCESSES = """\
import glob, json, os
told = {}
for unit in ("agent", "starter", "sender"):
    folder = f"/sys/fs/cgroup/system.slice/dossierwacht-{unit}.service"
    rss = pss = ticks = 0
    for pid in open(f"{folder}/cgroup.procs").read().split() if os.path.isdir(folder) else ():
        rows = dict(line.split(":") for line in list(open(f"/proc/{pid}/smaps_rollup"))[1:])
        rss += int(rows["Rss"].split()[0])
        pss += int(rows["Pss"].split()[0])
    cpu = 0
    if os.path.isdir(folder):
        cpu = int(open(f"{folder}/cpu.stat").readline().split()[1])
    told[unit] = {"rss": rss, "pss": pss, "cpu": cpu}
print(json.dumps(told))
"""


def starts(bench: Bench, row: Row) -> None:
    """From the start of the unit until it says that it is ready."""
    bench.product.start()
    words = "ExecMainStartTimestampMonotonic ActiveEnterTimestampMonotonic"
    begun, ready = (
        int(bench.laptop.sh(f"systemctl show -P {word} {AGENT}")) for word in words.split()
    )
    row.must(ready > begun, "it never said that it is ready")
    row.note = f"{(ready - begun) / 1e6:.1f} s in the guest"


def idle(bench: Bench, row: Row) -> None:
    """Memory, and processor time while nothing happens."""
    before, begun = _costs(bench), time.monotonic()
    time.sleep(60 * bench.idle)
    after, passed = _costs(bench), time.monotonic() - begun
    for unit, costs in after.items():
        spent = (costs["cpu"] - before[unit]["cpu"]) / 1e6
        row.note += f"{unit} rss {costs['rss'] >> 10} pss {costs['pss'] >> 10} MB"
        row.note += f", {100 * spent / passed:.2f} % of a core; " if bench.idle else "; "
    total = sum(costs["pss"] for costs in after.values())
    row.note += f"together pss {total >> 10} MB"
    row.must(0 < total < 60 << 10, f"more than 60 MB together: {total} kB")


def _costs(bench: Bench) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = json.loads(
        bench.laptop.sh("/usr/bin/python3 -", given=_PROCESSES.encode())
    )
    return told

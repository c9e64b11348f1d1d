"""What the confined agent has to be able to do, and what must not be refused to it."""

import base64
import json
import time
from collections.abc import Callable, Mapping

from tests.documents import roster
from tests.vm.confined.bench import DEVICE, Bench, Row, say
from tests.vm.confined.costs import idle, starts
from tests.vm.laptop.product import AGENT

MOST = {AGENT: 30, "dossierwacht-starter": 25, "dossierwacht-sender": 15}
PLACE = "/home/teacher/Downloads/groep 7.csv"
LARGE = "/home/teacher/Documents/everything.csv"
MEGABYTES = 12
REFUSED = (
    r"permission denied|not permitted|read-only file system|cross-device|traceback|"
    r"errno|failed with|SIGSYS|status=31"
)


def figure(bench: Bench, row: Row) -> None:
    """What systemd in the laptop makes of the units that run."""
    said = []
    for unit, most in MOST.items():
        words = f"systemd-analyze security --no-pager --threshold={most} {unit}"
        told = bench.laptop.tried(f"{words} | tail -1; exit ${{PIPESTATUS[0]}}")
        said.append(told.stdout.decode().strip().partition("level for ")[2])
        row.must(told.returncode == 0, f"{unit} is above {most / 10}")
    row.note = "; ".join(said)


def sealed(bench: Bench, row: Row) -> None:
    """A pupil file in a person's home is found and put away, and a note lies in its place."""
    last = bench.product.last()
    bench.save(PLACE, roster().encode())
    event = bench.told("pupil-file-found", last)
    row.must(event is not None, "not found")
    outcome = (event or {}).get("outcome") or {}
    row.note = f"{outcome.get('result')} {outcome.get('reason', '')}"
    row.must(outcome.get("result") == "done", f"not sealed: {outcome}")
    row.must(bench.laptop.tried(f"test -e '{PLACE}'").returncode != 0, "it still lies there")
    owners = bench.laptop.sh("stat -c '%U %n' /home/teacher/Downloads/*").splitlines()
    row.must(len(owners) == 1 and owners[0].startswith("teacher "), f"the note: {owners}")
    stage = bench.laptop.sh(
        "stat -c '%U %a' /home/.dossierwacht-stage; ls /home/.dossierwacht-stage"
    )
    row.must(stage.split() == ["root", "700"], f"the stage: {stage}")


def returned(bench: Bench, row: Row) -> None:
    """The officer's order brings it back, byte for byte, as the person's own."""
    last, key = bench.product.last(), bench.work / "officer.txt"
    key.write_text(f"{bench.officer}\n")
    (name,) = bench.laptop.sh("cd /var/lib/dossierwacht/vault; ls *.return.age").split()
    details = bench.work / name
    dump = f"base64 -w 0 /var/lib/dossierwacht/vault/{name}"
    details.write_bytes(base64.b64decode(bench.laptop.sh(dump)))
    words = ("--device", DEVICE, "--identity", str(key), "--key", str(bench.signing))
    order = say("order", "release", str(details), *words)
    bench.laptop.sh("cat >/run/lab/order.json", given=order.encode())
    bench.laptop.sh("dossierwacht order apply /run/lab/order.json")
    event = bench.told("file-returned", last, acted=False)
    row.must(event is not None, "nothing was returned")
    found = bench.laptop.tried(f"stat -c '%U' '{PLACE}'; cat '{PLACE}'")
    row.must(found.stdout == b"teacher\n" + roster().encode(), f"what came back: {found}")
    row.note = str((event or {}).get("facts", {}).get("how", ""))


def large(bench: Bench, row: Row) -> None:
    """A large file is put away as well: no limit of the unit ends the agent at it."""
    last = bench.product.last()
    body = roster().encode()
    bench.save(LARGE, body + b"x" * 79 + (b"\n" + b"x" * 79) * (MEGABYTES * 1024 * 1024 // 80))
    event = bench.told("pupil-file-found", last)
    outcome = (event or {}).get("outcome") or {}
    row.must(outcome.get("result") == "done", f"not sealed: {event}")
    peak = "cat /sys/fs/cgroup/system.slice/dossierwacht-agent.service/memory.peak || true"
    row.note = f"{MEGABYTES} MB; most memory of the unit {bench.laptop.sh(peak).strip()} bytes"


def closed(bench: Bench, row: Row) -> None:
    """The home that everybody could look into when the agent came is closed."""
    event = bench.told("home-open", 0)
    row.must(event is not None, "nobody saw it")
    mode = bench.laptop.sh("stat -c %a /home/teacher").strip()
    row.must(mode.endswith("0"), f"it is {mode}: {(event or {}).get('outcome')}")
    row.note = f"mode {mode}"


def locked(bench: Bench, row: Row) -> None:
    """Whoever walks away has their screen locked, by somebody who acts in their place."""
    bench.laptop.sh("as-staff -b lab-locker xss-lock -- i3lock -n -c 16323f; sleep 5")
    told = bench.laptop.tried("as-staff dossierwacht lock", timeout=120)
    row.note = (told.stdout + told.stderr).decode().strip()
    row.must(told.returncode == 0, f"not locked: {row.note}")
    seen = bench.laptop.sh("cat /proc/$(pgrep -x i3lock)/cgroup; pgrep -x i3lock | wc -l")
    row.must("user@1000" in seen and "system.slice" not in seen, f"who runs the locker: {seen}")
    bench.laptop.sh("pkill -x i3lock; true")


def healthy(bench: Bench, row: Row) -> None:
    """Nothing to look at, but that no collector can be reached in the lab."""
    time.sleep(5)
    told = json.loads(bench.laptop.tried("dossierwacht doctor --json").stdout)
    bad = [check for check in _checks(told) if not check.get("fine", check.get("ok", True))]
    names = {str(check.get("name", check.get("what"))) for check in bad}
    row.must(names <= {"collector"}, f"doctor: {bad}")
    row.must(bool(list(_checks(told))), f"doctor says nothing: {told}")
    failed = bench.laptop.sh("systemctl list-units --failed --no-legend 'dossierwacht*'").strip()
    row.must(not failed, f"failed: {failed}")
    row.note = f"to look at: {', '.join(sorted(names)) or 'nothing'}"


def unrefused(bench: Bench, row: Row) -> None:
    """No word in the units' log of anything that was refused."""
    log = bench.laptop.sh("journalctl -b --no-pager -o cat -u 'dossierwacht*'")
    hits = bench.laptop.tried(
        f"journalctl -b --no-pager -o cat -u 'dossierwacht*' | grep -iE '{REFUSED}'"
    ).stdout.decode()
    row.must(not hits, f"the log: {hits[-600:]}")
    row.must("the agent runs" in log, "there is no log")
    lost = [e["facts"] for e in bench.product.events() if e["kind"] == "coverage-lost"]
    row.must(not lost, f"coverage lost: {lost}")
    restarts = bench.laptop.sh(f"systemctl show -P NRestarts {AGENT}").strip()
    row.must(restarts == "0", f"{restarts} restarts")
    row.note = f"{len(log.splitlines())} lines"


def _checks(told: object) -> list[Mapping[str, object]]:
    rows = (
        told if isinstance(told, list) else told.get("checks", []) if isinstance(told, dict) else []
    )
    return [row for row in rows if isinstance(row, dict)]


CASES: dict[str, Callable[[Bench, Row], None]] = {
    "figure": figure,
    "start": starts,
    "sealed": sealed,
    "returned": returned,
    "large": large,
    "closed": closed,
    "locked": locked,
    "healthy": healthy,
    "idle": idle,
    "unrefused": unrefused,
}

__all__ = ["CASES", "Bench", "Row"]

"""``./dev bench scan``: looking through a home, against the tools one would take for it.

    ./dev bench scan [--files N] [--rounds N] [--seed N] [--keep DIR] [--without-peers]
                     [--with-presidio]

Makes a tree of which the truth is known (``_tree``), then runs this product and each peer in turn,
round after round, each as a process of its own; ratios are of one round, so that they hold while
the machine's speed drifts. Processor time counts children. A peer that is not installed is named
with its packages and gets no ratio. 20000 files are the whole tree: 2.4 GB. The detector alone is
measured against Presidio (``_detector``), and how soon a saved file is judged (``_latency``).
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._detector import detector, install
from bench._latency import latency
from bench._peers import FIND, PEERS, Peer

TENTH_FROM = 5000
"""Files from which on a slow peer, and we beside it, get every tenth file only."""

SWEEPS = 7
"""Pairs of a second sweep and a listing; they are short."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One process: seconds of processor time and by the clock, and what it printed."""

    cpu: float
    wall: float
    output: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """A folder to look through, and which of its files are about pupils."""

    home: Path
    files: int
    bytes: int
    pupil: frozenset[str]


def run(command: Sequence[str]) -> Run:
    """Run a command to its end. Its exit code says what it found, so any is taken."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        wall = time.perf_counter() - began
        output.seek(0)
        return Run(
            cpu=used.ru_utime + used.ru_stime,
            wall=wall,
            output=output.read(),
        )


def ours(tree: Tree, state: str = "-", workers: int = 1) -> tuple[Run, dict[str, Any]]:
    """A sweep by this product."""
    done = run([sys.executable, "-m", "bench._sweep", str(tree.home), state, str(workers)])
    if not done.output:
        raise SystemExit("the sweep failed; run `python -m bench._sweep` by hand to see why")
    return done, json.loads(done.output)


def make_tree(home: Path, files: int, seed: int) -> Tree:
    """Write the tree, in a process of its own: it holds much, and all who come after would too."""
    if not home.exists():
        say(f"making a tree of {files} files")
        made = [sys.executable, "-m", "bench._tree", str(home), str(files), str(seed)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
    truth = json.loads(home.with_name(f"{home.name}.truth.json").read_text("utf-8"))
    return Tree(
        home=home,
        files=truth["files"],
        bytes=truth["bytes"],
        pupil=frozenset(str(home / path) for path in truth["pupil"]),
    )


def tenth(tree: Tree, home: Path) -> Tree:
    """Every tenth file of a tree and every tenth of its pupil files, as hard links."""
    files = sorted(path for path in tree.home.rglob("*") if path.is_file())
    plain = [path for path in files if str(path) not in tree.pupil][::10]
    pupil = sorted(map(Path, tree.pupil))[::10]
    for path in (*plain, *pupil):
        target = home / path.relative_to(tree.home)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
    return Tree(
        home=home,
        files=len(plain) + len(pupil),
        bytes=sum(path.stat().st_size for path in (*plain, *pupil)),
        pupil=frozenset(str(home / path.relative_to(tree.home)) for path in pupil),
    )


def against(tree: Tree, peers: Sequence[Peer], rounds: int, scratch: Path) -> list[Row]:
    """A full sweep with one worker beside each peer, in turn."""
    mine: list[tuple[Run, dict[str, Any]]] = []
    theirs: dict[str, list[Run]] = {peer.name: [] for peer in peers}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}: this product")
        mine.append(ours(tree))
        for peer in peers:
            say(f"round {number + 1} of {rounds}: {peer.name}")
            theirs[peer.name].append(run(peer.command(tree.home, scratch)))
    rows: list[Row] = []
    runs = [each for each, _ in mine]
    for peer in peers:
        pairs = list(zip(runs, theirs[peer.name], strict=True))
        label = f"full sweep of {tree.files} files, 1 worker"
        rows.append(compared(label, peer.name, "CPU s", [(a.cpu, b.cpu) for a, b in pairs]))
        rows.append(compared(label, peer.name, "s", [(a.wall, b.wall) for a, b in pairs]))
        if peer.found is not None:
            rows += sense(tree, mine[-1][1]["found"], peer.found(pairs[-1][1].output), peer.name)
    return rows


def sense(tree: Tree, mine: Sequence[str], theirs: Sequence[str], name: str) -> list[Row]:
    """How many pupil files were found, and how many others."""
    counts = [(len(tree.pupil & set(each)), len(set(each) - tree.pupil)) for each in (mine, theirs)]
    unit = f"of {len(tree.pupil)}"
    return [
        compared("pupil files found", name, unit, [(counts[0][0], counts[1][0])]),
        compared("other files flagged", name, "files", [(counts[0][1], counts[1][1])]),
    ]


def alone(tree: Tree) -> list[Row]:
    """What has no peer: two workers against one, and the memory of each part."""
    one, said = ours(tree)
    two, _ = ours(tree, workers=2)
    return [
        compared("full sweep, 2 workers", "1 worker", "s", [(two.wall, one.wall)]),
        compared("full sweep, 2 workers", "1 worker", "CPU s", [(two.cpu, one.cpu)]),
        compared("largest worker", None, "MB", [(said["worker_mb"], None)]),
        compared("main process", None, "MB", [(said["main_mb"], None)]),
        compared("found", None, f"of {len(tree.pupil)}",
                 [(len(tree.pupil & set(said["found"])), None)]),
        compared("flagged wrongly", None, f"of {tree.files - len(tree.pupil)}",
                 [(len(set(said["found"]) - tree.pupil), None)]),
    ]  # fmt: skip


def again(tree: Tree, scratch: Path) -> list[Row]:
    """A sweep over unchanged files, against listing them."""
    state = scratch / "state"
    state.mkdir()
    ours(tree, str(state))
    pairs = [(ours(tree, str(state)), run(FIND.command(tree.home, scratch))) for _ in range(SWEEPS)]
    return [
        compared("second sweep, in a running agent", FIND.name, "CPU s",
                 [(said["cpu"], find.cpu) for (_, said), find in pairs]),
        compared("second sweep, starting Python included", FIND.name, "CPU s",
                 [(done.cpu, find.cpu) for (done, _), find in pairs]),
    ]  # fmt: skip


def compared(
    what: str, peer: str | None, unit: str, pairs: Sequence[tuple[float, float | None]]
) -> Row:
    """One row: the medians, and the median of the ratios of each pair."""
    ratios = [mine / other for mine, other in pairs if other]
    others = [other for _, other in pairs if other is not None]
    return {
        "what": what,
        "ours": round(statistics.median(mine for mine, _ in pairs), 3),
        "peer": round(statistics.median(others), 3) if others else None,
        "peer_name": peer,
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3) if ratios else None,
    }


def show(rows: Sequence[Row]) -> None:
    for row in rows:
        peer = "-" if row["peer"] is None else f"{row['peer']:g}"
        ratio = "no ratio" if row["ratio"] is None else f"{row['ratio']:g}x"
        print(f"{row['what']:<52} {row['ours']:>10g} {peer:>10} {row['unit']:<9} {ratio:>9}"
              f"  {row['peer_name'] or ''}")  # fmt: skip


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(
    tree: Tree, peers: Sequence[Peer], rounds: int, scratch: Path, presidio: Path
) -> list[Row]:
    """Everything, as rows."""
    rows = alone(tree) + again(tree, scratch)
    say("how soon a saved file is judged; the detector alone")
    rows += latency(scratch / "saved") + detector(tree.home, presidio, rounds)
    quick = [peer for peer in peers if not peer.slow]
    rows += against(tree, quick, rounds, scratch) if quick else []
    for peer in (peer for peer in peers if peer.slow):
        part = tree if tree.files < TENTH_FROM else tenth(tree, scratch / "tenth")
        rows += against(part, [peer], 1, scratch)
    return rows


def absent(peers: Sequence[Peer], tell: Callable[[str], None]) -> list[Row]:
    """Rows without a ratio for the peers that are not installed, and how to install them."""
    rows = []
    for peer in peers:
        if peer.missing():
            tell(f"not measured: {peer.name}; apt-get install {' '.join(peer.missing())}")
            rows.append({"what": "not measured: not installed", "ours": None, "peer": None,
                         "peer_name": peer.name, "unit": "", "ratio": None})  # fmt: skip
    return rows


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench scan")
    parser.add_argument("--files", type=int, default=2000, help="20000 is the whole tree")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261103)
    parser.add_argument("--keep", type=Path, help="make the tree here and leave it for next time")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--with-presidio", action="store_true", help="install that peer by pip")
    parser.add_argument("--out", type=Path, default=Path("build/bench/scan.json"))
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Make, measure, print, write."""
    given = options(words)
    wanted = () if given.without_peers else PEERS
    peers = [peer for peer in wanted if not peer.missing()]
    gone = absent(wanted, say)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    presidio = given.out.parent / "presidio-venv"
    if given.with_presidio:
        install(presidio)
    scratch = Path(tempfile.mkdtemp(prefix="scan-", dir=given.out.parent))
    try:
        home = (given.keep or scratch / "home").absolute()
        tree = make_tree(home, given.files, given.seed)
        rows = measure(tree, peers, given.rounds, scratch.absolute(), presidio)
    finally:
        shutil.rmtree(scratch)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    body = {"rows": rows + gone, "machine": machine, "files": tree.files, "bytes": tree.bytes}
    given.out.write_text(json.dumps(body, indent=1), "utf-8")
    show(rows)
    for row in gone:
        print(f"{row['what']}: {row['peer_name']}")
    print(
        f"{tree.files} files, {tree.bytes / 1e6:.0f} MB, {len(tree.pupil)} about pupils; {machine}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``./dev bench strangers [FOLDER...]``: false alarms on files that nobody planted.

    ./dev bench strangers [--fetch] [--workers N] [FOLDER...]

Looks through folders in which there is no pupil and counts what is taken for a pupil file. Without
a FOLDER: /usr/share, and what ``--fetch`` unpacked of some sixty Debian packages with handbooks,
help, office documents and texts, Dutch and Danish ones among them. They are not installed. Each
false alarm is listed; ``dossierwacht scan --explain --show FILE`` says what decided.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.commands.scan import Line, scan
from collectors.recognise.verdict import Judgement

GOAL = 1.0
"""False alarms in ten thousand files, at most."""
PACKAGES = Path(__file__).resolve().with_suffix(".txt")
TREE = Path("build/bench/strangers/tree")
OUT = Path("build/bench/strangers.json")

Row = dict[str, Any]


def fetch(tree: Path) -> None:
    """Unpack every package that is not there yet, without installing it."""
    lines = PACKAGES.read_text("utf-8").splitlines()
    for package in (line for line in lines if not line.startswith("#")):
        target = tree / package
        if target.exists():
            continue
        load = tree.parent / "deb"
        load.mkdir(parents=True, exist_ok=True)
        tree.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=load, check=False,
                       capture_output=True)  # fmt: skip
        for file in load.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(file), str(target)], check=True)
            file.unlink()
        say(f"unpacked {package}" if target.exists() else f"no such package here: {package}")


def looked_through(folders: Sequence[Path], workers: int) -> list[Line]:
    """The verdict on every file."""
    found: list[Line] = []
    began = time.monotonic()

    def tell(count: object) -> None:
        if len(found) % 5000 == 0 and found:
            say(f"{len(found)} files in {time.monotonic() - began:.0f} s")

    scan([str(folder) for folder in folders], workers, None, found.append, tell)
    return found


def rows(lines: Sequence[Line]) -> list[Row]:
    """The rate of false alarms against the goal, and what could not be read, by reason."""
    false = len(alarms(lines))
    rate = false * 10_000 / max(1, len(lines))
    unread = Counter(line.verdict.reason for line in lines if line.verdict.reason != "none")
    return [
        row("files that nobody planted", len(lines), None, "files"),
        row("taken for pupil files", false, None, "files"),
        row("false alarms in 10,000 files", round(rate, 3), GOAL, "files"),
        *(row(f"unreadable: {reason}", n, None, "files") for reason, n in unread.most_common()),
    ]


def row(what: str, ours: float, limit: float | None, unit: str) -> Row:
    return {"what": what, "ours": ours, "peer": limit, "peer_name": "limit" if limit else None,
            "unit": unit, "ratio": round(ours / limit, 3) if limit else None}  # fmt: skip


def alarms(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.verdict.verdict is Judgement.PUPIL]


def shown(lines: Sequence[Line]) -> Iterator[str]:
    """Each false alarm: its path, and what spoke for it."""
    for line in alarms(lines):
        verdict = line.verdict
        yield f"{line.path}: {verdict.kind}, {verdict.score:.2f}, {' '.join(verdict.evidence)}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench strangers")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--fetch", action="store_true", help="unpack the packages first")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Look through, list, write; exit 1 if there are more false alarms than the goal allows."""
    given = options(words)
    if given.fetch:
        fetch(TREE)
    standard = [Path("/usr/share"), *([TREE] if TREE.exists() else [])]
    lines = looked_through(given.folders or standard, given.workers)
    table = rows(lines)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    body = {"rows": table, "machine": machine, "false_alarms": list(shown(lines))}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(body, indent=1), "utf-8")
    for text in body["false_alarms"]:
        print(text)
    for each in table:
        limit = f"  (at most {each['peer']:g})" if each["peer"] else ""
        print(f"{each['what']:<40} {each['ours']:>10g}{limit}")
    rate = table[2]["ours"]
    return 0 if lines and rate <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

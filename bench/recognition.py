"""``./dev bench recognition``: which files it takes for pupil files, beside two simple recognisers.

    ./dev bench recognition [--set NAME] [--seed N] [--keep DIR] [--misses N] [--out FILE]

Writes a set of invented files of which the truth is known (``bench/corpora``), has `dossierwacht
scan` judge each, and counts. The baselines read the text the files were made from. A share stands
with its Wilson interval of 95 %, since a set is only a sample of what lies on laptops.
"""

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import corpora
from bench._scoring import BASELINES, Score, Verdict, right, score, wilson
from bench.corpora.sample import Sample
from bench.corpora.writing import write

Row = dict[str, Any]
UNTOLD = Verdict(pupil=False, readable=False)
"""Of a file about which the product said nothing."""


def write_all(samples: Sequence[Sample], home: Path, seed: int) -> list[Path]:
    """Each sample as a file in a folder of its own, since names repeat."""
    chance = random.Random(seed)
    paths = []
    for number, sample in enumerate(samples):
        made = write(sample, chance)
        folder = home / f"{number:04}"
        folder.mkdir(parents=True)
        path = folder / made.name
        path.write_bytes(made.content)
        paths.append(path)
    return paths


def judged(program: Path, home: Path) -> dict[Path, Verdict]:
    """What the product says about each file below a folder."""
    command = [str(program), "scan", "--jsonl", str(home)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        raise SystemExit(f"{program} scan said nothing (exit code {done.returncode})")
    lines = (json.loads(line) for line in done.stdout.decode().splitlines())
    return {Path(line["path"]): read_verdict(line) for line in lines}


def read_verdict(line: dict[str, Any]) -> Verdict:
    return Verdict(
        pupil=line["verdict"] == "pupil",
        persons=(line["persons_min"], line["persons_max"]),
        readable=line["verdict"] != "unreadable",
    )


def compared(what: str, unit: str, ours: float, peer: float | None, name: str | None) -> Row:
    return {
        "what": what, "ours": round(ours, 4), "peer": None if peer is None else round(peer, 4),
        "peer_name": name, "unit": unit, "ratio": round(ours / peer, 3) if peer else None,
    }  # fmt: skip


def rows_of(mine: Score, others: dict[str, Score], verdicts: Sequence[Verdict]) -> list[Row]:
    """Everything measured, beside each baseline."""
    rows = []
    for name, other in others.items():
        counts = other.in_range_share if other.counted else None
        rows += [
            compared("recall", "share", mine.recall, other.recall, name),
            compared("precision", "share", mine.precision, other.precision, name),
            compared("F1", "share", mine.f1, other.f1, name),
            compared("pupil files missed", "files", mine.missed, other.missed, name),
            compared("clean files flagged", "files", mine.alarms, other.alarms, name),
            compared("persons in range", "of hits", mine.in_range_share, counts, name),
        ]
    silent = sum(each is UNTOLD for each in verdicts)
    unread = sum(not each.readable for each in verdicts) - silent
    return [
        *rows,
        compared("unreadable", "files", unread, None, None),
        compared("without a verdict", "files", silent, None, None),
    ]


def by_class(samples: Sequence[Sample], told: dict[str, Sequence[Verdict]]) -> dict[str, Row]:
    """For each class: its label, how many files, and how many each recogniser got right."""
    table: dict[str, Row] = {}
    for number, sample in enumerate(samples):
        row = table.setdefault(
            sample.kind, {"label": sample.label, "files": 0, **dict.fromkeys(told, 0)}
        )
        row["files"] += 1
        for name, verdicts in told.items():
            row[name] += right(sample, verdicts[number])
    return dict(sorted(table.items(), key=lambda each: (each[1]["label"], each[0])))


def show_score(name: str, told: Score) -> None:
    recall = wilson(told.hits, told.hits + told.missed)
    precision = wilson(told.hits, told.hits + told.alarms)
    persons = f"{told.in_range_share:.1%} of {told.counted}" if told.counted else "-"
    print(
        f"{name:<16} recall {told.recall:6.1%} [{recall[0]:.1%} - {recall[1]:.1%}]  "
        f"precision {told.precision:6.1%} [{precision[0]:.1%} - {precision[1]:.1%}]  "
        f"F1 {told.f1:.3f}  persons in range {persons}"
    )


def show_classes(table: dict[str, Row]) -> None:
    names = [name for name in next(iter(table.values())) if name not in ("label", "files")]
    print(f"\n{'class':<36}{'label':<7}{'files':>6}" + "".join(f"{name:>16}" for name in names))
    for kind, row in table.items():
        cells = "".join(f"{row[name]:>16}" for name in names)
        print(f"{kind:<36}{row['label']:<7}{row['files']:>6}{cells}")


def show_misses(
    samples: Sequence[Sample], verdicts: Sequence[Verdict], paths: Sequence[Path], most: int
) -> None:
    """The files it got wrong, at most so many of each class."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for sample, verdict, path in zip(samples, verdicts, paths, strict=True):
        if not right(sample, verdict):
            said = spoken(verdict)
            wrong[sample.kind].append(f"{said:<11}{sample.language}  {path}")
    for kind, lines in sorted(wrong.items()):
        print(f"\n{kind}: {len(lines)} wrong")
        print("\n".join(f"  {line}" for line in lines[:most]))


def spoken(verdict: Verdict) -> str:
    if verdict is UNTOLD:
        return "no verdict"
    return "pupil" if verdict.pupil else "clean" if verdict.readable else "unreadable"


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench recognition")
    parser.add_argument("--set", choices=corpora.present(), default="second")
    parser.add_argument("--seed", type=int, default=20261116)
    parser.add_argument("--files", type=int, help="only the first so many (they are shuffled)")
    parser.add_argument("--keep", type=Path, help="write the files here and leave them")
    parser.add_argument("--misses", type=int, default=0, help="name so many errors of each class")
    parser.add_argument("--out", type=Path, default=Path("build/bench/recognition.json"))
    program = Path(sys.executable).with_name("dossierwacht")
    parser.add_argument("--program", type=Path, default=program, help="what judges the files")
    return parser.parse_args(words)


def measure(given: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Write, judge, print."""
    samples = corpora.of(given.set, given.seed)[: given.files]
    paths = write_all(samples, home, given.seed)
    said = judged(given.program, home)
    mine = [said.get(path, UNTOLD) for path in paths]
    told: dict[str, Sequence[Verdict]] = {"ours": mine}
    told |= {name: [judge(s.rows) for s in samples] for name, judge in BASELINES.items()}
    scores = {name: score(samples, verdicts) for name, verdicts in told.items()}
    for name, each in scores.items():
        show_score(name, each)
    table = by_class(samples, told)
    show_classes(table)
    if given.misses:
        show_misses(samples, mine, paths, given.misses)
    others = {name: scores[name] for name in BASELINES}
    rows = rows_of(scores["ours"], others, mine)
    return {"rows": rows, "by_class": table, "intervals": intervals(scores)}


def intervals(scores: dict[str, Score]) -> dict[str, Row]:
    return {
        name: {
            "recall": wilson(each.hits, each.hits + each.missed),
            "precision": wilson(each.hits, each.hits + each.alarms),
        }
        for name, each in scores.items()
    }


def main(words: Sequence[str]) -> int:
    given = options(words)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if given.keep and given.keep.exists() and any(given.keep.iterdir()):
        raise SystemExit(f"{given.keep} is not empty; name a folder to make, or empty it")
    scratch = Path(tempfile.mkdtemp(prefix="recognition-", dir=given.out.parent))
    try:
        body = measure(given, (given.keep or scratch).resolve())
    finally:
        shutil.rmtree(scratch)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    body |= {"machine": machine, "set": given.set, "seed": given.seed}
    given.out.write_text(json.dumps(body, indent=1), "utf-8")
    print(f"\nset {given.set}, seed {given.seed}; {machine}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

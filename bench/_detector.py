"""The detector alone, on text that is already out of its documents, against Presidio.

Presidio is heavy and no part of this project: ``--with-presidio`` installs it into build, and
without it the row says so and has no ratio. Each side gets whole texts from the same tree; the
peer, being slow, a few of them, and the ratio is of megabytes a second in the same round.
"""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from collectors.recognise.budget import Budget, Limits, Part
from collectors.recognise.extract import parts
from collectors.recognise.formats import tell
from collectors.recognise.judge import weigh_text
from collectors.recognise.verdict import Reason

HERE = Path(__file__).resolve().parent
NAME = "presidio-analyzer, expressions only"
OURS, THEIRS = 4_000_000, 100_000
"""Letters that each side looks through."""
_TODAY = date(2026, 11, 2)


def install(venv: Path) -> None:
    """Presidio in an environment of its own, of the versions in presidio.txt."""
    if not (venv / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    wanted = ["-r", str(HERE / "presidio.txt")]
    quiet = ["-q", "--disable-pip-version-check", "--no-input"]
    subprocess.run([str(venv / "bin/pip"), "install", *quiet, *wanted], check=True)


def detector(home: Path, venv: Path, rounds: int) -> list[dict[str, Any]]:
    """A row with the speed of both, or with ours alone."""
    texts = list(_up_to(OURS, _texts(home)))
    few = list(_up_to(THEIRS, (part.text for part in texts)))
    pairs = []
    for _ in range(rounds):
        theirs = _theirs(venv, few)
        pairs.append((_ours(texts), theirs))
    return [row(pairs)]


def row(pairs: Sequence[tuple[float, float | None]]) -> dict[str, Any]:
    """Medians by the best of the rounds; larger is better."""
    mine = max(own for own, _ in pairs)
    others = [other for _, other in pairs if other]
    ratios = sorted(own / other for own, other in pairs if other)
    return {
        "what": "detector on extracted text, 1 core (more is better)",
        "ours": round(mine, 3),
        "peer": round(max(others), 5) if others else None,
        "peer_name": NAME,
        "unit": "MB/s",
        "ratio": round(ratios[len(ratios) // 2], 1) if ratios else None,
    }


def _texts(home: Path) -> Iterator[Part]:
    for path in sorted(home.rglob("*")):
        if path.is_file():
            file = io.BytesIO(path.read_bytes())
            found = parts(file, tell(file), Budget(Limits()))
            yield from (part for part in found if part.problem is Reason.NONE and part.text)


def _up_to(letters: int, texts: Iterator[Any]) -> Iterator[Any]:
    for text in texts:
        yield text
        letters -= len(text.text if isinstance(text, Part) else text)
        if letters <= 0:
            return


def _ours(texts: Sequence[Part]) -> float:
    weigh_text(texts[0], _TODAY)
    size = sum(len(part.text.encode()) for part in texts)
    began = time.process_time()
    for part in texts:
        weigh_text(part, _TODAY)
    return size / (time.process_time() - began) / 1e6


def _theirs(venv: Path, texts: Sequence[str]) -> float | None:
    python = venv / "bin/python"
    if not python.exists():
        return None
    done = subprocess.run(
        [str(python), str(HERE / "_presidio.py")],
        input=json.dumps(texts), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"presidio failed: {done.stderr[-500:]}", file=sys.stderr)
        return None
    seconds = json.loads(done.stdout)["seconds"]
    return float(sum(len(text.encode()) for text in texts) / seconds / 1e6)

"""The packages of the lab, each made by ``installer/build-deb`` as anybody would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OLD, NEW = "0.1.0", "0.1.1"
PARTS = ("agent", "collectors", "enforcement", "installer", "locks")
FILES = ("pyproject.toml", "CHANGELOG.md", "LICENSE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Builds:
    """``again`` is ``old`` once more, of a copy of the source in another folder."""

    old: Path
    again: Path
    new: Path


def make(work: Path) -> Builds:
    """Make all three. Raises CalledProcessError."""
    epoch = {"SOURCE_DATE_EPOCH": "1764000000"}
    other = work / "a copy" / "of the source"
    _copied(other)
    elsewhere = epoch | {"TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(work)}
    return Builds(
        old=_built(ROOT, work / "old", OLD, epoch),
        again=_built(other, work / "again", OLD, elsewhere),
        new=_built(ROOT, work / "new", NEW, epoch),
    )


def _built(source: Path, out: Path, version: str, more: Mapping[str, str]) -> Path:
    done = subprocess.run(
        [source / "installer" / "build-deb", "agent", out],
        env={**os.environ, "VERSION": version, "PYTHON": sys.executable, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return source / done.stdout.strip().splitlines()[-1]


def _copied(other: Path) -> None:
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir(parents=True)
    without = shutil.ignore_patterns("__pycache__")
    for name in PARTS:
        shutil.copytree(ROOT / name, other / name, ignore=without)
    for name in FILES:
        shutil.copy(ROOT / name, other / name)

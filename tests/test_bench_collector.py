"""The measuring tool itself: what it sends is taken, and no missing peer is a win."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import _collector_relp as relp
from bench import collector
from bench._collector_ingest import round_of
from bench._collector_rush import beside_a_rogue, percentile, rush

ROOT = Path(__file__).resolve().parent.parent


def test_a_round_puts_the_same_events_into_both(tmp_path: Path) -> None:
    mine, peer = round_of(2, 2, tmp_path, batch=5)
    assert mine.events == peer.events == 20
    assert min(mine.wall, mine.cpu, peer.wall) > 0


def test_every_laptop_of_a_rush_gets_its_events_in(tmp_path: Path) -> None:
    done = rush(12, tmp_path)
    assert (done.laptops, done.lost, done.without_word) == (12, 0, 0)
    assert done.p99 > 0 and done.memory > 10


@pytest.mark.parametrize("kind", ["same", "false"])
def test_others_are_answered_beside_a_rogue(kind: str, tmp_path: Path) -> None:
    done = beside_a_rogue(tmp_path, kind, seconds=1, others=2)
    assert done.answered == 2
    assert done.asked_of_rogue > 0


def test_a_register_of_three_is_shown(tmp_path: Path) -> None:
    words = ["--only", "register", "--entries", "3", "--events", "5"]
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "bench/collector.py"), *words, "--out", str(out)],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # as ./dev bench does
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text("utf-8"))["rows"]
    assert {"what", "ours", "peer", "peer_name", "unit", "ratio"} == set(rows[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_peer_that_is_not_installed_is_no_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relp.shutil, "which", lambda _: None)
    (row,) = collector.single(1, tmp_path)
    assert row["ratio"] is None
    assert row["peer_name"].startswith("not run: rsyslog is not installed")


def test_the_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0
    assert percentile([1.0] * 99 + [9.0], 50) == 1.0

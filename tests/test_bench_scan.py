"""The measuring tool itself: its tree is true and repeatable, and no missing peer is a win."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import scan, strangers
from bench._detector import detector
from bench._detector import row as speeds
from bench._latency import latency
from bench._peers import PEERS, Peer
from bench._tree import build

ROOT = Path(__file__).resolve().parent.parent
FILES = 60


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("bench")
    words = ["--files", str(FILES), "--without-peers", "--out", str(folder / "scan.json")]
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "bench/scan.py"), *words],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # as ./dev bench does
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["scan.json"]
    return json.loads((folder / "scan.json").read_text("utf-8"))


def row(measured: dict, what: str) -> dict:
    return next(each for each in measured["rows"] if each["what"].startswith(what))


def test_a_small_run_measures_this_product_alone(measured: dict) -> None:
    assert {"what", "ours", "peer", "peer_name", "unit", "ratio"} == set(measured["rows"][0])
    assert 0 < row(measured, "found")["ours"] <= 8
    assert row(measured, "largest worker")["ours"] > 10
    assert row(measured, "full sweep, 2 workers")["ratio"] > 0
    assert row(measured, "second sweep, in a running agent")["peer_name"] == "find -printf"


def test_the_same_seed_makes_the_same_tree_and_another_a_different_one(tmp_path: Path) -> None:
    made = [build(tmp_path / str(n), FILES, seed) for n, seed in enumerate((1, 1, 2))]
    read = [
        {path.relative_to(tmp_path / str(n)): path.stat().st_size
         for path in (tmp_path / str(n)).rglob("*") if path.is_file()}
        for n in range(3)
    ]  # fmt: skip
    assert made[0] == made[1] and read[0] == read[1]
    assert made[0] != made[2] and read[0] != read[2]
    assert made[0].files == len(read[0]) and made[0].bytes == sum(read[0].values())
    assert not set(made[0].pupil) & set(made[0].decoys)
    assert set(made[0].pupil) | set(made[0].decoys) <= {str(path) for path in read[0]}


def test_a_missing_peer_is_named_with_its_packages_and_wins_or_loses_nothing() -> None:
    peer = Peer(
        name="a tool", programs=["no-such-program"], packages=["no-such-package"],
        command=lambda home, scratch: [],
    )  # fmt: skip
    told: list[str] = []
    (row,) = scan.absent([peer], told.append)
    assert row["ratio"] is None and row["peer_name"] == "a tool"
    assert told == ["not measured: a tool; apt-get install no-such-package"]
    assert all(peer.packages and peer.programs for peer in PEERS)


def test_ratios_are_of_one_round_and_a_peer_that_found_nothing_gives_none() -> None:
    row = scan.compared("x", "peer", "s", [(1.0, 1.0), (10.0, 2.0), (3.0, 1.0)])
    assert (row["ours"], row["peer"], row["ratio"]) == (3.0, 1.0, 3.0)
    assert scan.compared("x", "peer", "files", [(5, 0)])["ratio"] is None


def test_a_tenth_of_a_tree_keeps_a_tenth_of_its_pupil_files(tmp_path: Path) -> None:
    truth = build(tmp_path / "home", FILES, 3)
    tree = scan.Tree(
        home=tmp_path / "home", files=truth.files, bytes=truth.bytes,
        pupil=frozenset(str(tmp_path / "home" / path) for path in truth.pupil),
    )  # fmt: skip
    part = scan.tenth(tree, tmp_path / "tenth")
    assert len(part.pupil) == 1 and all(Path(path).is_file() for path in part.pupil)
    assert part.files == sum(path.is_file() for path in part.home.rglob("*"))


def test_how_soon_a_saved_file_is_judged_is_measured_against_a_limit(tmp_path: Path) -> None:
    rows = latency(tmp_path / "saved", warm=2, cold=1, again=1)
    assert [row["peer"] for row in rows] == [10.0, 10.0, 200.0, 200.0, None, None]
    assert all(row["ours"] > 0 and row["unit"] == "ms" for row in rows)
    assert rows[0]["ratio"] == pytest.approx(rows[0]["ours"] / 10, abs=0.001)


def test_without_presidio_the_detector_has_a_speed_and_no_ratio(tmp_path: Path) -> None:
    build(tmp_path / "home", FILES, 3)
    (row,) = detector(tmp_path / "home", tmp_path / "no-venv", 1)
    assert row["ours"] > 0 and row["peer"] is None and row["ratio"] is None
    faster = speeds([(20.0, 0.01), (10.0, 0.01)])
    assert (faster["ours"], faster["ratio"]) == (20.0, 2000.0)


def test_strangers_are_counted_and_each_false_alarm_is_listed(tmp_path: Path) -> None:
    truth = build(tmp_path / "home", FILES, 3)
    out = tmp_path / "strangers.json"
    assert strangers.main([str(tmp_path / "home"), "--workers", "1", "--out", str(out)]) == 1
    body = json.loads(out.read_text("utf-8"))
    assert body["rows"][0]["ours"] == truth.files
    assert body["rows"][1]["ours"] == len(body["false_alarms"]) > 0
    (tmp_path / "none").mkdir()
    (tmp_path / "none/a.txt").write_text("niets", "utf-8")
    assert strangers.main([str(tmp_path / "none"), "--out", str(out)]) == 0

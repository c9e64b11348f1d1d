"""The developers' door answers plainly, also when it is asked for what it does not have."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def dev(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "dev"), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    answer = dev("help")
    assert answer.returncode == 0
    for word in ("demo", "test", "check", "bench", "lab", "lock", "setup"):
        assert f"\n  {word} " in answer.stdout


def test_an_unknown_command_is_a_usage_error_that_shows_the_known_ones() -> None:
    answer = dev("tset")
    assert answer.returncode == 2
    assert "unknown command 'tset'" in answer.stderr
    assert "usage: ./dev" in answer.stderr


def test_an_unknown_bench_or_lab_says_what_there_is() -> None:
    for what in ("bench", "lab"):
        answer = dev(what, "no-such-thing")
        assert answer.returncode == 2
        assert "no-such-thing" in answer.stderr
        assert "one of:" in answer.stderr


def test_nothing_is_coloured_when_nobody_looks() -> None:
    assert "\x1b" not in dev("help").stdout + dev("tset").stderr


def test_every_lock_pins_each_library_with_a_hash_and_names_no_index() -> None:
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        text = lock.read_text("utf-8")
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins, lock.name
        assert all("==" in pin and pin.endswith("\\") for pin in pins), lock.name
        assert "://" not in text, lock.name


def test_every_lock_names_the_same_version_of_a_library() -> None:
    found: dict[str, set[str]] = {}
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        for line in lock.read_text("utf-8").splitlines():
            if "==" in line and not line.startswith(" "):
                name, _, rest = line.partition("==")
                found.setdefault(name, set()).add(rest.split()[0])
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


def test_a_run_of_the_tests_names_at_its_end_what_it_could_not_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    source = "import pytest\n\ndef test_needs_a_moon():\n    pytest.skip('no moon here')\n"
    (tmp_path / "test_sky.py").write_text(source, "utf-8")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0
    assert "could not run here: 1" in answer.stdout
    assert "test_sky.py::test_needs_a_moon: no moon here" in answer.stdout

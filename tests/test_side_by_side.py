"""A run with several workers: files stay whole, groups stay together, long ones begin first."""

import subprocess
import sys
from pathlib import Path

from tests.side_by_side import GROUPS, group_of

ROOT = Path(__file__).resolve().parent.parent
SOURCE = """
import os
from pathlib import Path
import pytest

{marks}
@pytest.mark.parametrize("number", range(5))
def test_it(number):
    with Path({log!r}).open("a") as log:
        log.write(f"{{Path(__file__).stem}} {{os.getpid()}}\\n")
"""


def test_every_file_of_a_group_is_there() -> None:
    assert [file for file in GROUPS if not (ROOT / file).exists()] == []
    assert group_of("tests/test_lab_usb.py::test_x[a]") == group_of("tests/test_lab_session.py::y")
    assert group_of("tests/test_wire.py::test_x[a::b]") == "tests/test_wire.py"


def test_a_file_stays_on_one_worker_and_the_slow_ones_begin_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    for name in "abcdef":
        marks = "pytestmark = pytest.mark.slow" if name in "ef" else ""
        source = SOURCE.format(marks=marks, log=str(log))
        (tmp_path / f"test_{name}.py").write_text(source, "utf-8")
    words = ("-q", "-n", "2", "-p", "no:cacheprovider", "-W", "ignore", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in log.read_text("utf-8").splitlines()]
    assert len(lines) == 30
    assert len({tuple(line) for line in lines}) == 6, "each file on one worker"
    first: dict[str, str] = {}
    for file, worker in lines:
        first.setdefault(worker, file)
    assert set(first.values()) == {"test_e", "test_f"}

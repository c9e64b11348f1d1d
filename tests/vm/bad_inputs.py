"""``./dev lab bad_inputs [WORD]``: documents made to cost time or memory, each in a worker.

Needs no virtual machine. With WORD only those whose name holds it. Writes build/lab/bad_inputs.json
with the seconds and the memory each took, and prints them; exit 1 if a verdict was not sound.
"""

import json
import platform
import sys
import tempfile
from pathlib import Path

from tests.bad_inputs import CASES, Measured, measure

MEMORY_MB = 512
OUT = Path("build/lab/bad_inputs.json")

Case = dict[str, object]


def main(word: str, out: Path = OUT) -> int:
    """Run the documents that are asked for."""
    out.parent.mkdir(parents=True, exist_ok=True)
    found: list[Case] = []
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        for name, write in CASES.items():
            if word in name:
                found.append(case(name, measure(write, Path(folder) / "document")))
                show(found[-1])
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    out.write_text(json.dumps({"cases": found, "machine": machine}, indent=1), "utf-8")
    return 0 if found and all(case["passed"] for case in found) else 1


def case(name: str, measured: Measured) -> Case:
    """A row of the result."""
    verdict = measured.verdict
    return {
        "name": name,
        "expected": "pupil, or unreadable with a reason",
        "got": f"{verdict.verdict} {verdict.reason}",
        "passed": measured.sound and max(measured.rss_mb, measured.address_space_mb) <= MEMORY_MB,
        "seconds": measured.seconds,
        "cost_the_worker": measured.cost_the_worker,
        "rss_mb": measured.rss_mb,
        "address_space_mb": measured.address_space_mb,
    }


def show(case: Case) -> None:
    passed = "ok  " if case["passed"] else "FAIL"
    dear = "  cost the worker its life" if case["cost_the_worker"] else ""
    memory = f"{case['rss_mb']:>4} MB, space {case['address_space_mb']} MB"
    took = f"{case['got']:<24} {case['seconds']:>6} s {memory}{dear}"
    print(f"{passed} {case['name']:<52} {took}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", *map(Path, sys.argv[2:3])))

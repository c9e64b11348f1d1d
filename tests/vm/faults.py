"""``./dev lab faults [KILLS]``: the agent killed with SIGKILL 100 times under load.

Needs no virtual machine. Writes build/lab/faults.json and prints a summary; exit 1 if a case
failed or did not run.
"""

import json
import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.kill_loop import Counted, kill_loop

EXPECTED = {
    "lost": "events of the journal that are not at the collector, or sealings without an event",
    "doubled": "events or sealings told twice",
    "unsealed": "pupil files still in the home when all was quiet",
    "not_restored": "sealed files that did not come back byte for byte",
    "decoys_touched": "other files changed or gone",
    "left_in_stage": "files left half done in the stage",
    "orphans": "workers or senders that outlived their agent",
}


def main(kills: int) -> int:
    """Run the loop and write what was counted."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as top:
        counted = kill_loop(Path(top), kills)
    cases = _cases(counted, kills, time.monotonic() - began)
    out = Path("build/lab/faults.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    out.write_text(json.dumps({"cases": cases, "machine": machine}, indent=1), "utf-8")
    print(f"{counted.kills} kills, {counted.events} events, {counted.sealed} files sealed")
    for note in counted.notes:
        print(f"  note: {note}")
    for case in cases:
        print(f"  {'ok  ' if case['passed'] else 'FAIL'} {case['name']}: {case['got']}")
    return 0 if all(case["passed"] for case in cases) else 1


def _cases(counted: Counted, kills: int, seconds: float) -> list[dict[str, object]]:
    found = [("kills", kills, counted.kills)]
    found += [(name, 0, getattr(counted, name)) for name in EXPECTED]
    return [
        {
            "name": f"{name}: {EXPECTED[name]}" if name in EXPECTED else name,
            "expected": expected,
            "got": got,
            "passed": expected == got,
            "seconds": round(seconds, 1),
        }
        for name, expected, got in found
    ]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

"""One sweep by the collector as the agent runs it, in a process of its own, and what came of it.

    python -m bench._sweep HOME STATE WORKERS

STATE "-" is a sweep that remembers nothing. Prints one JSON object: the paths that were found, the
seconds of processor time between the first and the last look (without starting Python), and the
largest memory of this process and of any worker, in MB.
"""

import json
import resource
import sys
import time
from pathlib import Path

from collectors.folders.strain import Patience
from collectors.pupil_files import Plan, PupilFileFound, PupilFilesCollector
from collectors.recognise.spawn_linux import own_peak


class UntilQuiet:
    """A stop that is set as soon as the collector has nothing left to do but to wait."""

    def __init__(self) -> None:
        self._over = False

    def is_set(self) -> bool:
        return self._over

    def wait(self, timeout: float | None = None) -> bool:
        self._over = True
        return True


def main(arguments: list[str]) -> None:
    home, state, workers = arguments
    patience = Patience(battery=False, load=0)
    # Scans are read later, at idle, and by none of the peers.
    plan = Plan(roots=[home], workers=int(workers), patience=patience, ocr_pages_an_hour=0)
    folder = None if state == "-" else Path(state)
    collector = PupilFilesCollector(plan, state=folder)
    began = time.process_time()
    told = list(collector.observe(UntilQuiet()))
    cpu = time.process_time() - began
    found = [each.subject for each in told if isinstance(each, PupilFileFound)]
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    said = {"found": found, "cpu": cpu, "main_mb": own_peak() / (1 << 20), "worker_mb": worker}
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])

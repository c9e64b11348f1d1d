"""One real collector that watches a folder and says when it has found something; see ``_latency``.

    python -m bench._watching FOLDER

Prints a line of JSON for each pupil file: its path, and the moment on the clock that all processes
of a machine share. The first line says how the folder is watched.
"""

import json
import sys
import threading
import time

from collectors.folders.strain import Patience
from collectors.pupil_files import Plan, PupilFileFound, PupilFilesCollector


def say(**parts: object) -> None:
    print(json.dumps(parts), flush=True)


def main(folder: str) -> None:
    """Watch until killed."""
    plan = Plan(roots=[folder], patience=Patience(battery=False, load=0))
    collector = PupilFilesCollector(plan)
    threading.Timer(0.1, lambda: say(watch=collector.condition().get("watch"))).start()
    for told in collector.observe(threading.Event()):
        at = time.monotonic()
        if isinstance(told, PupilFileFound):
            say(path=told.subject, at=at)


if __name__ == "__main__":
    main(sys.argv[1])

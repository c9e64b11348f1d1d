"""``python -m enforcement.in_session.hint SESSION``: logind is told for as long as a lock is seen.

Many lockers lock and tell nobody. Then logind takes the screen for open, and whoever asks it does
as well. This stays while the cover does, and takes the hint back when the screen is open again.
"""

import sys
import time

from enforcement.in_session.bus import BusError
from enforcement.in_session.logind import logind
from enforcement.in_session.screen import Screen

PAUSE = 1.0
"""Seconds between two looks."""
OPEN_TWICE = 2
"""Looks that must find no lock: one locker gives up the keyboard for a moment to take it anew."""


def keep(session: str) -> None:
    """Tell, and stay until the screen is open. Raises BusError if logind cannot be told.

    A locker that tells it itself, if a little late, is left to do so.
    """
    screen, seen_open = Screen(session), 0
    with logind(session) as told:
        time.sleep(PAUSE)
        if told.hinted():
            return
        told.hint(True)
        try:
            while seen_open < OPEN_TWICE:
                time.sleep(PAUSE)
                seen_open = 0 if screen.covered() else seen_open + 1
        finally:
            told.hint(False)


if __name__ == "__main__":
    try:
        keep(sys.argv[1])
    except BusError as error:
        sys.exit(f"logind cannot be told: {error}")

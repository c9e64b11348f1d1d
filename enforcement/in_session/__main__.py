"""``python -m enforcement.in_session SESSION``: one word a line in, one line of words out."""

import sys
from collections.abc import Callable

from enforcement.in_session import desktop, units
from enforcement.in_session.screen import Screen

LONGEST = 200
"""Words that are answered before it ends by itself."""


def answers(screen: Screen) -> dict[str, Callable[[], str]]:
    """What is done at each word."""
    return {
        "before": lambda: _seen(screen.covered(unasked=True)),
        "look": lambda: _seen(screen.covered()),
        "listens": lambda: _said(screen.listened()),
        "idle": lambda: str(screen.idle()).lower(),
        "desktop": lambda: _said(desktop.asked()),
        "locker": lambda: _said(units.start_locker(screen)),
        "runs": lambda: _said(units.locker_runs()),
        "uncover": lambda: _said(units.end_cover()),
        "cover": lambda: _said(units.start_cover(screen)),
        "hint": lambda: _said(units.start_hint(screen)),
    }


def main(session: str) -> None:
    """Answer until nobody asks any more."""
    known = answers(Screen(session))
    for _ in range(LONGEST):
        word = sys.stdin.readline().strip()
        if word not in known:
            return
        print(known[word](), flush=True)


def _seen(covered: bool) -> str:
    return "covered" if covered else "open"


def _said(asked: bool) -> str:
    return "asked" if asked else "nobody"


if __name__ == "__main__":
    main(sys.argv[1])

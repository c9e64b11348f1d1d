"""``dossierwacht hand-over``: what a person's own folder holds for the agent, given to it.

The icon runs it when the agent answers, at the beginning of a session and after it was away. Given
are reports and objections that waited, and the key to which names that are kept for the person are
sealed.
"""

import argparse
import sys

from agent import own_key, person
from agent.control import ControlError
from agent.leak_outbox import LEAKS, OBJECTIONS, LeakOutbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``dossierwacht hand-over`` has no options of its own."""


def main(arguments: argparse.Namespace) -> int:
    """Hand over what waits; 1 if something waits still, or cannot be taken."""
    place, fine = person.folder(), True
    person.known(arguments.socket, place)
    own_key.bring_own(arguments.socket, place)
    for name in (LEAKS, OBJECTIONS):
        outbox = LeakOutbox(place / name)
        try:
            outbox.deliver(arguments.socket)
        except ControlError as error:
            print(f"dossierwacht: {error}", file=sys.stderr)
            fine = False
        fine = fine and all(one.sent for one in outbox.receipts())
    return 0 if fine else 1

"""What the collector does again and again: rounds with a period each, until it is told to stop.

Each kind of round has a thread of its own, so that one that takes long holds up none of the others.
What goes wrong in a round is logged, and the next one comes all the same.
"""

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from server_stub import named_log
from server_stub.errors import CollectorError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """Some work and how long to wait after it; ``failed`` is how the log's line of a failure
    begins, and ``last`` is done once at the end."""

    name: str
    seconds: float
    work: Callable[[], None]
    failed: str
    at_once: bool = True
    """Whether the first comes at once."""
    last: Callable[[], None] = lambda: None


def start(one: Round, stop: threading.Event) -> threading.Thread:
    """Begin the rounds in a thread of their own, which ends as soon as ``stop`` is set."""
    thread = named_log.thread(partial(run, one, stop), one.name)
    thread.start()
    return thread


def run(one: Round, stop: threading.Event) -> None:
    """Round after round until ``stop`` is set."""
    if one.at_once and not stop.is_set():
        tried(one.work, one.failed)
    while not stop.wait(one.seconds):
        tried(one.work, one.failed)
    tried(one.last, one.failed)


def tried(work: Callable[[], None], failed: str) -> None:
    """Do some work, whatever goes wrong in it."""
    try:
        work()
    except CollectorError as error:
        log.error("%s: %s", failed, error)
    except Exception as error:
        # Not the error's own text, which may hold an address or a row.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s: unforeseen %s:\n%s", failed, type(error).__name__, place)

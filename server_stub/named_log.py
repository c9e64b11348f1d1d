"""Of which organisation a line on stderr tells, where one process serves several.

The name goes along with what runs: with a request, and into the threads that are begun for it.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

_name: ContextVar[str] = ContextVar("organisation", default="")


def to_stderr() -> None:
    """Have every warning written, with the organisation it is about."""
    writer = logging.StreamHandler(sys.stderr)
    writer.addFilter(_named)
    logging.basicConfig(
        handlers=[writer],
        level=logging.WARNING,
        format="%(levelname)s %(organisation)s%(message)s",
    )


@contextmanager
def about(organisation: str) -> Iterator[None]:
    """What is logged in here is about this organisation."""
    before = _name.set(organisation)
    try:
        yield
    finally:
        _name.reset(before)


def thread(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread, not yet begun, whose lines are about the same organisation as those here."""
    run = copy_context().run
    return threading.Thread(target=run, args=(work,), name=name, daemon=True)


def _named(record: logging.LogRecord) -> bool:
    name = _name.get()
    record.organisation = f"organisation {name}: " if name else ""
    return True

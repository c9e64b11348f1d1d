"""Linux: a descriptor that can be read from once a collector must end, for those that select."""

import os
import threading
import weakref

from collectors.base import Stop

ENDING = 60.0
"""Seconds after which a thread that waits for the end notices that nobody needs it any more."""


class Ending:
    """Makes one descriptor for each ``stop`` it is asked about."""

    def __init__(self) -> None:
        self._made: tuple[Stop, int] | None = None

    def of(self, stop: Stop) -> int:
        """The descriptor that becomes readable when ``stop`` is set."""
        if self._made is None or self._made[0] is not stop:
            descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._made = (stop, descriptor)
            follow = (weakref.ref(self), stop, descriptor)
            threading.Thread(target=_follow, args=follow, name="ending", daemon=True).start()
        return self._made[1]


def _follow(owner: "weakref.ref[Ending]", stop: Stop, descriptor: int) -> None:
    """A stop can only be waited for, so a thread does just that, as long as it has an owner."""
    while not stop.wait(ENDING):
        if owner() is None:
            os.close(descriptor)
            return
    os.eventfd_write(descriptor, 1)

"""Where the icon is shown: on the desktop's bus while a panel takes it there, else in the old way.

The bus comes first: it costs least and has a menu everywhere. A panel that is not there yet is
given a moment before the older ways are tried, and one that comes later gets the icon all the same.
"""

import os
import select
import threading
from collections.abc import Callable
from typing import Protocol

from agent.tray.view import View

PANEL_COMES = 1.0
"""Longest wait, in seconds, for a panel to answer on the bus when the tray starts."""
PANEL_RETURNS = 5.0
"""The same for a panel that was there and went: it is being started again."""
PAUSE = 1.0
"""Seconds before an older way that ended by itself is tried again."""


class Icon(Protocol):
    """A place on the desktop for the icon, or the lack of one."""

    def show(self, view: View, language: str) -> None: ...

    def placed(self) -> bool:
        """Whether the desktop has taken it in, as far as that can be told."""
        ...

    def run(self) -> None:
        """Serve the icon in this thread, which must be the main one, until ``stop``."""
        ...

    def stop(self) -> None: ...


class OnBus(Protocol):
    """The icon on the desktop's bus, served beside the main thread."""

    def show(self, view: View, language: str) -> None: ...

    def placed(self) -> bool: ...

    def refused(self) -> bool:
        """Whether it is known that there is no place for it now."""
        ...

    def start(self, changed: Callable[[], None]) -> None: ...

    def stop(self) -> None: ...


class Waker:
    """Lets one thread sleep until another, or a signal, wakes it."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)

    def wake(self) -> None:
        try:
            os.write(self._write, b".")
        except BlockingIOError:
            return  # it is awake enough

    def sleep(self, seconds: float | None = None) -> bool:
        """Until woken, or for ``seconds``; whether it was woken."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        if ready:
            os.read(self._read, 4096)
        return bool(ready)


class NoIcon:
    """A desktop without any place for an icon; the messages are shown all the same."""

    def __init__(self) -> None:
        self._waker = Waker()

    def show(self, view: View, language: str) -> None: ...

    def placed(self) -> bool:
        return False

    def run(self) -> None:
        self._waker.sleep()

    def stop(self) -> None:
        self._waker.wake()


class Place:
    """Both ways as one icon; ``older`` makes the icon of the older way, ``screen`` says if one is
    left at all."""

    def __init__(
        self, on_bus: OnBus, older: Callable[[], Icon], screen: Callable[[], bool]
    ) -> None:
        self._on_bus = on_bus
        self._make_older = older
        self._screen = screen
        self._older: Icon | None = None
        self._last: tuple[View, str] | None = None
        self._waker = Waker()
        self._showing = threading.Lock()
        self._stopped = False

    def show(self, view: View, language: str) -> None:
        """Show a view wherever the icon is."""
        with self._showing:
            self._last = (view, language)
            self._on_bus.show(view, language)
            if self._older is not None:
                self._older.show(view, language)

    def placed(self) -> bool:
        """Whether the icon can be seen, as far as that can be told."""
        older = self._older
        return self._on_bus.placed() or (older is not None and older.placed())

    def run(self) -> None:
        """Serve the icon in the main thread until ``stop``, or until there is no screen."""
        self._on_bus.start(self._changed)
        patience = PANEL_COMES
        while not self._stopped:
            if self._on_bus.placed():
                patience = PANEL_RETURNS
                self._waker.sleep()
            elif self._hopeless(patience) or not self._waker.sleep(patience):
                if not self._screen():
                    return
                self._run_older()

    def stop(self) -> None:
        """End ``run``; may be called from a signal."""
        self._stopped = True
        self._on_bus.stop()
        self._changed()

    def _hopeless(self, patience: float) -> bool:
        """Whether there is nothing to wait for: no panel was on the bus yet, and none is."""
        return patience == PANEL_COMES and self._on_bus.refused()

    def _changed(self) -> None:
        """The panel on the bus came or went, or all is over: look anew."""
        older = self._older
        if older is not None and (self._stopped or self._on_bus.placed()):
            older.stop()
        self._waker.wake()

    def _run_older(self) -> None:
        with self._showing:
            older = self._older = self._make_older()
            if self._last is not None:
                older.show(*self._last)
        if not (self._stopped or self._on_bus.placed()):  # else nobody would stop it
            older.run()
        self._older = None
        if not (self._stopped or self._on_bus.placed()):
            self._waker.sleep(PAUSE)

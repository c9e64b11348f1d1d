"""SIGTERM, SIGHUP and Ctrl-C for a command that at some point must not be broken off.

Until then a signal ends it at once, as an exception that tidies up on its way; from then on it is
only remembered, and the command looks for it where it can stop.
"""

import signal
from types import FrameType
from typing import Any, Self

from agent.errors import AgentError

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(AgentError):
    """The command was told to stop before it began."""


class StopSignals:
    """While it is entered, the signals come here; one that was ignored (nohup) stays so."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._came = False
        self._only_remember = False

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._take)
            for number in _NUMBERS
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def only_remember(self) -> None:
        """From now on a signal interrupts nothing."""
        self._only_remember = True

    def came(self) -> bool:
        """Whether there was a signal."""
        return self._came

    def _take(self, number: int, _: FrameType | None) -> None:
        first, self._came = not self._came, True
        if first and not self._only_remember:
            raise Stopped(f"stopped by {signal.Signals(number).name}; nothing was changed")

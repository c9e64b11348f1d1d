"""Signals end a command at once while that does no harm, and later only when it looks."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.commands.stop_signals import Stopped, StopSignals

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Whoever runs the tests in the background has some of the signals ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_before_the_work_a_signal_ends_the_command_and_says_so(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match=f"{number.name}; nothing was changed"):
        with StopSignals():
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", NUMBERS)
def test_during_the_work_a_signal_is_only_remembered(number: signal.Signals) -> None:
    with StopSignals() as signals:
        signals.only_remember()
        assert not signals.came()
        os.kill(os.getpid(), number)
        assert signals.came()


def test_a_second_signal_does_not_break_off_the_tidying_up() -> None:
    tidy = False
    with pytest.raises(Stopped):
        with StopSignals():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                tidy = True
    assert tidy


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    code = (
        "import os, signal; from agent.commands.stop_signals import StopSignals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with StopSignals() as signals:\n"
        "    os.kill(os.getpid(), signal.SIGHUP); print(signals.came())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"

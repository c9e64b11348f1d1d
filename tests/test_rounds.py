"""Rounds: they come again whatever happened in the last, and end as soon as they are told to."""

import threading

import pytest

from server_stub import rounds
from server_stub.errors import StoreError
from server_stub.rounds import Round

NEVER = 3600.0


def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, errors = threading.Event(), [StoreError("the disk is full"), ValueError("olaf@x.example")]

    def work() -> None:
        if errors:
            raise errors.pop(0)
        stop.set()

    thread = rounds.start(Round(name="r", seconds=0.01, work=work, failed="nothing sent"), stop)
    thread.join(30)
    assert not thread.is_alive()
    assert "nothing sent: the disk is full" in caplog.text
    assert "unforeseen ValueError" in caplog.text
    assert "olaf@x.example" not in caplog.text


@pytest.mark.parametrize("at_once", [True, False])
def test_the_first_comes_at_once_or_after_its_time_and_the_end_comes_at_once(at_once: bool) -> None:
    stop, done, ended = threading.Event(), threading.Event(), threading.Event()
    one = Round(name="r", seconds=NEVER, work=done.set, failed="x", at_once=at_once, last=ended.set)
    thread = rounds.start(one, stop)
    if at_once:
        assert done.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert (done.is_set(), ended.is_set()) == (at_once, True)

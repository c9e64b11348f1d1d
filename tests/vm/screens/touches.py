"""Somebody is there: a touch in the last second cancels the lock, and typing never locks."""

import random
import time

from tests.vm.screens.bench import LIMIT, Bench
from tests.vm.screens.cases import WITH_XSS_LOCK, Case
from tests.vm.screens.rows import Row

LAST_SECOND = "a touch in the last second"
TIMES = 3
CASE = Case(name=LAST_SECOND, locker=WITH_XSS_LOCK, method="logind", proofs=("locked-hint",))


def last_second(bench: Bench) -> Row:
    """Touch a key within the second before the limit, a few times."""
    row = Row(name=LAST_SECOND, desktop=CASE.desktop, locker=CASE.locker)
    with bench.logged_in(CASE):
        last = bench.product.last()
        for _ in range(TIMES):
            bench.touched()
            time.sleep(LIMIT - 0.7)
        bench.touched()
        time.sleep(10)
        row.must(_locks(bench, last) == 0, "it was locked though somebody was there")
        row.note = f"{TIMES} touches 0.7 s before the limit"
    return row


def typing(bench: Bench, minutes: float) -> Row:
    """Type with pauses of up to two seconds below the limit."""
    row = Row(name=f"{minutes:g} minutes of typing", desktop=CASE.desktop, locker=CASE.locker)
    gaps, keys = random.Random(5), 0
    with bench.logged_in(CASE):
        last, end = bench.product.last(), time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            bench.key("shift")
            keys += 1
            time.sleep(gaps.choice((0.1, 0.3, 1.0, 5.0, gaps.uniform(5, LIMIT - 2), LIMIT - 2)))
        bench.key("shift")
        locks = _locks(bench, last)
        row.must(locks == 0, f"{locks} locks while somebody typed")
    row.note = f"{keys} keys"
    return row


def _locks(bench: Bench, last: int) -> int:
    return sum(event["kind"] == "session-unattended" for event in bench.product.events(last))

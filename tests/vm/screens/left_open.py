"""A screen is left open: it is locked, which is proven, or the agent says it could not be."""

import time

from tests.vm.laptop.machine import GuestError
from tests.vm.screens.bench import LIMIT, Bench
from tests.vm.screens.cases import PASSWORD, Case
from tests.vm.screens.rows import Row

WARNED = 15.0
"""Seconds before the limit at which a picture of the warning is taken."""


def left_open(bench: Bench, case: Case, *, timed: bool) -> Row:
    """Leave it open, see what comes, try a wrong password and the right one.

    ``timed``: who locked and how soon are judged as well.
    """
    row = Row(name=case.name, desktop=case.desktop, locker=case.locker)
    with bench.logged_in(case):
        last = bench.product.last()
        touched = bench.touched()
        time.sleep(LIMIT - WARNED)
        short = case.name.replace(" ", "-").replace(",", "")
        row.must(bench.secret_seen(f"{short}-warning"), "locked before the limit")
        event = bench.told("session-unattended", last, WARNED + 40)
        if event is None:
            row.faults.append("no event within 40 seconds of the limit")
            return row
        _fill(row, bench, event, touched)
        if timed:
            _judge(row, case)
        row.must(bool(row.method) is bool(case.method), f"locked by {row.method or 'nobody'}")
        if case.method:
            _unlock(row, bench, case, short)
    return row


def _fill(row: Row, bench: Bench, event: dict[str, object], touched: float) -> None:
    facts, outcome = event["facts"], event["outcome"] or {}
    assert isinstance(facts, dict)
    assert isinstance(outcome, dict)
    row.source, row.tried = str(facts["source"]), list(outcome.get("tried", ()))
    row.proof = str(outcome.get("proof", "none"))
    locked = outcome.get("result") == "done"
    row.method = row.tried[-1] if locked and row.tried else ""
    spoke = bench.spoke("session-unattended", touched + 1)
    row.seconds = None if spoke is None else round(spoke - touched - LIMIT, 2)


def _judge(row: Row, case: Case) -> None:
    """Who locked and how soon: on a machine that is busy with others, a later step may be first."""
    row.must(row.method == case.method, f"locked by {row.method!r} and not by {case.method!r}")
    row.must(row.proof in case.proofs, f"the proof was {row.proof}")
    in_time = row.seconds is not None and row.seconds <= case.latest
    row.must(in_time, f"took longer than {case.latest:.0f} s")


def _unlock(row: Row, bench: Bench, case: Case, short: str) -> None:
    row.must(not bench.secret_seen(f"{short}-locked"), "the screen shows the desktop")
    if case.greeter:
        _switch_back(row, bench, short)
    last = bench.product.last()
    bench.give(case, "wrong")
    time.sleep(10)
    row.must(not bench.secret_seen(f"{short}-wrong"), "a wrong password opened it")
    row.must(_locked(bench, case), "after a wrong password logind takes it for open")
    bench.give(case, PASSWORD)
    row.must(bench.secret_within(30, f"{short}-open"), "the right password did not open it")
    back = bench.told("session-resumed", last, 30)
    row.must(back is not None, "that somebody is back was not seen")


def _switch_back(row: Row, bench: Bench, short: str) -> None:
    """Whoever switches the terminal back must not see the desktop, not for a moment."""
    bench.key("ctrl", "alt", "f7")
    row.must(not bench.secret_within(4, f"{short}-switched"), "switching back shows the desktop")
    bench.key("ctrl")
    time.sleep(8)


def _locked(bench: Bench, case: Case) -> bool:
    """What logind says; with a greeter in front, that the person's session is not."""
    said = bench.laptop.sh(
        'id=$(loginctl list-sessions --no-legend | awk \'$3 == "teacher" && $4 == "seat0"'
        " {print $1; exit}'); loginctl show-session $id -p LockedHint -p Active"
    )
    return "LockedHint=yes" in said or (case.greeter and "Active=no" in said)


def clear(bench: Bench) -> None:
    """After a case that broke off: what was hidden is put back."""
    try:
        bench.laptop.sh(
            "for one in /usr/bin/*.hidden; do [ -e $one ] && mv $one ${one%.hidden}; done; true"
        )
    except GuestError:
        return

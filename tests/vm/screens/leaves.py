"""Somebody leaves: the lid closes, the laptop goes to sleep, and no limit has to pass."""

import time
from pathlib import Path

from tests.vm.laptop.machine import GuestError
from tests.vm.screens.bench import Bench
from tests.vm.screens.cases import PASSWORD, Case
from tests.vm.screens.rows import Row

NAMES = ("the lid closes", "the laptop goes to sleep")
LATEST = 5.0
CASE = Case(
    name="leaves",
    locker="xss-lock --ignore-sleep -- i3lock -n -c 16323f &",  # else it locks before it is asked
    method="logind",
    proofs=("locked-hint", "cover"),
)
_LID = Path(__file__).with_name("lid.py")
_PREPARE = """\
set -e
modprobe uinput
mkdir -p /etc/systemd/logind.conf.d /etc/systemd/system/systemd-suspend.service.d
printf '[Login]\\nHandleLidSwitch=ignore\\n' >/etc/systemd/logind.conf.d/lab.conf
printf '[Service]\\nExecStart=\\nExecStart=/bin/true\\n' \
  >/etc/systemd/system/systemd-suspend.service.d/lab.conf
systemctl daemon-reload
systemctl kill -s HUP systemd-logind
rm -f /run/lid /run/lid.end
systemd-run -q --collect --unit=lab-lid /usr/bin/python3 /var/tmp/lid.py /run/lid
udevadm settle
"""
_ACTS = {NAMES[0]: ("lid", "touch /run/lid"), NAMES[1]: ("sleep", "systemctl suspend")}


def leaves(bench: Bench, name: str) -> Row:
    """Leave, see the screen locked, and come back with the password."""
    row = Row(name=name, desktop=CASE.desktop, locker=CASE.locker)
    moment, act = _ACTS[name]
    with bench.logged_in(CASE):
        bench.laptop.put(_LID, "/var/tmp/lid.py")
        bench.laptop.sh(_PREPARE)
        bench.product.start()
        time.sleep(5)
        try:
            _leave(row, bench, moment, act)
        finally:
            _undo(bench)
    return row


def _leave(row: Row, bench: Bench, moment: str, act: str) -> None:
    last, at = bench.product.last(), bench.touched()
    bench.laptop.sh(act)
    event = bench.told("laptop-left", last, 30)
    if event is None:
        row.faults.append("nobody was seen leaving")
        return
    outcome = event["outcome"] or {}
    row.source, row.tried = str(event["facts"]["moment"]), list(outcome.get("tried", ()))
    row.proof, row.method = str(outcome.get("proof", "none")), "".join(row.tried[-1:])
    spoke = bench.spoke("laptop-left", at)
    row.seconds = None if spoke is None else round(spoke - at, 2)
    row.must(row.source == moment, f"it was told as {row.source}")
    row.must(outcome.get("result") == "done", f"the screen was not locked: {outcome}")
    row.must(row.seconds is not None and row.seconds <= LATEST, f"took longer than {LATEST:.0f} s")
    row.must(not bench.secret_seen(f"{moment}-locked"), "the screen shows the desktop")
    bench.give(CASE, PASSWORD)
    row.must(bench.secret_within(30, f"{moment}-open"), "the right password did not open it")


def _undo(bench: Bench) -> None:
    try:
        bench.laptop.sh("rm -f /run/lid; touch /run/lid.end; sleep 1")
    except GuestError:
        return

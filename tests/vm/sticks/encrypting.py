"""``dossierwacht usb encrypt`` on a blocked stick: stopped half-way, and then to the end."""

from tests.vm.sticks.bench import Bench
from tests.vm.sticks.cases import BLOCKED
from tests.vm.sticks.rows import Row
from tests.vm.sticks.thief import PASSPHRASE

SECRET = "four invented words here"
_BEGIN = """\
rm -f /run/lab/secret; mkfifo -m 600 /run/lab/secret
nohup dossierwacht usb encrypt {name} --lose KLAS --overwrite --passphrase-file /run/lab/secret \
  >/run/lab/encrypt.log 2>&1 </dev/null &
echo $! >/run/lab/encrypt.pid
"""
_TWICE = "dossierwacht usb encrypt {name} --lose KLAS </dev/null 2>&1; true"
_MOUNT = "unshare -m mount /dev/sda1 /mnt 2>&1; true"
_STOP = """\
echo '{secret}' >/run/lab/secret
until grep -q 'writing over' /run/lab/encrypt.log; do sleep 0.05; done
kill -TERM $(cat /run/lab/encrypt.pid)
while kill -0 $(cat /run/lab/encrypt.pid) 2>/dev/null; do sleep 0.1; done
cat /run/lab/encrypt.log; dmsetup ls
"""


def encrypted(bench: Bench) -> Row:
    """IT makes an encrypted stick of a blocked one, typing what is asked for; then it works."""
    row = Row(name="FAT stick, usb encrypt, stopped, again, in use")
    bench.seen(row, lambda: bench.plug("alone", ("fat32-in-partition",)))
    row.must(row.outcome == BLOCKED and not row.gains, f"got {row.gains}")
    name = bench.laptop.sh("ls /run/dossierwacht/usb/off").strip()
    stopped(bench, row, name)
    said = typed(bench, f"dossierwacht usb encrypt {name}", "VERSLEUTELD")
    row.must("Done: the stick is encrypted (luks2)" in said, f"it was not encrypted: {said[-600:]}")
    row.must(SECRET not in bench.laptop.sh("journalctl -b --no-pager"), "it is in a log")
    bench.laptop.wait_until("ls /run/dossierwacht/usb/*.unlock", 60)
    bench.laptop.sh(f"printf '%s' '{SECRET}' >/run/lab/pass")
    bench.use(row, bench.laptop.sh("ls /dev/sd? | head -1").strip() or "/dev/sda")
    bench.laptop.sh(f"printf '%s' '{PASSPHRASE}' >/run/lab/pass")
    bench.unplug()
    return row


def stopped(bench: Bench, row: Row, name: str) -> None:
    """It waits for a passphrase and holds the stick; then it is told to stop while it writes."""
    sh = bench.laptop.sh
    sh(_BEGIN.format(name=name))
    bench.laptop.wait_until("grep -q 'will be lost' /run/lab/encrypt.log", 120)
    said = sh(_TWICE.format(name=name), timeout=120)
    row.must("another `usb encrypt`" in said, f"a second one was not refused: {said[-300:]}")
    said = sh(_MOUNT)
    row.must("busy" in said or "already mounted" in said, f"a part could be mounted: {said[-300:]}")
    said = sh(_STOP.format(secret=SECRET), timeout=300)
    row.must("told to stop" in said and "it was wiped" in said, f"not stopped: {said[-600:]}")
    row.must("dossierwacht-" not in said.splitlines()[-1], f"still unlocked: {said[-300:]}")
    row.must("making an exFAT" not in said, "it went on")


def typed(bench: Bench, command: str, name: str) -> str:
    """What a command on a terminal shows to somebody who types the stick's name and a passphrase.

    Slowly: what is typed before a passphrase is asked for is thrown away, as it should be.
    """
    answers = f"sleep 25; echo {name}; sleep 10; echo '{SECRET}'; sleep 5; echo '{SECRET}'"
    return bench.laptop.sh(
        f'( {answers}; sleep 60 ) | script -qec "{command}" /dev/null', timeout=300
    )

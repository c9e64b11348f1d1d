"""Moments that need more than plugging in: a card changed, a start, a notification, a peer."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.documents import roster
from tests.vm.laptop.product import INSTEAD, WITHHOLD
from tests.vm.sticks.bench import PATIENCE, STICK, Bench
from tests.vm.sticks.cases import ALLOWED, BLOCKED
from tests.vm.sticks.rows import Row

COUNTED = "".join(f"{number}\n" for number in range(1, 200_001)).encode()
"""What the writer wrote."""
ROSTER = roster().encode()
_SAVE = """\
set -e
as-staff udisksctl unlock -b /dev/sda --key-file /run/lab/pass >/dev/null
mke2fs -q -t ext4 -E root_owner=1000:1000 /dev/dm-0
udevadm settle
place=
for n in 1 2 3 4 5 6 7 8 9 10; do
  place=$(lsblk -nro MOUNTPOINT /dev/dm-0)
  [ -z "$place" ] || break
  as-staff udisksctl mount -b /dev/dm-0 >/dev/null 2>&1 || sleep 0.5
done
as-staff cp /run/lab/list.csv "$place/groep 7.csv"
"""
_KEEP_OFF = """\
sleep 1
as-staff cp /run/lab/list.csv "$place/groep 7.csv" 2>/dev/null || echo list refused
as-staff cp /run/lab/text.txt "$place/zwaluwen.txt" && echo text copied
echo "left: $(ls $place)"
"""
_FREE = """\
for n in 1 2 3 4 5; do
  as-staff udisksctl unmount -b /dev/dm-0 && break || sleep 1
done
as-staff udisksctl lock -b /dev/sda
"""
PICTURES = Path("build/lab")
_GUARD = """\
sed -i 's/^ImplicitPolicyTarget=.*/ImplicitPolicyTarget=block/' /etc/usbguard/usbguard-daemon.conf
sed -i 's/^AuthorizedDefault=.*/AuthorizedDefault=all/' /etc/usbguard/usbguard-daemon.conf
usbguard generate-policy >/etc/usbguard/rules.conf
chmod 600 /etc/usbguard/rules.conf
systemctl start usbguard
"""


def on_fat(image: Path, name: str) -> bytes:
    """A file in the FAT volume of an image's first partition, at one MiB."""
    done = subprocess.run(
        ["mtype", "-i", f"{image}@@1M", f"::{name}"], capture_output=True, check=False
    )
    return done.stdout


def medium_changed(bench: Bench) -> Row:
    """The card in a reader is changed after the first one got its pass."""
    row = Row(name="card reader: LUKS2, then a FAT card")
    qmp = bench.laptop.qmp
    bench.seen(row, lambda: bench.plug("reader", ("luks2",)))
    row.must(row.outcome == ALLOWED, "the first card was not let in")
    bench.lock()
    bench.seen(
        row, lambda: qmp.change(f"{STICK}-unit0", f"{STICK}-second", bench.image("fat-on-disk"))
    )
    row.must(row.outcome == BLOCKED and not row.gains, f"got {row.gains}")
    bench.unplug()
    return row


def memory(bench: Bench) -> Row:
    """A class list is saved on an encrypted stick: it is told of, and the stick is let go."""
    row = Row(name="class list saved on a LUKS2 stick")
    bench.seen(row, lambda: bench.plug("alone", ("luks2",)))
    bench.lock()
    last = bench.product.last()
    bench.laptop.sh("cat >/run/lab/list.csv; chmod 644 /run/lab/list.csv", given=ROSTER)
    bench.laptop.sh(_SAVE)
    end = time.monotonic() + PATIENCE
    while not (told := _told(bench, "pupil-file-on-stick", last)) and time.monotonic() < end:
        time.sleep(1)
    row.must(bool(told), "the class list was not told of")
    row.must(all(one["facts"]["encrypted"] for one in told), "told as on a plain stick")
    row.outcome = f"{len(told)} file told of"
    freed = bench.laptop.tried(_FREE)
    row.must(freed.returncode == 0, f"the stick was held: {freed.stderr.decode()[-200:]}")
    bench.unplug()
    return row


def kept_off(bench: Bench) -> Row:
    """Mode no-personal-data: a class list is not copied to an encrypted stick, other files are."""
    row = Row(name="mode no-personal-data: class list, and another file")
    bench.product.policy('mode = "no-personal-data"')
    bench.seen(row, lambda: bench.plug("alone", ("luks2",)))
    row.must(row.outcome == ALLOWED, "the stick was not let in")
    bench.lock()
    last = bench.product.last()
    bench.laptop.sh("cat >/run/lab/list.csv; chmod 644 /run/lab/list.csv", given=ROSTER)
    bench.laptop.sh("echo swallows >/run/lab/text.txt; chmod 644 /run/lab/text.txt")
    said = bench.laptop.sh(f"{_SAVE.replace('as-staff cp', 'true')}\n{_KEEP_OFF}")
    row.must("list refused" in said, f"the class list was copied: {said}")
    row.must("text copied" in said, f"another file was not copied: {said}")
    row.must("left:" in said and "groep" not in said, f"something was left behind: {said}")
    told = _told(bench, "stick-write-refused", last)
    row.must(len(told) == 1, f"told of {len(told)} times")
    row.note = said.replace("\n", "; ")
    row.outcome = f"{len(told)} copy refused"
    freed = bench.laptop.tried(_FREE)
    row.must(freed.returncode == 0, f"the stick was held: {freed.stderr.decode()[-200:]}")
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def found_at_home(bench: Bench) -> Row:
    """A class list in a home is found by the agent as its unit runs it."""
    row = Row(name="class list saved in a home")
    bench.product.policy(f'{WITHHOLD}\n[collectors.pupil_files]\nroots = ["/home"]')
    last = bench.product.last()
    bench.laptop.sh("cat >/run/lab/list.csv; chmod 644 /run/lab/list.csv", given=ROSTER)
    bench.laptop.sh("as-staff cp /run/lab/list.csv '/home/teacher/groep 7.csv'")
    end = time.monotonic() + PATIENCE
    while not (told := _told(bench, "pupil-file-found", last)) and time.monotonic() < end:
        time.sleep(1)
    row.must(len(told) == 1, f"told of {len(told)} times")
    lost = _told(bench, "coverage-lost", last)
    row.must(not lost, f"not watched: {lost}")
    bench.laptop.sh("rm '/home/teacher/groep 7.csv'")
    bench.product.policy(WITHHOLD)
    return row


def _told(bench: Bench, kind: str, last: int) -> list[dict[str, Any]]:
    return [event for event in bench.product.events(last) if event["kind"] == kind]


def notice(bench: Bench) -> Row:
    """The person is told once, with the organisation's own alternative; a picture is kept."""
    row = Row(name="the person is told once")
    bench.laptop.sh("as-staff -b lab-tray dossierwacht tray")
    time.sleep(8)
    bench.laptop.sh("as-staff dunstctl close-all; as-staff dunstctl history-clear; true")
    bench.seen(row, lambda: bench.plug("uas", ("luks2-and-fat", "fat-on-disk")), linger=6)
    PICTURES.mkdir(parents=True, exist_ok=True)
    bench.laptop.qmp.type(" ")
    bench.laptop.qmp.picture((PICTURES / "usb-notice.png").resolve())
    bench.laptop.sh("as-staff dunstctl close-all; true")
    (shown,) = json.loads(bench.laptop.sh("as-staff dunstctl history"))["data"]
    told = [one["body"]["data"] for one in shown if INSTEAD in one["body"]["data"]]
    row.must(len(told) == 1, f"told {len(told)} times what to use instead: {shown}")
    row.note = "build/lab/usb-notice.png"
    bench.laptop.sh("as-staff systemctl --user stop lab-tray; true")
    bench.unplug()
    return row


def at_boot(bench: Bench) -> Row:
    """Plugged in before the machine starts."""
    row = Row(name="FAT plugged in at the start")
    bench.plug("alone", ("fat32-in-partition",))
    time.sleep(4)
    bench.laptop.sh("sync; systemctl stop dossierwacht-agent")
    bench.laptop.qmp("system_reset")
    bench.laptop.forget()
    bench.laptop.wait_for_ssh(600)
    bench.laptop.sh(f"date -s @{time.time():.0f}")
    for program in ("openbox", "udiskie"):
        bench.laptop.wait_until(f"pgrep -u teacher -f {program}", 300)
    bench.product.answers()
    end = time.monotonic() + PATIENCE
    while not (found := bench.watch.outcomes(0.0)) and time.monotonic() < end:
        time.sleep(0.5)
    row.outcome = found[0][1].partition(": ")[2] if found else ""
    row.must("block-usb done" in row.outcome, f"it was not blocked: {found}")
    log = bench.laptop.sh(
        "journalctl -b -u udisks2 --no-pager; ls /media/teacher 2>/dev/null; true"
    )
    row.must("Mounted" not in log, f"it was mounted: {log[-300:]}")
    bench.laptop.qmp.unplug(STICK)
    bench.watch.start()
    bench.laptop.sh("cat >/run/lab/pass; chmod 644 /run/lab/pass", given=b"invented for this test")
    return row


def usbguard(bench: Bench) -> Row:
    """A peer in the same laptop: when USBGuard has decided by descriptors, and when we have."""
    row = Row(name="mode none beside USBGuard")
    bench.product.policy('mode = "none"')
    bench.seen(row, lambda: bench.plug("alone", ("luks2",)))
    row.must(row.outcome == BLOCKED and not row.gains, f"got {row.gains}")
    ours = dict(row.times)
    bench.unplug()
    bench.product.stop()
    bench.laptop.sh("rm -f /etc/dossierwacht/usb-closed")
    bench.laptop.sh(_GUARD)
    time.sleep(5)
    mark = bench.watch.mark()
    bench.plug("alone", ("luks2",))
    time.sleep(6)
    seen = bench.watch.since(mark)
    kernel = [m for m in seen.messages if (m.source, m.subsystem) == ("KERNEL", "usb")]
    off = [m.at for m in kernel if m.action == "unbind"]
    start = kernel[0].at
    row.times = {**{f"our {k}": v for k, v in ours.items()}}
    if off:
        row.times["USBGuard off"] = round(off[0] - start, 2)
    bench.laptop.sh("systemctl stop usbguard")
    bench.laptop.qmp.unplug(STICK)
    bench.product.policy(WITHHOLD)
    return row

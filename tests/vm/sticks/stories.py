"""What happens to sticks besides being plugged in: agents that are down, policies that change."""

import contextlib
from collections.abc import Callable

from tests.vm.laptop.product import WITHHOLD
from tests.vm.laptop.qmp import QmpError
from tests.vm.sticks import composite, encrypting, moments
from tests.vm.sticks.bench import STICK, Bench
from tests.vm.sticks.cases import ALLOWED, BLOCKED
from tests.vm.sticks.rows import Row

FAT, LUKS = ("fat32-in-partition",), ("luks2",)
DISK = "/dev/sda"
_NONE, _REPORT = 'mode = "none"', 'mode = "report"'
_ASK = """\
mode = "ask"
[[usb.devices]]
vendor = "46f4"
product = "0001"
serial = "LAB-1"
treat = "permitted"
name = "A. Jansen"
purpose = "photographs of the school trip"
until = 2099-12-31
"""
_OWN = """\
mode = "encrypted-only"
own_only = true
[[usb.devices]]
vendor = "46f4"
product = "0001"
serial = "OURS-1"
treat = "own"
"""
_MOUNT = (
    "for n in 1 2 3 4 5 6 7 8; do place=$(lsblk -nro MOUNTPOINT {part} | head -1);"
    " [ -n \"$place\" ] && break; as-staff udisksctl mount -b {part} >/dev/null 2>&1 || sleep 0.5;"
    " done; "
)  # fmt: skip


def down(bench: Bench) -> Row:
    """The agent is down: what comes is withheld, and judged when it is back. A keyboard works."""
    row = Row(name="agent killed: FAT, keyboard, LUKS2")
    bench.product.stop()
    seen = bench.seen(row, lambda: bench.plug("alone", FAT), spoken=False, linger=8)
    row.must(not row.gains, f"the thief got {row.gains}")
    row.must("udev" in seen.layers(), "udev did not withhold it")
    keyboard(bench, row)
    bench.seen(row, bench.product.start)
    row.must(row.outcome == BLOCKED and not row.gains, "it was not blocked by the agent's return")
    bench.unplug()
    bench.product.stop()
    bench.seen(row, lambda: bench.plug("alone", LUKS), spoken=False, linger=8)
    row.must(not row.gains, f"the thief got {row.gains} before a verdict")
    bench.seen(row, bench.product.start)
    row.must(row.outcome == ALLOWED, "the encrypted one was not let in by the agent's return")
    bench.use(row, DISK)
    bench.unplug()
    return row


def keyboard(bench: Bench, row: Row) -> None:
    """Plug a keyboard in and find it working."""
    bench.laptop.qmp.plug("keys", None, "usb-kbd")
    try:
        bench.laptop.wait_until("grep -q 'QEMU USB Keyboard' /proc/bus/input/devices", 30)
    except Exception as error:  # a keyboard that does not work is what this looks for
        row.must(False, f"the keyboard does not work: {error}")
    bench.laptop.qmp.unplug("keys")


def nonsense(bench: Bench) -> Row:
    """The policy does not parse: nothing is let in, the keyboard works, and it can be mended."""
    row = Row(name="policy that does not parse")
    bench.product.write('mode = "encripted"')
    bench.laptop.sh("systemctl restart dossierwacht-agent; true")
    bench.seen(row, lambda: bench.plug("alone", FAT), spoken=False, linger=8)
    row.must(not row.gains, f"the thief got {row.gains}")
    keyboard(bench, row)
    bench.seen(row, lambda: bench.product.mend(WITHHOLD))
    row.must(row.outcome == BLOCKED, "it was not blocked once the policy was mended")
    bench.unplug()
    return row


def none_and_back(bench: Bench) -> Row:
    """An opened stick is put away when the policy changes, and let in again without a replug."""
    row = Row(name="LUKS2 in use, policy none, and back")
    bench.seen(row, lambda: bench.plug("alone", LUKS))
    bench.use(row, DISK)
    bench.laptop.sh(f"as-staff udisksctl unlock -b {DISK} --key-file /run/lab/pass")
    bench.seen(row, lambda: bench.product.policy(_NONE))
    row.must(row.outcome == BLOCKED, "it was not blocked")
    left = bench.laptop.sh("dmsetup ls --target crypt; ls /dev/sd* 2>/dev/null; true").strip()
    row.must(left in ("", "No devices found"), f"something is still open: {left}")
    bench.seen(row, lambda: bench.product.policy(WITHHOLD), linger=6)
    bench.use(row, bench.laptop.sh("ls /dev/sd? | head -1").strip() or DISK)
    bench.unplug()
    return row


def read_only(bench: Bench) -> Row:
    """Mode read-only: a plain stick can be read and not written to."""
    row = Row(name="mode read-only: FAT")
    bench.product.policy('mode = "read-only"')
    bench.seen(row, lambda: bench.plug("alone", FAT))
    row.must(row.outcome == "allow-usb-read-only done", "another outcome")
    said = bench.laptop.sh(
        _MOUNT.format(part="/dev/sda1") + "findmnt -no OPTIONS $place;"
        " as-staff sh -c \"echo x >$place/x\" 2>&1; blockdev --getro /dev/sda /dev/sda1"
        " 2>/dev/null || cat /sys/block/sda/ro; true"
    )  # fmt: skip
    row.must("Read-only file system" in said or "ro," in said, f"it can be written to: {said}")
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def ask(bench: Bench) -> Row:
    """Mode ask: the permitted stick may, another of the same make may not."""
    row = Row(name="mode ask: permitted, and another")
    bench.product.policy(_ASK)
    bench.seen(row, lambda: bench.plug("alone", FAT, serial="LAB-1"))
    row.must(row.outcome == ALLOWED, "the permitted stick was not let in")
    bench.unplug()
    bench.seen(row, lambda: bench.plug("alone", FAT, serial="LAB-2"))
    row.must(row.outcome == BLOCKED and not row.gains, "another stick was not blocked")
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def own_only(bench: Bench) -> Row:
    """Only the organisation's own encrypted sticks."""
    row = Row(name="own sticks only: own, and a stranger's")
    bench.product.policy(_OWN)
    bench.seen(row, lambda: bench.plug("alone", LUKS, serial="OURS-1"))
    row.must(row.outcome == ALLOWED, "the own stick was not let in")
    bench.lock()
    bench.unplug()
    bench.seen(row, lambda: bench.plug("alone", LUKS, serial="THEIRS"))
    row.must(row.outcome == BLOCKED and not row.gains, "a stranger's stick was not blocked")
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def while_locked(bench: Bench) -> Row:
    """Nothing is let in while the screen is locked, and then it is, without a replug."""
    row = Row(name="screen locked: LUKS2 waits")
    bench.product.policy('mode = "encrypted-only"\nwhile_locked = "withheld"')
    session = bench.laptop.sh(
        "loginctl list-sessions --no-legend | awk '/teacher.*seat0/{print $1}'"
    )
    session = session.split()[0]
    bench.laptop.sh(f"loginctl lock-session {session}")
    bench.laptop.wait_until(f"loginctl show-session {session} -p LockedHint | grep -q yes", 30)
    bench.seen(row, lambda: bench.plug("alone", LUKS), spoken=False, linger=8)
    row.must(not row.gains, f"the thief got {row.gains}")
    row.must(row.outcome == "allow-usb session-locked", "it was not held back")
    bench.seen(row, lambda: bench.laptop.sh(f"loginctl unlock-session {session}") and None)
    row.must(row.outcome == ALLOWED, "it was not let in after the unlock")
    bench.lock()
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def mounted_already(bench: Bench) -> Row:
    """Mounted and being written to when the policy begins: no write that was made is lost."""
    row = Row(name="FAT mounted, written to, then withheld")
    bench.product.policy(_REPORT)
    bench.watch.thief(works=False)
    bench.plug("alone", FAT)
    bench.laptop.wait_until("test -b /dev/sda1", 30)
    bench.laptop.sh(
        _MOUNT.format(part="/dev/sda1") + "as-staff -b lab-writer sh -c"
        " \"exec 3>$place/verslag.txt; seq 1 200000 >&3; sleep 600\""
    )  # fmt: skip
    bench.laptop.wait_until("test $(stat -c %s /media/teacher/*/verslag.txt) -ge 1288894", 60)
    bench.seen(row, lambda: bench.product.policy(WITHHOLD))
    row.must(row.outcome == BLOCKED, "it was not blocked")
    image = bench.work / f"{FAT[0]}-{STICK}0.img"
    row.must(moments.on_fat(image, "verslag.txt") == moments.COUNTED, "something written was lost")
    bench.laptop.sh("as-staff systemctl --user stop lab-writer; true")
    bench.unplug()
    return row


def swapped(bench: Bench) -> Row:
    """The pass of one stick is nothing to the next one in the same port."""
    row = Row(name="LUKS2 out, FAT in the same port")
    bench.seen(row, lambda: bench.plug("alone", LUKS, port="2"))
    bench.lock()
    bench.unplug()
    bench.seen(row, lambda: bench.plug("alone", FAT, port="2"))
    row.must(row.outcome == BLOCKED and not row.gains, f"got {row.gains}")
    bench.unplug()
    return row


def first_days(bench: Bench) -> Row:
    """A laptop's first days only report: the gate is open and the stick can be used."""
    row = Row(name="first days: FAT is only reported")
    bench.product.policy(WITHHOLD)
    bench.laptop.sh("date -Is >/var/lib/dossierwacht/installed")
    bench.product.start()
    bench.seen(row, lambda: bench.plug("alone", FAT), spoken=False, linger=10)
    row.must(row.outcome == "block-usb first-days", "another outcome")
    row.must(any("mounted" in gain for gain in row.gains), "it could not be used")
    row.must(bench.laptop.tried("test -e /etc/dossierwacht/usb-closed").returncode != 0, "closed")
    row.gains = []
    bench.unplug()
    bench.product.policy(WITHHOLD)
    return row


def clear(bench: Bench) -> None:
    """Pull everything out and put the usual policy back."""
    for name in (STICK, "hub", "keys"):
        with contextlib.suppress(QmpError):
            bench.laptop.qmp.unplug(name)
    with contextlib.suppress(Exception):  # the next case says what is wrong
        bench.watch.thief(works=True)
        bench.product.policy(WITHHOLD)


STORIES: dict[str, Callable[[Bench], Row]] = {
    "agent-down": down,
    "policy-nonsense": nonsense,
    "policy-none-and-back": none_and_back,
    "mode-read-only": read_only,
    "mode-ask": ask,
    "own-only": own_only,
    "while-locked": while_locked,
    "mounted-already": mounted_already,
    "swapped": swapped,
    "first-days": first_days,
    "usb-encrypt": encrypting.encrypted,
    "medium-changed": moments.medium_changed,
    "also-a-keyboard": composite.also_a_keyboard,
    "stick-memory": moments.memory,
    "kept-off": moments.kept_off,
    "found-at-home": moments.found_at_home,
    "notice": moments.notice,
    "at-boot": moments.at_boot,
    "usbguard": moments.usbguard,
}
QUICK = ("agent-down", "mounted-already", "stick-memory", "found-at-home")

"""The laptop with the product and a thief in it, and the ways to plug something in."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.vm.laptop import media
from tests.vm.laptop.machine import Laptop
from tests.vm.laptop.product import Product
from tests.vm.sticks.rows import Row
from tests.vm.sticks.thief import PASSPHRASE
from tests.vm.sticks.watch import Seen, Watch

PATIENCE = 60.0
"""Seconds the agent may take under emulation."""
LINGER = 2.5
"""Seconds a thief goes on after the agent has spoken; the automounter needs one to three."""
STICK = "stick"
USE = """\
set -e
as-staff udisksctl unlock -b {part} --key-file /run/lab/pass >/dev/null
dm=$(lsblk -nro PATH,TYPE {part} | awk '$2 == "crypt" {{print $1; exit}}')
if ! lsblk -nro FSTYPE "$dm" | grep -q .; then mke2fs -q -t ext4 -E root_owner=1000:1000 "$dm"; fi
udevadm settle
for n in 1 2 3 4 5 6 7 8; do
  place=$(lsblk -nro MOUNTPOINT "$dm")
  [ -z "$place" ] || break
  as-staff udisksctl mount -b "$dm" >/dev/null 2>&1 || sleep 0.5
done
options=$(findmnt -no OPTIONS "$place")
as-staff sh -c "echo 'plan of groep 7' >'$place/plan.txt'; cat '$place/plan.txt'"
as-staff sh -c "printf '#!/bin/sh\\necho RAN\\n' >'$place/run.sh'; chmod 755 '$place/run.sh'"
as-staff "$place/run.sh" 2>/dev/null || true
as-staff udisksctl unmount -b "$dm" >/dev/null 2>&1 || as-staff udisksctl unmount -f -b "$dm"
as-staff udisksctl lock -b {part} >/dev/null
echo "options=$options"
"""


class Bench:
    """Everything a case needs."""

    def __init__(self, laptop: Laptop, work: Path) -> None:
        self.laptop = laptop
        self.work = work
        self.product = Product(laptop)
        self.watch = Watch(laptop)

    def prepare(self, deb: Path) -> None:
        """Put the product in and let the thief in."""
        self.product.install(deb)
        self.watch.start()
        self.laptop.sh("cat >/run/lab/pass; chmod 644 /run/lab/pass", given=PASSPHRASE.encode())

    def image(self, name: str, copy: str = "0") -> Path:
        """A copy of a medium of its own, since what is plugged in may be written to."""
        folder = self.work / "media"
        folder.mkdir(exist_ok=True)
        path = self.work / f"{name}-{copy}.img"
        shutil.copy(media.make(folder, name), path)
        return path

    def plug(self, how: str, names: Sequence[str], stick: str = STICK, **more: object) -> None:
        """Plug media in: alone, over UAS, as several units, or behind a hub."""
        images = [self.image(name, f"{stick}{n}") for n, name in enumerate(names)]
        qmp = self.laptop.qmp
        if how in ("uas", "bot"):
            qmp.plug_units(stick, images, f"usb-{how}", **more)
        elif how == "reader":
            qmp.plug_units(stick, images, "usb-bot", removable=True, **more)
        elif how == "hub":
            qmp.plug("hub", None, "usb-hub", port="3")
            qmp.plug(stick, images[0], port="3.1", **more)
        else:
            qmp.plug(stick, images[0], **more)

    def unplug(self, how: str = "alone", stick: str = STICK) -> None:
        """Pull it out, and wait until the laptop has noticed."""
        self.laptop.qmp.unplug(stick)
        if how == "hub":
            self.laptop.qmp.unplug("hub")
        self.laptop.wait_until("! ls /dev/sd? 2>/dev/null", 30)

    def seen(
        self, row: Row, act: Callable[[], None], *, spoken: bool = True, linger: float = LINGER
    ) -> Seen:
        """Do something and see what comes of it, with the thief at work; filled into the row."""
        self.watch.thief(works=True)
        mark, last = self.watch.mark(), self.product.last()
        act()
        end = time.monotonic() + PATIENCE
        while spoken and not self._decided(mark["at"]) and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(linger)
        found = self.watch.since(mark)
        self._fill(row, found, last)
        return found

    def lock(self) -> None:
        """Close what the thief has unlocked with the passphrase that he knows, and let him rest."""
        self.watch.thief(works=False)
        self.laptop.sh(
            "for dm in /dev/dm-*; do [ -b $dm ] && udisksctl unmount -f -b $dm; done;"
            " for one in /dev/sd*; do [ -b $one ] && udisksctl lock -b $one; done; true"
        )

    def _decided(self, since: float) -> bool:
        """Whether the agent has spoken last: a device that still grew is judged once more."""
        said = self.watch.outcomes(since)
        return bool(said) and not said[-1][1].endswith("failed changed")

    def use(self, row: Row, part: str) -> None:
        """Use an encrypted stick as its owner does: unlock, write, read, start nothing, lock."""
        self.lock()
        done = self.laptop.tried(USE.format(part=part), timeout=120)
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        row.must(done.returncode == 0, f"could not be used: {said.strip()[-400:]}")
        row.must("plan of groep 7" in said, "what was written could not be read")
        row.must("RAN" not in said, "a program was started from it")
        row.must(
            all(word in said for word in ("noexec", "nosuid", "nodev")), f"mount options: {said}"
        )

    def _fill(self, row: Row, found: Seen, last: int) -> None:
        row.layers, row.times, row.gains = found.layers(), found.times(), found.gains()
        told = [e for e in self.product.events(last) if e["kind"] == "usb-storage-attached"]
        if told:
            facts, decision = told[-1]["facts"], told[-1]["decision"]
            row.verdict = f"{facts['verdict']} ({facts['why']})"
            result = (told[-1]["outcome"] or {}).get("result", decision["held"] or "told")
            row.outcome = f"{decision['action']} {result}"

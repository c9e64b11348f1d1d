"""``./dev lab record [NAME...]``: devices of a real kernel for the tests that need no root.

Plugs QEMU's devices, and one made by the kernel's gadget driver, into the laptop of the lab, and
writes what the kernel and udev make of each to tests/data/recorded/NAME.umockdev. Serial numbers
and addresses are QEMU's own inventions. Run it again when a test needs another device.
"""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.vm.laptop import machine
from tests.vm.laptop.desktop import desktop
from tests.vm.laptop.qmp import QmpError
from tests.vm.sticks import composite
from tests.vm.sticks.bench import STICK, Bench

OUT = Path("tests/data/recorded")
SCRIPT = Path(__file__).parent / "sticks" / "record.py"
Plug = Callable[[Bench], object]


def _alone(driver: str, **more: object) -> Plug:
    return lambda bench: bench.laptop.qmp.plug(STICK, None, driver, **more)


def _reader(bench: Bench) -> None:
    bench.plug("reader", ("luks2",))
    time.sleep(3)
    bench.laptop.qmp("blockdev-open-tray", id=f"{STICK}-unit0", force=True)
    bench.laptop.qmp("blockdev-remove-medium", id=f"{STICK}-unit0")


def _network(bench: Bench) -> None:
    bench.laptop.qmp("netdev_add", type="hubport", id="lonely", hubid=7)
    bench.laptop.qmp.plug(STICK, None, "usb-net", netdev="lonely")


DEVICES: dict[str, Plug] = {
    "stick-fat": lambda bench: bench.plug("alone", ("fat32-in-partition",), serial="INVENTED-1"),
    "stick-luks": lambda bench: bench.plug("alone", ("luks2-in-partition",), serial="INVENTED-2"),
    "uas-disk-behind-hub": lambda bench: bench.plug("hub", ("fat-on-disk",), serial="INVENTED-3"),
    "two-units": lambda bench: bench.plug("uas", ("luks2", "fat-on-disk")),
    "reader-empty": _reader,
    "stick-and-keyboard": lambda bench: bench.laptop.sh(composite.MAKE),
    "keyboard": _alone("usb-kbd"),
    "mouse": _alone("usb-mouse"),
    "smart-card": _alone("usb-ccid"),
    "headset": _alone("usb-audio", audiodev="silence"),
    "network-adapter": _network,
    "phone": lambda bench: bench.laptop.qmp.plug(STICK, None, "usb-mtp", rootdir=str(bench.work)),
}


def main(wanted: list[str]) -> int:
    """Record those that are wanted, or all of them."""
    folder, disk = desktop(_say)
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dw-") as run:
        with machine.restored(folder, disk, Path(run) / "m") as laptop:
            bench = Bench(laptop, Path(run))
            laptop.sh("mkdir -p /run/lab")
            laptop.put(SCRIPT, "/run/lab/record.py")
            for name, plug in DEVICES.items():
                if wanted and name not in wanted:
                    continue
                _say(name)
                (OUT / f"{name}.umockdev").write_text(_recorded(bench, plug), "utf-8")
    return 0


def _recorded(bench: Bench, plug: Plug) -> str:
    before = _names(bench)
    plug(bench)
    time.sleep(8)
    new = sorted(_names(bench) - before, key=len)
    said = bench.laptop.sh(f"udevadm settle; python3 /run/lab/record.py {new[0]}")
    bench.laptop.sh(composite.END)
    for stick in (STICK, "hub"):
        with contextlib.suppress(QmpError):  # not everything has a hub
            bench.laptop.qmp.unplug(stick)
    time.sleep(2)
    return said


def _names(bench: Bench) -> set[str]:
    return set(bench.laptop.sh("ls /sys/bus/usb/devices | grep -v : | grep -v usb; true").split())


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

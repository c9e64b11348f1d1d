"""A copy of the kernel's tree of USB devices, and a kernel that obeys its switches."""

import os
import shutil
import threading
from pathlib import Path

from enforcement.usb_gate import Gate

HUB = "devices/pci0000:00/0000:00:04.0/usb1"
PROOF = {"busnum": 1, "devnum": 7, "vendor": "0951", "product": "1666"}


class Tree:
    """A device tree in the shape the kernel gives it, and a kernel that obeys ``authorized``."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for folder in ("bus/usb/devices", "block", HUB):
            (top / folder).mkdir(parents=True)
        self.stop = threading.Event()
        self.kernel: threading.Thread | None = None

    def device(self, name="1-2", interfaces=("08",), parent=HUB, **attributes) -> Path:
        home = self.top / parent / name
        home.mkdir(parents=True)
        values = {"idVendor": "0951", "idProduct": "1666", "busnum": "1", "devnum": "7"}
        values |= {"authorized": "1", "bDeviceClass": "00", "serial": "60A44C41"} | attributes
        for attribute, value in values.items():
            (home / attribute).write_bytes(
                value if isinstance(value, bytes) else f"{value}\n".encode()
            )
        for number, code in enumerate(interfaces):
            interface = home / f"{name}:1.{number}"
            interface.mkdir()
            (interface / "bInterfaceClass").write_text(f"{code}\n")
            (interface / "authorized").write_text("1\n")
        (self.top / "bus/usb/devices" / name).symlink_to(
            os.path.relpath(home, self.top / "bus/usb/devices")
        )
        return home

    def disk(self, home: Path, name="sda", parts=1, opened=(), sequence=17, interface=0) -> None:
        block = home / f"{home.name}:1.{interface}/host3/target3:0:0/3:0:0:0/block" / name
        (block / "holders").mkdir(parents=True)
        (block / "diskseq").write_text(f"{sequence}\n")
        (block / "uevent").write_text("")
        for number in range(1, parts + 1):
            part = block / f"{name}{number}"
            (part / "holders").mkdir(parents=True)
            (part / "partition").write_text(f"{number}\n")
            (part / "uevent").write_text("")
            for holder in opened:
                (part / "holders" / holder).symlink_to(block)
        (self.top / "block" / name).symlink_to(os.path.relpath(block, self.top / "block"))

    def obey(self, home: Path) -> None:
        """Do what the kernel does when a device, or a part of it, is switched off: unbind it."""

        def kernel() -> None:
            while not self.stop.wait(0.01):
                whole = is_off(home)
                for interface in home.glob("*:*"):
                    if whole or is_off(interface):
                        gone = interface if whole else interface / "host3"
                        shutil.rmtree(gone, ignore_errors=True)
                for block in (self.top / "block").iterdir():
                    if not block.exists():
                        block.unlink()

        self.kernel = threading.Thread(target=kernel)
        self.kernel.start()


def is_off(part: Path) -> bool:
    return (part / "authorized").read_text().strip() == "0"


def gate_in(folder: Path) -> Gate:
    """A gate whose files lie in a folder of the test."""
    return Gate(closed=folder / "usb-closed", verdicts=folder / "verdicts")

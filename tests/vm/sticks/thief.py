"""Runs in the laptop as the staff member: tries, without end, all that a person can try on a stick.

    thief.py LOG SECONDS

While the file REST is there it rests. Each success and each kind of refusal is a line of JSON in
LOG with the kernel's monotonic time: a node that opens, a mount, an unlock, a node that udisks
lends, a volume under /media.
Uses the D-Bus library that the agent's package carries; the rest is Python's own.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from jeepney import DBusAddress, DBusErrorResponse, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

UDISKS = "org.freedesktop.UDisks2"
PASSPHRASE = "invented for this test"
REST, RESTING = Path("/run/lab/thief-rests"), Path("/tmp/thief-rests")
"""He is told to rest by the first, and says so by the second."""
_QUIET = {"auth.no_user_interaction": ("b", True)}
CALLS = (
    ("Filesystem", "Mount", "a{sv}", (_QUIET,)),
    ("Filesystem", "Mount", "a{sv}", ({**_QUIET, "options": ("s", "exec,suid,dev")},)),
    ("Block", "OpenDevice", "sa{sv}", ("r", _QUIET)),
    ("Block", "OpenForBackup", "a{sv}", (_QUIET,)),
    ("Encrypted", "Unlock", "sa{sv}", (PASSPHRASE, _QUIET)),
)


class Thief:
    """One person in a hurry. What was seen of a thing is written down once for each answer."""

    def __init__(self, log: Path) -> None:
        self.log = log.open("a", buffering=1)
        self.told: set[tuple[str, str, str]] = set()

    def tell(self, what: str, thing: str, answer: str) -> None:
        if (what, thing, answer) not in self.told:
            self.told.add((what, thing, answer))
            line = {"at": time.monotonic(), "what": what, "thing": thing, "answer": answer}
            self.log.write(json.dumps(line) + "\n")

    def forget(self, nodes: set[str]) -> None:
        """A node that went and comes again is another stick."""
        self.told = {told for told in self.told if told[1] in nodes or told[1].startswith("/")}

    def read(self, node: str) -> None:
        try:
            with open(f"/dev/{node}", "rb", buffering=0) as device:
                got = len(device.read(512))
        except OSError as error:
            self.tell("read", node, os.strerror(error.errno or 0))
        else:
            self.tell("read", node, "got" if got else "empty")

    def ask(self, bus: DBusConnection, node: str) -> None:
        at = f"/org/freedesktop/UDisks2/block_devices/{_escaped(node)}"
        for interface, member, signature, body in CALLS:
            call = new_method_call(
                DBusAddress(at, UDISKS, f"{UDISKS}.{interface}"), member, signature, body
            )
            try:
                unwrap_msg(bus.send_and_get_reply(call, timeout=60))
            except DBusErrorResponse as error:
                self.tell(member, node, error.name.rpartition(".")[2])
            else:
                self.tell(member, node, "got")


def nodes() -> set[str]:
    """What the kernel has of disks, parts, opened volumes and their raw doors."""
    disks = {name for name in os.listdir("/sys/class/block") if name[:2] in ("sd", "dm")}
    raw = {f"sg{n}" for n in range(8) if os.path.exists(f"/dev/sg{n}")}
    bsg = {f"bsg/{name}" for name in _listed("/dev/bsg")}
    return disks | raw | bsg


def mounts() -> Iterator[str]:
    """Volumes of a person."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        source, place, *_ = line.split()
        if place.startswith(("/media/", "/run/media/")):
            yield f"{source} {place}"


def main(log: Path, seconds: float) -> None:
    """Try until the time is over."""
    thief, end, known = Thief(log), time.monotonic() + seconds, set[str]()
    with open_dbus_connection(bus="SYSTEM", enable_fds=True) as bus:
        while time.monotonic() < end:
            if REST.exists():
                RESTING.touch()
                time.sleep(0.1)
                continue
            RESTING.unlink(missing_ok=True)
            found = nodes()
            if known - found:
                thief.forget(found)
            known = found
            for node in sorted(found):
                thief.read(node)
            for mounted in mounts():
                thief.tell("mounted", mounted.split()[0].removeprefix("/dev/"), "got")
            for node in sorted(found):
                if node[:2] in ("sd", "dm"):
                    thief.ask(bus, node)
            time.sleep(0.02)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _escaped(name: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"_{ord(c):02x}" for c in name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))

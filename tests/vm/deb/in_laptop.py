"""The cases that need systemd, a person's home and time: one laptop, from install to purge.

They build on each other, as a laptop's life does; each begins where the one before it ended.
"""

import json
from pathlib import Path
from typing import Any

import pyrage

from agent.demo import stage as demo
from tests.vm.deb.builds import NEW, OLD
from tests.vm.deb.cases import Case, tried
from tests.vm.deb.in_chroot import NUMBERS, SCRIPT, Bench
from tests.vm.laptop import machine
from tests.vm.laptop.desktop import desktop
from tests.vm.laptop.machine import Laptop
from tests.vm.laptop.product import AGENT, Product

HOME = "/home/teacher"
FILES = 12
"""Pupil files that are dropped at once; an hour's cap is far above."""
UNITS = "'dossierwacht*'"
_RULES = """
[collectors.pupil_files]
roots = ["/home"]

[[rules]]
name = "seal"
kind = "pupil-file-found"
action = "seal-file"
"""
_LEFT = "find / -xdev -name '*dossierwacht*' -not -path '/proc/*' -not -path '/var/log/*' | sort"


def run(bench: Bench) -> list[Case]:
    """Every case in one laptop."""
    folder, disk = desktop(bench.say)
    with machine.restored(folder, disk, bench.work / "laptop") as laptop:
        life = Life(bench, laptop)
        return [
            tried("installed, the agent answers", OLD, life.install),
            tried("upgraded while it seals, nothing is lost", UPGRADED, life.upgrade),
            tried("killed at a step of sealing, then upgraded", ENDED, life.cut_off),
            tried("killed between unpack and configure", [NEW, NEW], life.half_way),
            tried("an older one is refused, and the agent goes on", REFUSED, life.downgrade),
            tried("what was disabled stays so", "disabled", life.disabled),
            tried("removed, nothing runs and nothing is withheld", REMOVED, life.remove),
            tried("put in again, it goes on where it was", True, life.again),
            tried("retired, it is not started again", RETIRED, life.retire),
            tried("purged, the sealed files and their note stay", PURGED, life.purge),
        ]


UPGRADED = {"version": NEW, "other process": True, "keys": True, "events": True, "policy": 1,
            "sealed": FILES, "open alike": True, "in folder": 0}  # fmt: skip
ENDED = {"version": NEW, "in folder": False, "opens": True, "stage": ""}
REFUSED = {"refused": True, "version": NEW, "active": "active"}
REMOVED = {"processes": "", "units": "", "gate": False, "program": False, "sealed": True}
RETIRED = {"refused": 1, "forced": 0, "active": "failed", "tries": True}
PURGED = {"left": [], "state": ["vault"], "units": "", "accounts": "", "sealed": True, "note": True}


class Life:
    """One laptop."""

    def __init__(self, bench: Bench, laptop: Laptop) -> None:
        self.bench = bench
        self.laptop = laptop
        self.product = Product(laptop)
        self.text = _pupil_file(bench.work)
        self.before: list[str] = []

    def install(self) -> str:
        named = "".join(
            f'[[recipients]]\nname = "{name}"\nkey = "{one.to_public()}"\nproven = true\n'
            for name, one in (("officer", self.bench.officer), ("reserve", self.bench.reserve))
        )
        self.before = self.laptop.sh(_LEFT).split("\n")
        self.laptop.put(self.bench.builds.new, "/var/tmp/new.deb")
        self.laptop.put(SCRIPT, "/var/tmp/seal_one.py")
        self.product.more = _RULES + named
        self.product.install(self.bench.builds.old)
        return self._version()

    def upgrade(self) -> dict[str, Any]:
        before, pid, last = self._keys(), self._pid(), self.product.last()
        for number in range(FILES):
            self.laptop.sh(
                f"as-staff sh -c 'cat >\"{HOME}/lijst {number}.csv\"'",
                given=self.text + b"%d\n" % number,
            )
        self.laptop.wait_until("ls /var/lib/dossierwacht/vault/*.json", 240)
        self.laptop.sh("dpkg -i /var/tmp/new.deb", timeout=600)
        self.product.answers()
        self.laptop.wait_until(f"! ls {HOME}/lijst*.csv", 300)
        self.laptop.wait_until("! ls /home/.dossierwacht-stage/*", 120)
        opened = self._opened()
        return {
            "version": self._version(),
            "other process": self._pid() != pid,
            "keys": self._keys() == before,
            "events": self.product.last() > last and self._unbroken(),
            "policy": json.loads(self.laptop.sh("dossierwacht status --json || true"))["policy"][
                "version"
            ],
            "sealed": len(opened),
            "open alike": sorted(opened)
            == sorted(self.text + b"%d\n" % number for number in range(FILES)),
            "in folder": int(self.laptop.sh(f"ls {HOME}/lijst*.csv 2>/dev/null | wc -l")),
        }

    def cut_off(self) -> dict[str, Any]:
        path, number = f"{HOME}/apart.csv", NUMBERS["whole"]
        self.product.stop()
        self.laptop.sh(f"as-staff sh -c 'cat >{path}'", given=self.text)
        keys = f"{self.bench.officer.to_public()} {self.bench.reserve.to_public()}"
        python = "/usr/lib/dossierwacht/bin/python3 -I"
        killed = f"{python} /var/tmp/seal_one.py {path} {number} folder-durable {keys}"
        self.laptop.sh(f"{killed}; test $? = 9")
        self.laptop.sh("dpkg -i /var/tmp/new.deb", timeout=600)
        self.product.answers()
        self.laptop.wait_until(f"test -e /var/lib/dossierwacht/vault/{number}.json", 120)
        self.laptop.wait_until("! ls /home/.dossierwacht-stage/*", 120)
        return {
            "version": self._version(),
            "in folder": self.laptop.tried(f"test -e {path}").returncode == 0,
            "opens": self.text in self._opened(),
            "stage": self.laptop.sh("ls /home/.dossierwacht-stage").strip(),
        }

    def half_way(self) -> list[str]:
        self.laptop.sh("dpkg --unpack /var/tmp/new.deb", timeout=600)
        self.laptop.sh(f"systemctl kill -s KILL {AGENT}")
        self.product.answers()
        between = self._version()
        self.laptop.sh("dpkg --configure -a", timeout=600)
        self.product.answers()
        return [between, self._version()]

    def downgrade(self) -> dict[str, Any]:
        done = self.laptop.tried("dpkg -i /var/tmp/agent.deb", timeout=600)
        self.product.answers()
        return {
            "refused": done.returncode != 0,
            "version": self._version(),
            "active": self.laptop.sh(f"systemctl is-active {AGENT}").strip(),
        }

    def disabled(self) -> str:
        self.laptop.sh("systemctl disable -q dossierwacht-sender")
        self.laptop.sh("dpkg -i /var/tmp/new.deb", timeout=600)
        said = self.laptop.tried("systemctl is-enabled dossierwacht-sender").stdout.decode().strip()
        self.laptop.sh("systemctl enable -q dossierwacht-sender")
        self.product.answers()
        return said

    def remove(self) -> dict[str, Any]:
        self.laptop.wait_until("test -e /etc/dossierwacht/usb-closed", 60)
        sealed = len(self._opened())
        self.laptop.sh("dpkg --remove dossierwacht-agent", timeout=600)
        units = self.laptop.sh(f"systemctl list-units --no-legend {UNITS}").strip()
        return {
            "processes": self.laptop.sh("pgrep -af '/usr/(bin|lib)/[d]ossierwacht' || true"),
            "units": units,
            "gate": self.laptop.tried("test -e /etc/dossierwacht/usb-closed").returncode == 0,
            "program": self.laptop.tried("test -e /usr/bin/dossierwacht").returncode == 0,
            "sealed": len(self._opened()) == sealed == FILES + 1,
        }

    def again(self) -> bool:
        last, keys = self.product.last(), self._keys()
        self.laptop.sh("dpkg -i /var/tmp/new.deb", timeout=600)
        self.product.answers()
        return self.product.last() > last and self._keys() == keys and self._unbroken()

    def retire(self) -> dict[str, Any]:
        refused = self.laptop.tried("dossierwacht retire", timeout=300)
        self.product.answers()
        forced = self.laptop.tried("dossierwacht retire --force", timeout=300)
        self.laptop.sh("sleep 10")
        tries = self.laptop.sh(f"systemctl show -p NRestarts --value {AGENT}").strip()
        return {
            "refused": refused.returncode,
            "forced": forced.returncode,
            "active": self.laptop.tried(f"systemctl is-active {AGENT}").stdout.decode().strip(),
            "tries": int(tries) <= 1,
        }

    def purge(self) -> dict[str, Any]:
        self.laptop.sh("dpkg --purge dossierwacht-agent", timeout=600)
        own = ("/var/tmp", "/var/lib/dossierwacht", "/var/lib/dpkg")
        left = [one for one in self.laptop.sh(_LEFT).split("\n") if not one.startswith(own)]
        return {
            "left": sorted(set(left) - set(self.before)),
            "state": self.laptop.sh("ls -A /var/lib/dossierwacht").split(),
            "units": self.laptop.sh(
                f"systemctl list-unit-files --no-legend {UNITS} || true"
            ).strip(),
            "accounts": self.laptop.sh("getent passwd | grep dossierwacht || true").strip(),
            "sealed": len(self._opened()) == FILES + 1,
            "note": str(self.bench.officer.to_public())
            in self.laptop.sh("cat /var/lib/dossierwacht/vault/README.txt"),
        }

    def _version(self) -> str:
        return str(json.loads(self.laptop.sh("dossierwacht status --json || true"))["version"])

    def _pid(self) -> str:
        return self.laptop.sh(f"systemctl show -p MainPID --value {AGENT}").strip()

    def _keys(self) -> str:
        return self.laptop.sh("cd /var/lib/dossierwacht && sha256sum *.key installed")

    def _unbroken(self) -> bool:
        numbers = [event["seq"] for event in self.product.events()]
        return numbers == list(range(1, len(numbers) + 1))

    def _opened(self) -> list[bytes]:
        """What the officer's key makes of everything that is sealed."""
        names = self.laptop.sh("ls /var/lib/dossierwacht/vault").split()
        copies = [name for name in names if name.endswith(".age") and name.count(".") == 1]
        return [pyrage.decrypt(self._read(name), [self.bench.officer]) for name in copies]

    def _read(self, name: str) -> bytes:
        return self.laptop.tried(f"cat /var/lib/dossierwacht/vault/{name}").stdout


def _pupil_file(work: Path) -> bytes:
    """One of the sample home's pupil files that is text."""
    inventory = demo.build(work / "samples", demo.SEED)
    name = next(one.path for one in inventory.pupil_files if one.path.endswith(".csv"))
    return (work / "samples" / name).read_bytes()

"""The laptop with the product and two officers who can open what it seals."""

import base64
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyrage

from agent import identity
from tests.vm.laptop.machine import Laptop
from tests.vm.laptop.product import Product

NO_KEY = base64.b64encode(os.urandom(32)).decode("ascii")
PATIENCE = 400.0
"""Seconds the agent may take under emulation."""
DEVICE = "d" + 16 * "a"
POLICY = """
[collectors.pupil_files]
roots = ["/home"]

[lost]
keys = ["{signs}"]

[[recipients]]
name = "officer"
key = "{officer}"
proven = true

[[recipients]]
name = "reserve"
key = "{reserve}"
proven = true

[[rules]]
name = "pupil-files"
kind = "pupil-file-found"
action = "seal-file"

[[rules]]
name = "homes"
kind = "home-open"
action = "close-folder"
"""


@dataclass(kw_only=True)
class Row:
    """What one case came to. ``faults`` is empty if everything was as it should be."""

    name: str
    seconds: float = 0.0
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        """Note what had to hold if it does not."""
        if not holds:
            self.faults.append(what)

    def line(self) -> str:
        """The row of the printed table."""
        faults = "".join(f"\n       {fault}" for fault in self.faults)
        head = "FAIL" if self.faults else "ok  "
        return f"{head} {self.name:28} {self.seconds:7.1f}  {self.note}{faults}"

    def told(self) -> dict[str, object]:
        """The row as JSON has it."""
        got = self.faults or ["no fault"]
        return vars(self) | {"expected": ["no fault"], "got": got, "passed": not self.faults}


class Bench:
    """Everything a case needs."""

    def __init__(self, laptop: Laptop, work: Path) -> None:
        self.laptop = laptop
        self.work = work
        self.product = Product(laptop)
        self.idle = 0.0
        self.officer = pyrage.x25519.Identity.generate()
        self.signing = work / "sign.key"

    def prepare(self, deb: Path) -> None:
        """Put the product in on a laptop that has its name, and with a policy that seals."""
        reserve = pyrage.x25519.Identity.generate()
        signs = say("order", "key", "--out", str(self.signing)).strip()
        self.product.more = POLICY.format(
            officer=self.officer.to_public(), reserve=reserve.to_public(), signs=signs
        )
        self._enrolled()
        self.product.install(deb)

    def _enrolled(self) -> None:
        """As enrolment leaves a laptop behind, with a collector that cannot be reached."""
        told = identity.Enrolled(
            device=DEVICE, server="https://collector.invalid", collector_key=NO_KEY,
            owner="issued",
        )  # fmt: skip
        self.laptop.sh("mkdir -p -m 700 /var/lib/dossierwacht; mkdir -p /run/lab")
        where = "cat >/var/lib/dossierwacht/identity.json"
        self.laptop.sh(where, given=msgspec.json.encode(told))
        self.laptop.sh("cat >/var/lib/dossierwacht/ca.pem", given=b"# nobody's\n")

    def save(self, place: str, data: bytes) -> None:
        """Have the person at the laptop save a file."""
        self.laptop.sh("cat >/run/lab/given; chmod 644 /run/lab/given", given=data)
        self.laptop.sh(f"as-staff mkdir -p \"$(dirname '{place}')\"")
        self.laptop.sh(f"as-staff cp /run/lab/given '{place}'")

    def told(self, kind: str, after: int, *, acted: bool = True) -> dict[str, Any] | None:
        """The first event of a kind, once it is there and was acted on; None if none comes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for event in self.product.events(after):
                if event["kind"] == kind and (event["outcome"] or not acted):
                    return event
            time.sleep(1)
        return None


def say(*words: str) -> str:
    """What a command says on the officer's own machine, which is this one."""
    command = [sys.executable, "-m", "agent", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

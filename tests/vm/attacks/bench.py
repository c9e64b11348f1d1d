"""The laptop under attack: the installed agent, and the person who is logged in."""

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.documents import roster
from tests.vm.laptop.machine import Laptop
from tests.vm.laptop.product import AGENT, Product

HOME = "/home/teacher"
POLICY = """
[collectors.pupil_files]
roots = ["/home"]

[[rules]]
name = "own-overrides-are-the-administrators"
kind = "own-part-changed"
action = "report"
when = { wrong = "overridden" }

[[rules]]
name = "own-parts-are-put-back"
kind = "own-part-changed"
action = "restore-own-part"
"""
PATIENCE = 300.0
"""Seconds of the guest, which is emulated and has to share its processors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What one attack came to: it went well if ``got`` is ``expected``."""

    name: str
    expected: str
    got: str
    seconds: float

    @property
    def passed(self) -> bool:
        return self.got == self.expected

    def line(self) -> str:
        """The row of the printed table."""
        told = "ok" if self.passed else f"expected {self.expected!r}"
        return f"{self.name:34} {self.seconds:6.0f} s  {self.got[:90]}  {told}"

    def told(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "expected": self.expected,
            "got": self.got,
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "faults": [] if self.passed else [f"{self.expected}: {self.got}"],
        }


class Bench:
    """Everything an attack needs."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.product = Product(laptop)
        self._planted = 0

    def prepare(self, deb: Path) -> None:
        """Put the product in; it watches the homes, and puts its own parts back."""
        self.product.more = POLICY
        self.product.install(deb)

    def staff(self, command: str, timeout: float = 180.0, given: bytes | None = None) -> bool:
        """Run a shell's command as the person in their session; whether it succeeded."""
        words = f"as-staff sh -c {shlex.quote(command)}"
        return self.laptop.tried(words, timeout, given).returncode == 0

    def python(self, program: str, *words: str, timeout: float = 300.0) -> str:
        """Run a Python program of the person's own to its end; what it printed."""
        command = shlex.join(["as-staff", "/usr/bin/python3", "-", *words])
        return self.laptop.sh(command, timeout, program.encode())

    def refused(self, attempts: dict[str, str]) -> str:
        """Try each as the person; ``all refused``, or which were not."""
        tries = [
            f"timeout 30 sh -c {shlex.quote(command)} >/dev/null 2>&1 </dev/null"
            f" && echo {shlex.quote(name)}"
            for name, command in attempts.items()
        ]
        script = "\n".join([*tries, "echo tried"])
        *through, last = self.laptop.sh(
            f"as-staff sh -c {shlex.quote(script)}", timeout=600
        ).splitlines()
        if last != "tried":
            return "not all tried"
        return f"through: {', '.join(through)}" if through else "all refused"

    def pids(self) -> dict[str, int]:
        """The agent, its worker and its sender."""
        said = self.laptop.sh("pgrep -af '/dossierwacht|agent.sender|recognise.worker' || true")
        found = {}
        for line in said.splitlines():
            pid, _, command = line.partition(" ")
            for name in ("run --no-sender", "agent.sender", "recognise.worker", "ocr_worker"):
                if name in command and "pgrep" not in command:
                    found[name] = int(pid)
        return found

    def plant(self, folder: str = HOME) -> None:
        """Put another pupil file there, as the person."""
        self._planted += 1
        text = roster() + f"groep {self._planted} {time.time()};;;;;\r\n"
        where = f"{folder}/planted-{self._planted}.csv"
        if not self.staff(f"cat >{where}", given=text.encode()):
            raise AssertionError(f"the person could not write {where}")

    def found_after(self, after: int, number: int = 1) -> bool:
        """Whether so many pupil files are told of by events with a higher number."""
        return self.until(lambda: len(self.told("pupil-file-found", after)) >= number)

    def told(self, kind: str, after: int) -> list[dict[str, Any]]:
        """The events of a kind with a higher number."""
        return [event for event in self.product.events(after) if event["kind"] == kind]

    def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Whether something comes to hold in good time."""
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(2)
        return True

    def still_finds(self) -> str:
        """What is left of the agent's work: ``goes on``, or what does not."""
        after = self.product.last()
        self.plant()
        if not self.found_after(after):
            return "a planted file was not found"
        active = self.laptop.tried(f"systemctl is-active --quiet {AGENT}").returncode == 0
        return "goes on" if active else "the agent does not run"

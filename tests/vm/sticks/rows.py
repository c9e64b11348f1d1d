"""One line of the table, and the table."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(kw_only=True)
class Row:
    """What one case came to. ``faults`` is empty if everything was as it should be."""

    name: str
    verdict: str = ""
    outcome: str = ""
    layers: list[str] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)
    gains: list[str] = field(default_factory=list)
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        """Note what had to hold if it does not."""
        if not holds:
            self.faults.append(what)

    def line(self) -> str:
        """The row of the printed table."""
        times = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.times.items())
        words = (
            "FAIL" if self.faults else "ok",
            f"{self.name:34}",
            f"{self.verdict:34}",
            f"{self.outcome:19}",
            f"{'+'.join(self.layers):24}",
            times,
            self.note,
            *(f"\n       {fault}" for fault in self.faults),
        )
        return " ".join(words).rstrip()


HEAD = f"     {'case':34} {'verdict':34} {'outcome':19} {'stopped by':24} seconds in the guest"


def write(rows: Sequence[Row], out: Path, extra: dict[str, object]) -> None:
    """The rows and what goes with them as JSON."""
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {platform.system()}, QEMU without KVM"
    told = {"machine": machine, **extra, "cases": [asdict(row) for row in rows]}
    out.write_text(json.dumps(told, indent=1), "utf-8")


def failed(rows: Iterable[Row]) -> int:
    """How many rows have faults."""
    return sum(bool(row.faults) for row in rows)

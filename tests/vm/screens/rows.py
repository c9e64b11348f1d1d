"""One line of the table of screens."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Row:
    """What one case came to. ``faults`` is empty if everything was as it should be."""

    name: str
    desktop: str = ""
    locker: str = ""
    source: str = ""
    method: str = ""
    tried: list[str] = field(default_factory=list)
    proof: str = ""
    seconds: float | None = None
    """From the limit to the agent's word, in the guest."""
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        """Note what had to hold if it does not."""
        if not holds:
            self.faults.append(what)

    def line(self) -> str:
        """The row of the printed table."""
        words = (
            "FAIL" if self.faults else "ok",
            f"{self.name:36}",
            f"{self.desktop:8}",
            f"{self.source:14}",
            f"{self.method or 'none':8}",
            f"{self.proof:12}",
            f"{self.seconds:6.2f}" if self.seconds is not None else "     -",
            self.note,
            *(f"\n       {fault}" for fault in self.faults),
        )
        return " ".join(words).rstrip()

    def told(self) -> dict[str, object]:
        """The row as JSON has it."""
        got = {"source": self.source, "tried": self.tried, "proof": self.proof}
        return {
            "name": self.name,
            "desktop": self.desktop,
            "locker": self.locker,
            "expected": "locked and proven, or a failure told",
            "got": got,
            "method": self.method,
            "passed": not self.faults,
            "seconds": self.seconds,
            "note": self.note,
            "faults": self.faults,
        }


HEAD = (
    f"     {'case':36} {'desktop':8} {'idle source':14} {'method':8} {'proof':12}"
    " seconds after the limit"
)

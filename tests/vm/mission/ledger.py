"""What each step of the journey came to, written down after each, so that nothing is lost.

A step that needs another which did not pass does not run, and is named as such: what follows from a
failure is not counted as one more.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.vm.mission.road import Road

MACHINE = f"{platform.machine()}, {platform.system()}, QEMU without KVM"


class NotRun(Exception):
    """A step could not be begun; the words say why."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what has to come of it, and the work that says what did."""

    name: str
    expected: str
    work: "Callable[[Road], str]"
    needs: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Case:
    """What a step came to."""

    name: str
    expected: str
    got: str = ""
    passed: bool = False
    ran: bool = True
    seconds: float = 0.0

    def line(self) -> str:
        """The row of the printed table."""
        word = "ok  " if self.passed else "FAIL"
        return (
            f"{word} {self.name:28}{self.seconds:8.1f}  {(self.got.splitlines() or [''])[0][:110]}"
        )


@dataclass
class Ledger:
    """Every case so far, on paper as well."""

    out: Path
    cases: list[Case] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    @property
    def good(self) -> bool:
        return bool(self.cases) and all(case.passed for case in self.cases)

    def passed(self, name: str) -> bool:
        return any(case.name == name and case.passed for case in self.cases)

    def note(self, case: Case) -> None:
        """One more case, and the whole table written anew."""
        self.cases.append(case)
        told = {
            "machine": MACHINE,
            "seconds": round(time.monotonic() - self._began),
            **self.extra,
            "cases": [asdict(one) for one in self.cases],
        }
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self.out.write_text(json.dumps(told, indent=1), "utf-8")

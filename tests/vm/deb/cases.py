"""A case: what was expected, what came, and how long it took."""

import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """``passed`` is whether what came is what was expected; a case that did not run has not."""

    name: str
    expected: Any
    got: Any
    passed: bool
    seconds: float


def tried(name: str, expected: Any, find: Callable[[], Any]) -> Case:
    """Run one case; whatever goes wrong in it is what came."""
    began = time.monotonic()
    try:
        got = find()
    except Exception as error:
        got = f"{type(error).__name__}: {str(error)[-1500:]}"
    passed, seconds = got == expected, round(time.monotonic() - began, 1)
    print(f"  {'ok  ' if passed else 'FAIL'} {name} ({seconds} s)", file=sys.stderr, flush=True)
    if not passed:
        print(f"       expected {expected}\n       got      {got}", file=sys.stderr, flush=True)
    return Case(name=name, expected=expected, got=got, passed=passed, seconds=seconds)


def write(cases: Sequence[Case], out: Path) -> None:
    """The table as JSON."""
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    told = {"machine": machine, "cases": [asdict(case) for case in cases]}
    out.write_text(json.dumps(told, indent=1, default=str), "utf-8")

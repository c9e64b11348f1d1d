"""A laptop as one starts it, with the package of this checkout in it: what most labs begin with."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from tests.vm.laptop import machine
from tests.vm.laptop.desktop import desktop
from tests.vm.laptop.machine import Laptop
from tests.vm.laptop.product import package
from tests.vm.laptop.qmp import QmpError

NOT_RUN = 3
"""The exit code of a lab for which there was no machine."""
BROKEN = (machine.GuestError, QmpError, OSError, subprocess.SubprocessError)


class Prepared(Protocol):
    """What a lab's cases are given."""

    def prepare(self, deb: Path) -> None:
        """Put the package in."""


B = TypeVar("B", bound=Prepared)


def laptop_with_product(
    held: contextlib.ExitStack, make: Callable[[Laptop, Path], B], deb: Path | None = None
) -> B:
    """What ``make`` makes of a running laptop and a folder for it, with the product installed."""
    say("making the package")
    made = deb or package()
    folder, disk = desktop(say)
    run = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="dw-")))
    bench = make(held.enter_context(machine.restored(folder, disk, run / "m")), run)
    say("installing the package in the laptop")
    bench.prepare(made)
    return bench


def say(text: str) -> None:
    """A line of progress."""
    print(f"==> {text}", file=sys.stderr, flush=True)

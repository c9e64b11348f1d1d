"""100,000 files in the home of a staff member, on this machine and not in the emulated one."""

import tempfile
from pathlib import Path

from agent.demo import stage
from tests.staff_laptop import as_staff, staff_laptop
from tests.vm.attacks.bench import PATIENCE, Bench

PLANTED = 20
_MANY = """
import os, sys
os.chdir(sys.argv[1])
for folder in range(100):
    os.mkdir(f"many-{folder}")
    for number in range(1000):
        with open(f"many-{folder}/{number}.txt", "w") as file:
            file.write(f"note {folder} {number}\\n")
"""


def files(_: Bench) -> str:
    """Pupil files before, among and after them; the agent judges every one of all."""
    with tempfile.TemporaryDirectory() as top, staff_laptop(Path(top)) as laptop:
        laptop.plant("before.csv")
        as_staff(_MANY, str(laptop.home))
        for number in range(PLANTED - 2):
            laptop.plant(f"many-{number * 5}/planted.csv")
        laptop.plant("after.csv")
        stage.wait_until(lambda: laptop.found() >= PLANTED, 3 * PATIENCE)
        return f"{laptop.found()} of {PLANTED} found"

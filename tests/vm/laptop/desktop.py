"""The laptop with somebody logged in and everything of a desktop running, saved to go on from."""

from pathlib import Path

from tests.vm.laptop import image, machine
from tests.vm.laptop.image import Say

PROGRAMS = ("openbox", "udiskie", "dunst")


def desktop(say: Say) -> tuple[Path, Path]:
    """The folder of the image and the disk with the snapshot; both are made if need be."""
    folder = image.image(say)
    return folder, machine.ready(folder, "desktop", _logged_in, say)


def _logged_in(laptop: machine.Laptop) -> None:
    for program in PROGRAMS:
        laptop.wait_until(f"pgrep -u teacher -f {program}", 300)

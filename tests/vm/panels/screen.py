"""What is to be seen on a display, and a mouse on it."""

import time
from pathlib import Path

from PIL import Image, ImageChops
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from agent.tray.icon import COLOURS
from agent.tray.view import State

NEAR = 12
"""How far a panel may change a colour: some soften what they scale."""
LEAST = 8
"""Pixels across, of an icon's tile."""


class Screen:
    """One display."""

    def __init__(self, display: str) -> None:
        self._x = Display(display)
        self._root = self._x.screen().root

    def picture(self) -> Image.Image:
        """All of it."""
        size = self._root.get_geometry()
        raw = self._root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        return Image.frombytes("RGB", (size.width, size.height), raw.data, "raw", "BGRX")

    def keep(self, path: Path) -> Image.Image:
        """All of it, also as a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = self.picture()
        picture.save(path)
        return picture

    def icon(self, state: State = State.FINE, height: int | None = None) -> tuple[int, int] | None:
        """The middle of the icon in the colour of a state; None where there is none."""
        return icon_in(self.picture(), state, height)

    def point(self, place: tuple[int, int]) -> None:
        """Move the mouse, as a hand does: by way of a point beside it."""
        for step in (8, 4, 0):
            xtest.fake_input(self._x, X.MotionNotify, x=place[0] - step, y=place[1])
            self._x.sync()
            time.sleep(0.05)

    def press(self, button: int) -> None:
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self._x, kind, button)
            self._x.sync()
            time.sleep(0.08)

    def escape(self) -> None:
        """Close what is open."""
        code = self._x.keysym_to_keycode(0xFF1B)
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(self._x, kind, code)
            self._x.sync()
            time.sleep(0.08)

    def has_older_tray(self) -> bool:
        """Whether a panel takes icons in the older way."""
        atom = self._x.intern_atom("_NET_SYSTEM_TRAY_S0")
        return self._x.get_selection_owner(atom) != X.NONE

    def close(self) -> None:
        self._x.close()


def icon_in(
    whole: Image.Image, state: State = State.FINE, height: int | None = None
) -> tuple[int, int] | None:
    """The middle of the icon in the colour of a state; None where there is none.

    Looked for in the right half, where every panel has its icons, and in its first ``height``
    pixels if told so.
    """
    half = whole.width // 2
    picture = whole.crop((half, 0, whole.width, height or whole.height))
    apart = ImageChops.difference(picture, Image.new("RGB", picture.size, COLOURS[state]))
    red, green, blue = apart.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    found = most.point(lambda value: 255 * (value < NEAR))
    box = found.getbbox()
    if box is None:
        return None
    left, top, right, bottom = box
    wide = LEAST <= right - left <= 80 and LEAST <= bottom - top <= 80
    return (half + (left + right) // 2, (top + bottom) // 2) if wide else None


def changed(before: Image.Image, after: Image.Image) -> int:
    """How many pixels differ."""
    difference = ImageChops.difference(before, after).convert("L")
    return sum(difference.point(lambda value: 255 * (value > 24)).histogram()[255:])

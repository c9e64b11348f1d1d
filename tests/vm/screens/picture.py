"""Whether a picture of the screen shows what must not be seen: a window in one loud colour."""

from pathlib import Path

from PIL import Image

SECRET = "#d7308b"
"""No screen saver paints in it."""
_LOUD = (215, 48, 139)
_ENOUGH = 400
"""Pixels; the window has tens of thousands."""


def shows_secret(picture: Path) -> bool:
    """Whether the window in the secret colour can be seen in the picture."""
    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(1 << 24) or []
    return sum(count for count, colour in colours if colour == _LOUD) > _ENOUGH

"""The icon, drawn: a tile in the colour of the state with a sign that tells it without colour."""

from PIL import Image, ImageDraw

from agent.tray.view import State

SIZE = 64
"""Pixels; the panel scales it."""
_WHITE = (255, 255, 255)
_COLOURS = {
    State.FINE: (21, 101, 72),
    State.LOOK: (156, 87, 0),
    State.BLOCKED: (176, 32, 40),
    State.NO_CONTACT: (38, 84, 148),
    State.OFFLINE: (72, 60, 92),  # no plain grey: some panels take that for see-through
}
"""Each with at least 4.5 to 1 against white."""
_WIDE = 8


def draw(state: State) -> Image.Image:
    """The icon for a state: opaque, since some panels show nothing through it but black."""
    image = Image.new("RGB", (SIZE, SIZE), _COLOURS[state])
    pen = ImageDraw.Draw(image)
    pen.line([(8, 14), (8, 6), (30, 6), (36, 14)], fill=_WHITE, width=4, joint="curve")
    pen.line([(4, 14), (60, 14), (60, 60), (4, 60), (4, 14)], fill=_WHITE, width=4)
    _sign(pen, state)
    return image


def _sign(pen: ImageDraw.ImageDraw, state: State) -> None:
    if state is State.FINE:
        pen.line([(18, 38), (28, 48), (47, 27)], fill=_WHITE, width=_WIDE, joint="curve")
    elif state is State.LOOK:
        pen.line([(32, 22), (32, 41)], fill=_WHITE, width=_WIDE)
        pen.ellipse([(28, 46), (36, 54)], fill=_WHITE)
    elif state is State.BLOCKED:
        pen.line([(17, 37), (47, 37)], fill=_WHITE, width=_WIDE + 3)
    elif state is State.NO_CONTACT:
        for left in (15, 28, 41):
            pen.ellipse([(left, 33), (left + 8, 41)], fill=_WHITE)
    else:
        pen.line([(21, 27), (43, 49)], fill=_WHITE, width=_WIDE)
        pen.line([(43, 27), (21, 49)], fill=_WHITE, width=_WIDE)

"""The icon: a folder on a tile in the colour of the state; a sign tells it without colour."""

from functools import cache

from agent.tray.shapes import Colour, Shape, box, dot, paint, stroke, together
from agent.tray.view import State

SIDES = (16, 22, 24, 32, 48, 64)
"""Pixels; a panel takes the nearest."""
_WHITE = (255, 255, 255)
COLOURS: dict[State, Colour] = {
    State.FINE: (17, 105, 78),
    State.LOOK: (156, 87, 0),
    State.BLOCKED: (176, 32, 40),
    State.NO_CONTACT: (38, 84, 148),
    State.OFFLINE: (72, 60, 92),  # no plain grey: some panels take that for see-through
}
"""Each with at least 4.5 to 1 against white."""
_TILE = box(0.0, 0.0, 1.0, 1.0, 0.2)
_FOLDER = together(box(0.13, 0.19, 0.50, 0.50, 0.07), box(0.13, 0.29, 0.87, 0.83, 0.07))
_SIGNS: dict[State, Shape] = {
    State.FINE: stroke([(0.33, 0.57), (0.45, 0.69), (0.68, 0.44)], 0.11),
    State.LOOK: together(stroke([(0.5, 0.41), (0.5, 0.56)], 0.11), dot(0.5, 0.72, 0.06)),
    State.BLOCKED: stroke([(0.31, 0.56), (0.69, 0.56)], 0.13),
    State.NO_CONTACT: together(*(dot(x, 0.56, 0.065) for x in (0.3, 0.5, 0.7))),
    State.OFFLINE: together(
        stroke([(0.37, 0.43), (0.63, 0.69)], 0.11), stroke([(0.63, 0.43), (0.37, 0.69)], 0.11)
    ),
}


@cache
def picture(state: State, side: int, *, opaque: bool = False) -> bytes:
    """Red, green, blue and alpha of each pixel; ``opaque`` where see-through becomes black."""
    colour = COLOURS[state]
    layers = [(_TILE, colour), (_FOLDER, _WHITE), (_SIGNS[state], colour)]
    return paint(side, layers, colour if opaque else None)


@cache
def pixmaps(state: State) -> list[tuple[int, int, bytes]]:
    """The icon in every size, as panels on the bus want it: alpha first."""
    return [(side, side, _alpha_first(picture(state, side))) for side in SIDES]


def _alpha_first(pixels: bytes) -> bytes:
    turned = bytearray(len(pixels))
    for place in range(4):
        turned[(place + 1) % 4 :: 4] = pixels[place::4]
    return bytes(turned)

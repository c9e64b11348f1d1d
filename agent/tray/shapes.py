"""Shapes drawn without a graphics library: each is how far a point lies from its edge.

A drawing library costs the tray more memory than all the rest of its icon. All lengths are parts
of the picture's side; negative distances lie inside.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import hypot

Shape = Callable[[float, float], float]
"""The distance of a point from the edge of a shape."""
Colour = tuple[int, int, int]


def box(left: float, top: float, right: float, bottom: float, round_by: float) -> Shape:
    """A rectangle with round corners."""
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    half_x, half_y = (right - left) / 2 - round_by, (bottom - top) / 2 - round_by

    def distance(x: float, y: float) -> float:
        over_x, over_y = abs(x - middle_x) - half_x, abs(y - middle_y) - half_y
        outside = hypot(max(over_x, 0.0), max(over_y, 0.0))
        return outside + min(max(over_x, over_y), 0.0) - round_by

    return distance


def dot(middle_x: float, middle_y: float, radius: float) -> Shape:
    """A disc."""
    return lambda x, y: hypot(x - middle_x, y - middle_y) - radius


def stroke(points: Sequence[tuple[float, float]], width: float) -> Shape:
    """A line through points with round ends."""
    pieces = list(pairwise(points))

    def distance(x: float, y: float) -> float:
        return min(_from_line(x, y, start, end) for start, end in pieces) - width / 2

    return distance


def together(*shapes: Shape) -> Shape:
    """All of several shapes."""
    return lambda x, y: min(shape(x, y) for shape in shapes)


def paint(side: int, layers: Sequence[tuple[Shape, Colour]], ground: Colour | None) -> bytes:
    """A picture of ``side`` pixels, as red, green, blue and alpha of each, with smooth edges.

    Without a ``ground`` what no layer covers is see-through.
    """
    pixels = bytearray()
    for row in range(side):
        for column in range(side):
            pixels += _pixel((column + 0.5) / side, (row + 0.5) / side, side, layers, ground)
    return bytes(pixels)


def _pixel(
    x: float,
    y: float,
    side: int,
    layers: Sequence[tuple[Shape, Colour]],
    ground: Colour | None,
) -> bytes:
    red, green, blue = ground or layers[0][1]
    alpha = 0.0 if ground is None else 1.0
    for shape, (r, g, b) in layers:
        covered = min(max(0.5 - shape(x, y) * side, 0.0), 1.0)
        if covered:
            red, green, blue = (
                round(old + (new - old) * covered) for old, new in ((red, r), (green, g), (blue, b))
            )
            alpha += (1.0 - alpha) * covered
    return bytes((red, green, blue, round(255 * alpha)))


def _from_line(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x * along_x + along_y * along_y
    part = ((x - start[0]) * along_x + (y - start[1]) * along_y) / length
    part = min(max(part, 0.0), 1.0)
    return hypot(x - start[0] - part * along_x, y - start[1] - part * along_y)

"""A padlock in the middle of a window: it says "locked" in every language."""

from typing import Any

_GREY = (0x9000, 0xA000, 0xA800)
FULL = 360 * 64
"""A whole turn, in the unit of X: sixty-fourths of a degree."""


def draw(window: Any, screen: Any, width: int, height: int) -> None:
    """Draw it, a tenth of the window high."""
    size = max(height // 10, 16)
    colour = screen.default_colormap.alloc_color(*_GREY).pixel
    brush = window.create_gc(foreground=colour, line_width=max(size // 7, 2))
    left, top = (width - size) // 2, (height - size) // 2
    bow = size * 6 // 10
    window.arc(brush, left + (size - bow) // 2, top - bow // 2, bow, bow, 0, FULL // 2)
    for x in (left + (size - bow) // 2, left + (size + bow) // 2):
        window.line(brush, x, top - bow // 2 + bow // 2, x, top + size // 4)
    window.fill_rectangle(brush, left, top + size // 4, size, size * 3 // 4)
    hole = window.create_gc(foreground=screen.black_pixel)
    window.fill_arc(hole, left + size * 4 // 10, top + size // 2, size // 5, size // 5, 0, FULL)
    for one in (brush, hole):
        one.free()

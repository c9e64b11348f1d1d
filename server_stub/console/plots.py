"""Bars as SVG: no text and no script in it, so that it stretches to any width. Pure.

Everything that is to be read stands in the page around it, in letters of the page's own size.
"""

from collections.abc import Sequence

from server_stub.console.page import FEW

HEIGHT = 100
STEP = 10
"""How wide a bar and the room after it are."""
_FULL, _ROUGH, _LINE = "#0b5a78", "#5f93a8", "#6b8390"


def bars(values: Sequence[int], *, rough: bool) -> str:
    """One bar for each value. ``rough``: small counts are drawn alike and in a lighter colour."""
    top = max(*values, FEW, 1)
    drawn = "".join(_bar(at, value, top, rough) for at, value in enumerate(values))
    width = STEP * len(values)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 1}" '
        f'preserveAspectRatio="none">{drawn}'
        f'<rect x="0" y="{HEIGHT}" width="{width}" height="1" fill="{_LINE}"/></svg>'
    )


def _bar(at: int, value: int, top: int, rough: bool) -> str:
    small = rough and 1 <= value <= FEW
    height = round(HEIGHT * (FEW if small else value) / top, 1)
    place = f'x="{at * STEP + 1}" y="{HEIGHT - height}" width="{STEP - 2}" height="{height}"'
    return f'<rect {place} fill="{_ROUGH if small else _FULL}"/>' if value else ""

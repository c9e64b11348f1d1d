"""The menu as panels on the desktop's bus want it: told as data, drawn by the panel.

Each entry keeps its number whatever else the menu holds, so a click on a menu that changed under
the pointer begins what the person saw, or nothing. No socket in here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.texts import say
from agent.tray.bus_objects import Interface, Method, Value
from agent.tray.view import ENTRIES, LINE, View

MENU = "com.canonical.dbusmenu"
ROOT = 0
_FIRST_ENTRY = 100
_FIRST_LINE = 200
_ROW = "(ia{sv}av)"
Begin = Callable[[str], None]


class Menu:
    """The rows below the icon; choosing one calls ``begin`` with its key."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self.revision = 1
        self.rows: dict[int, dict[str, Value]] = {}

    def show(self, view: View, language: str) -> bool:
        """Take up the rows of a view; whether they are others than before."""
        rows = dict(_rows(view, language))
        if rows == self.rows:
            return False
        self.rows = rows
        self.revision += 1
        return True

    def interface(self) -> Interface:
        """What can be asked of it."""
        return Interface(
            name=MENU,
            properties=self._properties,
            methods={
                "GetLayout": Method(takes="iias", gives=f"u{_ROW}", work=self._layout),
                "GetGroupProperties": Method(takes="aias", gives="a(ia{sv})", work=self._several),
                "GetProperty": Method(takes="is", gives="v", work=self._one),
                "Event": Method(takes="isvu", work=self._event),
                "EventGroup": Method(takes="a(isvu)", gives="ai", work=self._events),
                "AboutToShow": Method(takes="i", gives="b", work=lambda _: (False,)),
                "AboutToShowGroup": Method(takes="ai", gives="aiai", work=lambda _: ([], [])),
            },
            signals={"LayoutUpdated": "ui", "ItemsPropertiesUpdated": "a(ia{sv})a(ias)"},
        )

    def _properties(self) -> Mapping[str, Value]:
        return {
            "Version": ("u", 3),
            "Status": ("s", "normal"),
            "TextDirection": ("s", "ltr"),
            "IconThemePath": ("as", []),
        }

    def _layout(self, parent: int, depth: int, names: list[str]) -> tuple[Any, ...]:
        if parent != ROOT:
            return self.revision, (parent, _only(self.rows.get(parent, {}), names), [])
        below: list[Any] = [
            (_ROW, (number, _only(row, names), [])) for number, row in self.rows.items()
        ]
        root: dict[str, Value] = {"children-display": ("s", "submenu")}
        return self.revision, (ROOT, root, below if depth else [])

    def _several(self, numbers: list[int], names: list[str]) -> tuple[Any, ...]:
        wanted = numbers or list(self.rows)
        return ([(one, _only(self.rows[one], names)) for one in wanted if one in self.rows],)

    def _one(self, number: int, name: str) -> tuple[Any, ...]:
        return (self.rows.get(number, {}).get(name, ("s", "")),)

    def _events(self, events: list[tuple[int, str, Any, int]]) -> tuple[Any, ...]:
        unknown = [one[0] for one in events if one[0] != ROOT and one[0] not in self.rows]
        for event in events:
            self._event(*event)
        return (unknown,)

    def _event(self, number: int, what: str, *_: Any) -> tuple[Any, ...]:
        key = _key(number) if number in self.rows else None
        if what == "clicked" and key is not None:
            self._begin(key)
        return ()


def _rows(view: View, language: str) -> Iterator[tuple[int, dict[str, Value]]]:
    for number, line in enumerate(view.lines, 1):
        yield number, {"label": ("s", _plain(line)), "enabled": ("b", False)}
    for place, key in enumerate((LINE, *view.offers)):
        if key == LINE:
            yield _FIRST_LINE + place, {"type": ("s", "separator")}
        else:
            number = _FIRST_ENTRY + ENTRIES.index(key)
            yield number, {"label": ("s", _plain(say(language, key))), "enabled": ("b", True)}


def _key(number: int) -> str | None:
    place = number - _FIRST_ENTRY
    return ENTRIES[place] if 0 <= place < len(ENTRIES) else None


def _plain(text: str) -> str:
    """A text in which no underline is taken for the mark of a shortcut key."""
    return text.replace("_", "__")


def _only(row: Mapping[str, Value], names: list[str]) -> dict[str, Value]:
    return {name: value for name, value in row.items() if not names or name in names}

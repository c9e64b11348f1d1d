"""The icon as panels on the desktop's bus know it: a status notifier item. No socket in here.

Most desktops of today take icons in this way (Plasma, Xfce, LXQt, MATE, Cinnamon, Budgie, and GNOME
with its extension): the panel asks what to draw, and draws it itself.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agent.texts import say
from agent.tray.bus_objects import Interface, Method, Value
from agent.tray.icon import pixmaps
from agent.tray.view import View

ITEM = "org.kde.StatusNotifierItem"
ITEM_PATH = "/StatusNotifierItem"
MENU_PATH = "/MenuBar"
CHANGES = ("NewTitle", "NewIcon", "NewToolTip")
"""What a panel is told when another view is shown."""


class Item:
    """What a panel is shown; a click on it begins ``clicked``."""

    def __init__(self, clicked: Callable[[], None]) -> None:
        self._clicked = clicked
        self.shown: tuple[View, str] | None = None

    def interface(self) -> Interface:
        """What can be asked of it."""
        nothing = _nothing
        return Interface(
            name=ITEM,
            properties=self.properties,
            methods={
                "Activate": Method(takes="ii", work=self._activate),
                "SecondaryActivate": Method(takes="ii", work=nothing),
                "ContextMenu": Method(takes="ii", work=nothing),
                "Scroll": Method(takes="is", work=nothing),
                "ProvideXdgActivationToken": Method(takes="s", work=nothing),
            },
            signals={**dict.fromkeys(CHANGES, ""), "NewStatus": "s"},
        )

    def properties(self) -> Mapping[str, Value]:
        """Everything a panel may want to know."""
        title, text, pictures = self._words()
        headline = f"{title}: {text[0]}" if text else title
        return {
            "Category": ("s", "SystemServices"),
            "Id": ("s", "dossierwacht"),
            "Title": ("s", headline),
            "Status": ("s", "Active"),
            "WindowId": ("i", 0),
            "IconThemePath": ("s", ""),
            "IconName": ("s", ""),
            "IconPixmap": ("a(iiay)", pictures),
            "IconAccessibleDesc": ("s", headline),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            "ToolTip": ("(sa(iiay)ss)", ("", pictures, headline, "\n".join(text[1:]))),
            "ItemIsMenu": ("b", False),
            "Menu": ("o", MENU_PATH),
        }

    def _words(self) -> tuple[str, tuple[str, ...], list[tuple[int, int, bytes]]]:
        if self.shown is None:
            return say("en", "tray-title"), (), []
        view, language = self.shown
        return say(language, "tray-title"), view.lines, pixmaps(view.state)

    def _activate(self, *_: Any) -> tuple[Any, ...]:
        self._clicked()
        return ()


def _nothing(*_: Any) -> tuple[Any, ...]:
    """For what panels may tell and we have no use for; the menu is the panel's to draw."""
    return ()

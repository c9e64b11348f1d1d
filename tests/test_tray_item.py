"""The icon on the desktop's bus: what a panel sees of it, and that it outlives panel and bus."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from dbus_fast import Message, MessageType, Variant

from agent.demo.stage import wait_until
from agent.texts import LANGUAGES, say
from agent.tray import item_on_bus
from agent.tray.bus_objects import complete_types
from agent.tray.icon import SIDES
from agent.tray.item_on_bus import ItemOnBus
from agent.tray.place import NoIcon, Place
from agent.tray.view import ENTRIES, LINE, State, View, offered, view_of
from tests.buses import PrivateBus, Services, private_bus, services
from tests.panels_on_bus import ITEM, MENU, PanelOnBus
from tests.tray_agent import FINE

PATIENCE = 60.0
PROPERTIES = "org.freedesktop.DBus.Properties"


class Desk:
    """An icon on a private bus, and what was begun from it."""

    made: ClassVar[list["Desk"]] = []

    def __init__(self) -> None:
        self.made.append(self)
        self.begun: list[str] = []
        self.changes = 0
        self.item = ItemOnBus(lambda: self.begun.append("click"), self.begun.append)

    def start(self) -> None:
        self.item.start(self._changed)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBus]:
    monkeypatch.setattr(item_on_bus, "FIRST_PAUSE", 0.1)
    with private_bus(tmp_path / "bus") as running:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.address)
        yield running
        for desk in Desk.made:
            desk.item.stop()
        Desk.made.clear()


@pytest.fixture
def desktop(bus: PrivateBus) -> Iterator[Services]:
    with services(bus) as running:
        yield running


@pytest.fixture
def panel(desktop: Services) -> PanelOnBus:
    return PanelOnBus(desktop)


@pytest.fixture
def desk(panel: PanelOnBus) -> Desk:
    made = Desk()
    made.item.show(view_of(FINE, "nl"), "nl")
    made.start()
    assert wait_until(made.item.placed, PATIENCE)
    return made


def test_a_panel_sees_the_state_the_words_and_a_picture_in_every_size(
    desk: Desk, panel: PanelOnBus
) -> None:
    assert panel.get("Title") == panel.get("IconAccessibleDesc") == "Dossierwacht: Alles is in orde"
    assert panel.get("Status") == "Active"
    assert panel.get("IconThemePath") == ""
    pictures = panel.get("IconPixmap")
    assert [(wide, high, len(data)) for wide, high, data in pictures] == [
        (side, side, 4 * side * side) for side in SIDES
    ]
    centre = 4 * (8 * 16 + 1)
    assert pictures[0][2][centre : centre + 4] == bytes((255, 17, 105, 78)), "alpha comes first"
    _, _, title, text = panel.get("ToolTip")
    assert [title, *text.splitlines()] == [
        "Dossierwacht: Alles is in orde",
        *view_of(FINE, "nl").lines[1:],
    ]


def test_every_property_is_of_the_type_it_is_described_as(desk: Desk, panel: PanelOnBus) -> None:
    words = ("org.freedesktop.DBus.Introspectable", "Introspect", "", [])
    for which in (ITEM, MENU):
        described = panel.asked(which, *words).body[0]
        found = panel.asked(which, PROPERTIES, "GetAll", "s", [which]).body[0]
        assert found
        for name, value in found.items():
            assert f'name="{name}" type="{value.signature}"' in described


def test_a_left_click_reports_a_leak_and_an_entry_begins_what_it_says(
    desk: Desk, panel: PanelOnBus
) -> None:
    panel.asked(ITEM, ITEM, "Activate", "ii", [3, 4])
    assert wait_until(lambda: desk.begun == ["click"], PATIENCE)
    for number, row in panel.menu().items():
        body = [number, "clicked", Variant("i", 0), 0]
        panel.asked(MENU, MENU, "Event", "isvu", body)
        assert row.get("enabled") or len(desk.begun) >= 1
    wanted = [key for key in offered(frozenset()) if key != LINE]
    assert desk.begun == ["click", *wanted]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_menu_speaks_the_persons_language(desk: Desk, panel: PanelOnBus, language: str) -> None:
    view = view_of({**FINE, "override": {"devices": ["1-2"]}}, language)
    desk.item.show(view, language)
    rows = [row.get("label") for row in panel.menu().values() if row.get("enabled")]
    assert rows == [say(language, key) for key in view.offers if key != LINE]


def test_a_name_with_an_underline_is_shown_as_it_is(desk: Desk, panel: PanelOnBus) -> None:
    desk.item.show(View(State.FINE, ("Ask a_b",)), "en")
    assert next(iter(panel.menu().values()))["label"] == "Ask a__b"


def test_a_change_is_told_to_the_panel_and_the_same_again_is_not(
    desk: Desk, panel: PanelOnBus
) -> None:
    desk.item.show(view_of({**FINE, "state": "look"}, "nl"), "nl")
    wanted = ["NewTitle", "NewIcon", "NewToolTip", "LayoutUpdated"]
    assert wait_until(lambda: panel.heard == wanted, PATIENCE)
    desk.item.show(view_of({**FINE, "state": "look"}, "nl"), "nl")
    assert panel.get("Title").endswith(say("nl", "tray-look"))
    assert panel.heard == wanted


def test_a_click_on_a_row_that_is_gone_begins_nothing(desk: Desk, panel: PanelOnBus) -> None:
    gone = 100 + ENTRIES.index("tray-override")
    events = [[gone, "clicked", Variant("i", 0), 0], [1, "clicked", Variant("i", 0), 0]]
    answer = panel.asked(MENU, MENU, "EventGroup", "a(isvu)", [events])
    assert (answer.body, desk.begun) == ([[gone]], [])


@pytest.mark.parametrize(
    ("which", "words", "wrong"),
    [
        (ITEM, (ITEM, "Explode", "", []), "UnknownMethod"),
        (ITEM, (ITEM, "Activate", "s", ["x"]), "InvalidArgs"),
        (ITEM, ("org.example.Other", "Activate", "ii", [1, 2]), "UnknownInterface"),
        (ITEM, (PROPERTIES, "Get", "ss", [ITEM, "Nothing"]), "UnknownProperty"),
        (ITEM, (PROPERTIES, "Get", "s", [ITEM]), "UnknownMethod"),
        (ITEM, (PROPERTIES, "GetAll", "s", ["org.example.Other"]), "UnknownInterface"),
        (MENU, (MENU, "GetLayout", "", []), "InvalidArgs"),
        (MENU, (PROPERTIES, "Set", "ssv", [MENU, "Status", Variant("s", "x")]), "UnknownMethod"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_an_error_and_breaks_nothing(
    desk: Desk, panel: PanelOnBus, which: str, words: tuple[Any, ...], wrong: str
) -> None:
    answer: Message = panel.asked(which, *words)
    assert answer.message_type is MessageType.ERROR
    assert answer.error_name == f"org.freedesktop.DBus.Error.{wrong}"
    assert panel.get("Id") == "dossierwacht"


def test_odd_numbers_of_rows_are_no_rows(desk: Desk, panel: PanelOnBus) -> None:
    properties = panel.asked(MENU, MENU, "GetGroupProperties", "aias", [[-5, 1, 9999], ["label"]])
    assert [number for number, _ in properties.body[0]] == [1]
    assert panel.asked(MENU, MENU, "GetProperty", "is", [9999, "label"]).body[0].value == ""
    assert panel.asked(MENU, MENU, "GetLayout", "iias", [9999, -1, []]).body[1][2] == []
    assert panel.asked(MENU, MENU, "AboutToShow", "i", [0]).body == [False]


# --- panels and buses that come and go ------------------------------------------------------------


def test_a_panel_that_comes_later_and_one_that_is_started_again_get_the_icon(
    bus: PrivateBus,
) -> None:
    desk = Desk()
    desk.start()
    desk.item.show(view_of(FINE, "nl"), "nl")
    for number in (1, 2):
        with services(bus) as running:
            panel = PanelOnBus(running)
            assert wait_until(desk.item.placed, PATIENCE)
            assert panel.get("Id") == "dossierwacht"
        assert wait_until(lambda: not desk.item.placed(), PATIENCE)
        assert wait_until(lambda at=2 * number: desk.changes >= at, PATIENCE)


def test_an_icon_of_which_nothing_is_known_yet_is_not_shown(panel: PanelOnBus) -> None:
    desk = Desk()
    desk.start()
    assert wait_until(lambda: desk.item._bus is not None, PATIENCE)
    assert panel.watcher.items == []
    desk.item.show(view_of(FINE, "nl"), "nl")
    assert wait_until(desk.item.placed, PATIENCE)
    assert len(panel.watcher.items) == 1


def test_a_watcher_without_a_panel_is_no_place_until_one_comes(desktop: Services) -> None:
    panel = PanelOnBus(desktop, host=False)
    desk = Desk()
    desk.item.show(view_of(FINE, "nl"), "nl")
    desk.start()
    assert wait_until(lambda: bool(panel.watcher.items), PATIENCE)
    assert not desk.item.placed()
    panel.host_comes()
    assert wait_until(desk.item.placed, PATIENCE)


def test_a_bus_that_ends_and_begins_anew_is_found_again(bus: PrivateBus) -> None:
    desk = Desk()
    desk.item.show(view_of(FINE, "nl"), "nl")
    desk.start()
    with services(bus) as running:
        PanelOnBus(running)
        assert wait_until(desk.item.placed, PATIENCE)
        bus.stop()
        assert wait_until(lambda: not desk.item.placed(), PATIENCE)
        desk.item.show(view_of(None, "nl"), "nl")
        bus.start()
    with services(bus) as running:
        panel = PanelOnBus(running)
        assert wait_until(desk.item.placed, PATIENCE)
        assert panel.get("Title").endswith(say("nl", "tray-offline"))


class Older(NoIcon):
    """An icon of the older way that remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.views: list[View] = []
        self.runs = 0

    def show(self, view: View, language: str) -> None:
        self.views.append(view)

    def placed(self) -> bool:
        return True

    def run(self) -> None:
        self.runs += 1
        super().run()


def test_the_older_way_is_taken_while_no_panel_is_on_the_bus(bus: PrivateBus) -> None:
    desk, older, screen = Desk(), Older(), [True]
    place = Place(desk.item, lambda: older, lambda: screen[0])
    place.show(view_of(FINE, "nl"), "nl")
    main = threading.Thread(target=place.run)
    main.start()
    try:
        assert wait_until(lambda: older.runs == 1, PATIENCE)
        assert older.views == [view_of(FINE, "nl")]
        with services(bus) as running:
            PanelOnBus(running)
            assert wait_until(lambda: desk.item.placed() and place._older is None, PATIENCE)
        screen[0] = False  # and nobody left to see any
        main.join(PATIENCE)
        assert not main.is_alive()
        assert older.runs == 1
    finally:
        place.stop()
        main.join(PATIENCE)


def test_types_of_a_signature_are_told_apart() -> None:
    assert list(complete_types("ia{sv}a(iiay)s")) == ["i", "a{sv}", "a(iiay)", "s"]

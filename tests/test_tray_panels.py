"""The icon on two real panels, one of each kind; `./dev lab tray` tries all the others."""

import pytest

from tests.vm.panels.desktops import DESKTOPS
from tests.vm.tray import Case, on

BY_NAME = {desktop.name: desktop for desktop in DESKTOPS}


def case(name: str) -> Case:
    found = on(BY_NAME[name])
    if found.note.startswith("did not run"):
        pytest.skip(found.note)
    return found


@pytest.mark.slow
def test_a_panel_on_the_bus_shows_icon_and_menu_also_after_its_own_restart() -> None:
    found = case("xfce")
    assert found.faults == []
    assert (found.menu, found.click) == (True, True)


@pytest.mark.slow
def test_a_panel_of_the_older_kind_shows_the_icon_also_after_its_own_restart() -> None:
    found = case("trayer")
    assert found.faults == []
    assert found.click is True

"""The figures: counted right, drawn as they are counted, and rough where they might point."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from server_stub.console import figures, plots
from tests.console_visit import Console, console
from tests.databases import Databases

FRIDAY = date(2026, 11, 27)
BAR = "{http://www.w3.org/2000/svg}rect"


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("figures") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def heights(svg: str) -> list[tuple[float, str]]:
    """The height and the colour of each bar."""
    return [
        (float(one.attrib["height"]), one.attrib["fill"])
        for one in ET.fromstring(svg).iter(BAR)
        if one.attrib["height"] != "1"
    ]


def test_a_week_begins_on_monday_and_the_running_one_is_the_last() -> None:
    counts = {(FRIDAY, "a"): 1, (FRIDAY - timedelta(days=4), "a"): 2, (FRIDAY, ""): 9}
    counts |= {(FRIDAY - timedelta(days=5), "a"): 4, (FRIDAY, "b"): 30}
    first, second = figures.events(counts, FRIDAY)
    assert (first.kind, second.kind, second.values[-2:]) == ("b", "a", (4, 3))
    assert (len(second.starts), second.starts[-1]) == (figures.WEEKS, date(2026, 11, 23))


def test_a_day_without_a_laptop_is_a_day_with_none() -> None:
    found = figures.laptops({(FRIDAY, ""): 9, (FRIDAY, "a"): 7}, FRIDAY)
    assert (len(found.values), sum(found.values), found.values[-1]) == (figures.DAYS, 9, 9)
    assert figures.first_day(FRIDAY) <= min(found.starts)


def test_kinds_that_were_not_told_of_within_the_weeks_are_left_out() -> None:
    assert figures.events({(FRIDAY - timedelta(weeks=12), "a"): 5}, FRIDAY) == []


def test_bars_stand_to_each_other_as_their_counts() -> None:
    drawn = heights(plots.bars([0, 5, 10, 2], rough=False))
    assert [height for height, _ in drawn] == [50, 100, 20]
    assert len({colour for _, colour in drawn}) == 1


def test_rough_bars_of_small_counts_are_all_alike() -> None:
    drawn = heights(plots.bars([1, 2, 3, 4, 8], rough=True))
    assert len(set(drawn[:4])) == 1 and drawn[3][1] != drawn[4][1]
    assert heights(plots.bars([1], rough=True)) == heights(plots.bars([4], rough=True))


def test_of_nothing_only_the_line_is_drawn() -> None:
    assert heights(plots.bars([0, 0], rough=False)) == []


def test_what_came_in_stands_in_the_table_and_in_the_plot(at: Console) -> None:
    session = at.session("ingrid")
    page = at.get(session, "/figures").text
    today = datetime.now(UTC).date()
    assert re.search(rf'<th scope="row">{today}</th><td class="number">3</td>', page)
    reply = at.get(session, "/figures/events/pupil-file-found.svg")
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert len(heights(reply.text)) == 1
    assert len(heights(at.get(session, "/figures/laptops.svg").text)) == 1
    assert at.get(session, "/figures/events/never-heard-of.svg").status_code == 404


def test_management_sees_no_small_figure_and_no_laptop(at: Console) -> None:
    page = at.get(at.session("maaike"), "/figures").text
    cells = re.findall(r'<td class="number">([^<]*)</td>', page)
    assert "1–4" in cells and not {"1", "2", "3", "4"} & set(cells)
    assert at.laptop.name not in page
    drawn = heights(at.get(at.session("maaike"), "/figures/laptops.svg").text)
    assert drawn == heights(plots.bars([4], rough=True))

"""The hour that comes twice when summer time ends: which one is asked for, and clocks run right."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server_stub import moments, wording
from server_stub.breaches import register_import
from server_stub.breaches.duties import Duty, dues
from server_stub.errors import AskedError
from tests.console_visit import Console, console
from tests.test_server_register import breach

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TWICE = datetime(2025, 10, 26, 2, 30)  # noqa: DTZ001 (what a clock shows)
FIRST, SECOND = (datetime(2025, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1))
ENGLISH = wording.load()["en"]


def test_what_a_clock_shows_twice_is_two_moments() -> None:
    assert moments.twice(AMSTERDAM, TWICE) == ("CEST", "CET")
    assert moments.moment(AMSTERDAM, TWICE) is None
    assert moments.moment(AMSTERDAM, TWICE, "first") == FIRST
    assert moments.moment(AMSTERDAM, TWICE, "second") == SECOND
    assert moments.moment(AMSTERDAM, TWICE, "third") is None
    assert [moments.hour_of(AMSTERDAM, at) for at in (FIRST, SECOND)] == ["first", "second"]


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("2025-10-26T01:59", "2025-10-25T23:59"),
        ("2025-10-26T03:00", "2025-10-26T02:00"),
        ("2026-11-23T13:00", "2026-11-23T12:00"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # this night has no such hour
    ],
)
def test_every_other_reading_is_one_moment_whatever_is_chosen(shown: str, at: str) -> None:
    local = moments.reading(shown)
    assert local is not None
    assert moments.twice(AMSTERDAM, local) is None
    for hour in ("", "first", "second"):
        assert moments.moment(AMSTERDAM, local, hour) == datetime.fromisoformat(f"{at}+00:00")


def test_in_a_zone_without_summer_time_nothing_comes_twice() -> None:
    assert moments.twice(ZoneInfo("UTC"), TWICE) is None
    assert moments.hour_of(ZoneInfo("UTC"), FIRST) == "first"


def test_clocks_across_that_night_count_the_hours_that_passed() -> None:
    for aware in (FIRST, SECOND):
        (due,) = dues(breach(aware_at=aware), {Duty.AUTHORITY: timedelta(hours=72)}, [], SECOND)
        assert due.by == aware + timedelta(hours=72)
    # Each begins at half past two by the clock, and ends an hour apart.
    ends = [(at + timedelta(hours=72)).astimezone(AMSTERDAM) for at in (FIRST, SECOND)]
    assert [f"{end:%d %H:%M %Z}" for end in ends] == ["29 01:30 CET", "29 02:30 CET"]


def test_an_old_log_can_name_an_hour_and_has_to_say_which() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def read(date: str) -> datetime:
        content = f"date,description\n{date},A list was lost.\n".encode()
        (line,) = register_import.read(content, AMSTERDAM, now)
        return line.noticed_at

    assert read("2025-10-26T02:30+02:00") == FIRST
    assert read("2025-10-26 02:30+01:00") == SECOND
    assert read("2025-10-26T01:30") == datetime(2025, 10, 25, 23, 30, tzinfo=UTC)
    assert read("2025-10-26") == datetime(2025, 10, 26, 11, tzinfo=UTC)
    with pytest.raises(AskedError, match="line 2: the clock showed this time twice"):
        read("2025-10-26T02:30")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("moments") / "state") as made:
        yield made


def test_a_form_asks_which_hour_and_keeps_what_was_chosen(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    form = {"csrf": csrf, "incident": "paper", "noticed_at": "2025-10-26T02:30"}
    asked = at.post(olaf, "/register/new", **form)
    assert asked.status_code == 422
    assert ENGLISH.text("wrong.which-hour") in asked.text
    assert ENGLISH.text("hour.second", zone="CET") in asked.text
    made = at.post(olaf, "/register/new", **form, **{"noticed_at.hour": "second"})
    entry = made.headers["Location"].removesuffix("/dossier")
    assert at.running.rows("SELECT 1 FROM breaches WHERE detected_at LIKE '2025-10-26 01:30%'")
    page = at.get(olaf, entry).text
    assert re.search(r'<option value="second" selected>', page)
    again = {"csrf": csrf, "aware_at": "2025-10-26T02:30"}
    assert (
        at.post(olaf, f"{entry}/aware", **again, **{"aware_at.hour": "second"}).status_code == 303
    )
    assert aware(at) == ["2025-10-26 01:30"]
    early = at.post(olaf, f"{entry}/aware", **again, **{"aware_at.hour": "first"})
    assert early.status_code == 303  # an hour before detection is what laptops' clocks may differ
    assert aware(at) == ["2025-10-26 00:30"]


def test_each_form_of_an_entry_asks(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="paper", noticed_at="2025-10-25T12:00"
    )
    entry = made.headers["Location"].removesuffix("/dossier")
    time = "2025-10-26T02:30"
    for place, form in (
        ("told", {"duty": "authority", "how": "done"}),
        ("routed", {"duty": "manager", "how": "done"}),
    ):
        asked = at.post(olaf, f"{entry}/{place}", csrf=csrf, at=time, **form)
        assert (asked.status_code, 'name="at.hour"' in asked.text) == (422, True)
        chosen = {"at": time, "at.hour": "second"} | form
        assert at.post(olaf, f"{entry}/{place}", csrf=csrf, **chosen).status_code == 303
    page = f"{entry}/dossier/timeline"
    answers = {"noticed-at": "2025-10-25T12:00", "reported-at": time}
    asked = at.post(olaf, page, csrf=csrf, **answers)
    assert (asked.status_code, 'name="reported-at.hour"' in asked.text) == (422, True)
    assert (
        at.post(olaf, page, csrf=csrf, **answers, **{"reported-at.hour": "first"}).status_code
        == 303
    )
    assert (
        at.post(olaf, page, csrf=csrf, **answers, **{"reported-at.hour": "second"}).status_code
        == 303
    )
    shown = at.get(olaf, page).text
    assert re.search(r'reported-at\.hour">.*?value="second" selected', shown, re.DOTALL)


def aware(at: Console) -> list[str]:
    rows = at.running.rows("SELECT aware_at FROM breaches WHERE aware_at IS NOT NULL")
    return [str(row[0])[:16] for row in rows]

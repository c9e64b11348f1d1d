"""Delivery under faults, in short: what ``./dev lab faults`` does thousands of times."""

import os
import tempfile
from pathlib import Path

import pytest

from agent import sender
from agent.journal import SIZE_LIMIT
from tests import (
    delivery_faults,
    delivery_forged,
    delivery_impostors,
    delivery_network,
    delivery_offline,
)
from tests.delivery_faults import Notes
from tests.test_seal_crash import Disk
from tests.test_sender import Authority


@pytest.mark.slow
def test_events_of_a_laptop_that_is_killed_arrive_once_each() -> None:
    with tempfile.TemporaryDirectory() as top:
        cases = list(delivery_faults.killed(Path(top), 60))
    assert {case.name: case.bad for case in cases if case.bad} == {}
    assert len(cases) == 4
    assert not cases[0].note.startswith("0 events")


@pytest.mark.root
@pytest.mark.slow
def test_what_was_said_to_be_recorded_outlives_the_power(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root mounts a disk")
    disk = Disk(tmp_path)

    def again() -> None:
        disk.unmount()
        disk.mount()

    try:
        notes = Notes(folder=tmp_path)
        case = delivery_faults.cut_off(disk.at, disk.cut_power, again, 15, notes)
    finally:
        disk.unmount()
    assert (case.tries, case.bad) == (15, 0)
    assert not case.note.startswith("0 ")


def test_a_month_without_the_collector_fits(tmp_path: Path) -> None:
    case = delivery_faults.long_offline(tmp_path, 1, 500)
    assert case.bad == 0
    megabytes = float(case.note.split()[0])
    assert megabytes * 300 < SIZE_LIMIT / 2**20, (
        "30 days with 5,000 events each are 300 times as much"
    )


@pytest.mark.slow
def test_a_busy_day_of_sealed_events_drains_in_order_and_a_month_of_them_has_room(
    tmp_path: Path,
) -> None:
    case, held = delivery_offline.offline(tmp_path, days=1, a_day=5000)
    assert (case.tries, case.bad, held.events) == (5000, 0, 5000), case.note
    assert held.days(5000) >= 30


def test_no_forged_reply_empties_the_journal(tmp_path: Path) -> None:
    case = delivery_forged.replies(tmp_path, 1000)
    assert (case.tries, case.bad) == (1000, 0)


def test_no_forged_order_is_followed(tmp_path: Path) -> None:
    case = delivery_forged.ordered(tmp_path, 1000)
    assert (case.tries, case.bad) == (1000, 0)


def test_no_impostor_reads_a_word_of_an_event_and_all_arrives_later(tmp_path: Path) -> None:
    case = delivery_impostors.impostors(tmp_path)
    assert (case.tries, case.bad) == (8, 0), case.note


def test_an_impostor_hears_what_it_is_sent(tmp_path: Path) -> None:
    authority = Authority()
    with delivery_impostors.impostor(authority.server(tmp_path)) as made:
        uri = f"https://127.0.0.1:{made.port}/v1/events"
        sender.post(authority.pem(), uri, {}, b"{a word}")
    assert b"a word" in made.heard


def test_a_clock_that_is_off_by_years_or_jumps_holds_events_up_and_loses_none(
    tmp_path: Path,
) -> None:
    case = delivery_impostors.wrong_clocks(tmp_path)
    assert (case.tries, case.bad) == (7, 0)


def test_an_unknown_and_a_revoked_laptop_keep_their_events_until_they_are_let_in(
    tmp_path: Path,
) -> None:
    case = delivery_impostors.unknown_laptops(tmp_path)
    assert (case.tries, case.bad) == (2, 0)


@pytest.mark.slow
def test_the_sender_gives_up_on_a_network_that_stalls_and_loses_nothing(tmp_path: Path) -> None:
    case = delivery_network.bad_networks(tmp_path)
    assert (case.tries, case.bad) == (len(delivery_network.FAULTS), 0), case.note

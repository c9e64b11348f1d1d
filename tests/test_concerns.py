"""Whom an event concerns: each kind has an answer, and a doubtful one is nobody's."""

import os
from pathlib import Path

import pytest

from agent import concerns, whose
from agent.concerns import World, uid_of
from agent.leak import LeakKind
from agent.own import SessionLeft, UsbOverride
from agent.own_files import FileReturned, Returned
from agent.own_leak import LeakReported
from collectors.base import CoverageLost, Gap, utc_now
from collectors.folders.found import Watched
from collectors.session_state import SessionKind
from tests.recorded_people import MEES, SANNE, found
from tests.test_texts import AGENTS_OWN, kinds

WORLD = World(
    owner={"/home/sanne/x": SANNE}.get,
    account={"mees": MEES}.get,
    there=lambda: SANNE,
    earlier={"n": MEES}.get,
)
TABLES = (
    concerns.OF_A_PATH,
    concerns.OF_A_SESSION,
    concerns.OF_WHO_IS_THERE,
    concerns.OF_WHO_ASKED,
    concerns.OF_AN_EVENT,
    concerns.OF_THE_LAPTOP,
)


@pytest.mark.parametrize("kind", [one for one in kinds() if one not in AGENTS_OWN])
def test_every_kind_is_somebodys_or_the_laptops_and_only_once(kind: str) -> None:
    assert sum(kind in table for table in TABLES) == 1


def test_a_file_is_its_owners_and_a_screen_its_accounts() -> None:
    left = SessionLeft(
        observed_at=utc_now(), subject="5", user="mees", session=SessionKind.X11, started=1
    )
    assert uid_of(found("/home/sanne/x"), WORLD) == SANNE
    assert uid_of(found("/home/nobody/x"), WORLD) is None
    assert uid_of(left, WORLD) == MEES


def test_what_was_said_is_of_whoever_the_kernel_named() -> None:
    said = LeakReported(
        observed_at=utc_now(), subject="p", what=LeakKind.OTHER, ongoing=False, asked_by=MEES
    )
    assert uid_of(said, WORLD) == MEES
    stick = UsbOverride(
        observed_at=utc_now(), subject="1-2", stick=said, minutes=1, reason="r", asked_by=MEES
    )
    assert uid_of(stick, WORLD) == MEES


def test_a_file_that_comes_back_is_of_whom_it_was_taken_from() -> None:
    back = FileReturned(
        observed_at=utc_now(), subject="n", how=Returned.DONE, days=3, path="/home/sanne/x"
    )
    assert uid_of(back, WORLD) == MEES


def test_a_gap_is_the_laptops_also_where_its_folder_is_somebodys() -> None:
    gap = CoverageLost(
        observed_at=utc_now(), subject="/home/sanne/x", what=Watched.ROOT, gap=Gap.UNREADABLE
    )
    assert uid_of(gap, WORLD) is None


def test_what_is_not_there_or_no_path_is_nobodys(tmp_path: Path) -> None:
    for path in ("", "/", "x", "/no/such", "/bad\0name", "/" + "x/" * 3000):
        assert whose.owner(path) is None
    assert whose.account("no-such-account") is None and whose.account("a\0b") is None


@pytest.mark.root
def test_a_home_says_whose_a_file_is_and_no_link_changes_it(tmp_path: Path) -> None:
    homes = tmp_path / "home"
    for name, uid in (("sanne", SANNE), ("mees", MEES)):
        (homes / name).mkdir(parents=True)
        (homes / name / "list.csv").write_text("x")  # written by root, in somebody's home
        os.chown(homes / name, uid, uid)
    assert whose.owner(str(homes / "sanne/list.csv")) == SANNE
    assert whose.owner(str(homes / "sanne/gone/away.csv")) == SANNE, "it was put away"
    (homes / "mees/theirs").symlink_to(homes / "sanne")
    assert whose.owner(str(homes / "mees/theirs/list.csv")) == MEES
    shared = homes / "shared.csv"
    shared.write_text("x")
    assert whose.owner(str(shared)) is None, "what is root's is nobody's in particular"
    os.chown(shared, MEES, MEES)
    assert whose.owner(str(shared)) == MEES
    (homes / "way").symlink_to(homes / "sanne")
    assert whose.owner(str(homes / "way/list.csv")) is None

"""The notice to the staff: as the policy has it, and remembered for each person and version."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.control_server import Caller, Refused
from agent.notice import Notice
from agent.notice_read import FILE, MOST_PEOPLE, NoticesRead
from agent.policy import Mode, Policy, Rule
from agent.recorder import Recorder
from collectors.base import Observation
from enforcement.base import Recipient

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOTICE = Notice(policy_version=7, given_on=date(2026, 10, 1), language="nl", version=3)
POLICY = Policy(
    version=7,
    mode=Mode.ENFORCE,
    notice_lead_days=14,
    collectors={"pupil_files": {"roots": ["/home"]}},
    recipients=(Recipient(name="Noor Visser", key="age1x", proven=True),),
    rules=(Rule(name="lists", kind="pupil-file-found", action="seal-file", source="3.2"),),
)
READ = {"policy": 7, "notice": 3, "language": "da"}


def sanne(uid: int = 1000) -> Caller:
    return Caller(uid=uid, pid=1)


class Journal:
    """What was recorded, or that there was no room."""

    def __init__(self) -> None:
        self.told: list[Observation] = []
        self.full = False

    def record(self, observation: Observation) -> str | None:
        if self.full:
            return None
        self.told.append(observation)
        return "id"


def notices(folder: Path, journal: Journal, **more: Any) -> NoticesRead:
    given: dict[str, Any] = {"policy": POLICY, "notice": NOTICE, **more}
    return NoticesRead(file=folder / FILE, record=journal.record, now=lambda: NOW, **given)


def test_it_is_read_once_by_each_person_and_leaves_no_person_in_the_event(tmp_path: Path) -> None:
    journal = Journal()
    reading = notices(tmp_path, journal)
    assert reading.unread(1000)
    for _ in range(3):
        assert reading.take(sanne(), READ) == {"unread": False}
    assert reading.unread(1001)
    reading.take(sanne(1001), READ | {"language": "nl"})
    again = notices(tmp_path, journal)
    assert not again.unread(1000)
    assert [one.facts()["language"] for one in journal.told] == ["da", "nl"]
    event = Recorder(key=b"k" * 32, seal=None, now=lambda: NOW).event(journal.told[0])
    assert event.facts == {"policy-version": 7, "notice-version": 3, "language": "da"}
    assert (event.kind, event.sealed) == ("notice-read", "")
    assert "1000" not in str(event)


def test_a_new_policy_or_a_new_notice_is_unread_again(tmp_path: Path) -> None:
    journal = Journal()
    notices(tmp_path, journal).take(sanne(), READ)
    newer = Notice(policy_version=7, given_on=date(2026, 11, 1), language="nl", version=4)
    assert notices(tmp_path, journal, notice=newer).unread(1000)
    assert notices(tmp_path, journal, notice=None).unread(1000)
    assert notices(tmp_path, journal, policy=Policy(version=8)).unread(1000)
    assert not notices(tmp_path, journal, policy=Policy(), notice=None).unread(1000)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "changed"),
        (READ | {"policy": 6}, "changed"),
        (READ | {"notice": "3"}, "changed"),
        (READ | {"language": "xx"}, "language"),
        (READ | {"language": ["da"]}, "language"),
    ],
)
def test_what_was_not_shown_is_not_read(tmp_path: Path, given: dict[str, Any], code: str) -> None:
    journal = Journal()
    with pytest.raises(Refused) as refused:
        notices(tmp_path, journal).take(sanne(), given)
    assert refused.value.code == code
    assert journal.told == []
    assert notices(tmp_path, journal).unread(1000)


def test_without_room_it_stays_unread(tmp_path: Path) -> None:
    journal = Journal()
    journal.full = True
    reading = notices(tmp_path, journal)
    with pytest.raises(Refused, match="disk is full"):
        reading.take(sanne(), READ)
    assert reading.unread(1000)
    missing = notices(tmp_path / "gone", Journal())
    with pytest.raises(Refused, match="nothing was recorded"):
        missing.take(sanne(), READ)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"1000": 7}', b"\xff"])
def test_a_damaged_record_costs_a_second_look(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    reading = notices(tmp_path, Journal())
    assert reading.unread(1000)
    reading.take(sanne(), READ)
    assert not reading.unread(1000)


def test_the_record_does_not_grow_without_end(tmp_path: Path) -> None:
    many = {str(uid): [7, 3] for uid in range(5000, 5000 + MOST_PEOPLE)}
    (tmp_path / FILE).write_text(json.dumps(many))
    reading = notices(tmp_path, Journal())
    reading.take(sanne(), READ)
    assert len(json.loads((tmp_path / FILE).read_bytes())) == MOST_PEOPLE
    assert not reading.unread(1000)
    assert reading.unread(5000)


def test_it_is_made_of_the_policy_in_force(tmp_path: Path) -> None:
    shown = notices(tmp_path, Journal()).show(sanne())
    assert (shown["policy"], shown["notice"], shown["unread"]) == (7, 3, True)
    assert (shown["given_on"], shown["acts_from"]) == ("2026-10-01", "2026-10-15")
    assert shown["readers"] == ["Noor Visser"]
    (rule,) = shown["rules"]
    assert (rule["kind"], rule["action"], rule["source"]) == (
        "pupil-file-found",
        "seal-file",
        "3.2",
    )
    json.dumps(shown)
    untold = notices(tmp_path, Journal(), notice=None).show(sanne())
    assert (untold["notice"], untold["given_on"], untold["acts_from"]) == (0, None, None)

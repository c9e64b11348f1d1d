"""Events in the words of OCSF: their class and severity, and every attribute that it requires."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.wire import event as wire
from server_stub.pull import ocsf, report
from server_stub.pull.pull_models import EventRow
from server_stub.storage.store_events import StoredEvent
from tests.collector_on_loopback import pupil_file
from tests.console_visit import week

NOON = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
# What OCSF 1.5 requires: of every event, and of each class beside that.
ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
BESIDE = {
    0: set(),
    2003: {"compliance", "finding_info"},
    2004: {"finding_info"},
    6002: {"app"},
}


def row(event: wire.Event, disputed: str | None = None) -> EventRow:
    stored = StoredEvent(
        id=1,
        device="d" + "a" * 16,
        seq=7,
        event_id=event.id,
        kind=event.kind,
        observed_at=NOON,
        recorded_at=NOON,
        received_at=NOON,
        body=wire.encode(event).decode(),
        head="0" * 64,
    )
    return report.event_row(stored, disputed)


def posture(state: str) -> Any:
    facts = {"check": "disk-encryption", "state": state, "why": "plain", "count": 1}
    return pupil_file(kind="posture-checked", facts=facts)


@pytest.mark.parametrize("event", [*week(), posture("bad")], ids=lambda event: event.kind)
def test_every_event_has_what_its_class_requires(event: wire.Event) -> None:
    made = ocsf.to_ocsf(row(event))
    assert set(made) >= ALWAYS | BESIDE[made["class_uid"]]
    assert made["type_uid"] == made["class_uid"] * 100 + made["activity_id"]
    assert made["category_uid"] == made["class_uid"] // 1000
    assert made["metadata"]["product"]["vendor_name"]
    assert made["metadata"]["version"] == ocsf.VERSION
    assert made["time"] == 1_795_435_200_250
    assert "age-encryption" not in str(made) and made["unmapped"]["sealed"] is bool(event.sealed)


def test_a_found_file_is_a_finding_and_a_disputed_one_is_suppressed() -> None:
    made = ocsf.to_ocsf(row(pupil_file()))
    assert (made["class_uid"], made["severity_id"], made["status_id"]) == (2004, 3, 1)
    assert made["finding_info"]["uid"] == made["metadata"]["uid"]
    assert made["unmapped"]["facts"]["class"] == "pupil-list"
    assert ocsf.to_ocsf(row(pupil_file(), "not-a-person"))["status_id"] == 3


@pytest.mark.parametrize(
    ("state", "status", "severity"), [("good", 1, 1), ("unknown", 2, 1), ("bad", 3, 3)]
)
def test_posture_passes_or_fails(state: str, status: int, severity: int) -> None:
    made = ocsf.to_ocsf(row(posture(state)))
    assert (made["class_uid"], made["severity_id"]) == (2003, severity)
    assert made["compliance"]["control"] == "disk-encryption"
    assert made["compliance"]["status_id"] == status


def test_a_kind_that_nobody_foresaw_is_a_base_event() -> None:
    made = ocsf.to_ocsf(row(pupil_file(kind="printed-elsewhere", facts={"pages": 4})))
    assert (made["class_uid"], made["activity_name"]) == (0, "printed-elsewhere")

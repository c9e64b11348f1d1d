"""A dry run over recorded events: what another policy would have done, as a laptop decides."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from server_stub.pull import report
from server_stub.storage.store_events import StoredEvent
from tests.collector_on_loopback import pupil_file
from tests.test_server_sticks import NOON

POLICY = """
name = "stricter"
version = 9
mode = "enforce"

[usb]
mode = "encrypted-only"

[[usb.devices]]
vendor = "0951"
product = "1666"
serial = "A1"
treat = "encrypted"

[[rules]]
name = "numbers"
kind = "pupil-file-found"
when = { categories = "national-number" }
action = "seal-file"
"""


def recorded(*events: Any) -> str:
    """As the collector exports them."""
    rows = [
        report.event_row(
            StoredEvent(
                id=n,
                device="d" + "a" * 16,
                seq=n,
                event_id=event.id,
                kind=event.kind,
                observed_at=NOON,
                recorded_at=NOON,
                received_at=NOON,
                body=_body(event),
                head="0" * 64,
            )
        )
        for n, event in enumerate(events, 1)
    ]
    return report.to_json("events", rows, None).decode()


def _body(event: Any) -> str:
    from agent.wire import event as wire

    return wire.encode(event).decode()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    stick = {"verdict": "unencrypted", "vendor": 0x0951, "product": 0x1666, "also-keyboard": False}
    events = (
        pupil_file(),
        pupil_file(facts={"categories": ["name"]}),
        pupil_file(kind="usb-storage-attached", facts=stick, decision=None, outcome=None),
        pupil_file(
            kind="usb-storage-attached",
            facts={**stick, "verdict": "encrypted", "vendor": 1},
            decision=None,
            outcome=None,
        ),
    )
    policy, past = tmp_path / "policy.toml", tmp_path / "events.json"
    policy.write_text(POLICY)
    past.write_text(recorded(*events))
    return policy, past


def test_each_event_is_decided_as_the_laptop_would(files: tuple[Path, Path], capsys: Any) -> None:
    policy, past = files
    assert main(["policy", "try", str(policy), "--events", str(past), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    found = {(row["kind"], row["before"], row["then"], row["rule"]): row["events"] for row in rows}
    assert found == {
        ("pupil-file-found", "seal-file", "seal-file", "numbers"): 1,
        ("pupil-file-found", "seal-file", "report", "default"): 1,
        ("usb-storage-attached", "report", "block-usb", "usb-encrypted-only"): 1,
        ("usb-storage-attached", "report", "allow-usb", "usb-encrypted-only"): 1,
    }


def test_people_see_what_changes_and_what_cannot_be_told(
    files: tuple[Path, Path], capsys: Any
) -> None:
    policy, past = files
    assert main(["policy", "try", str(policy), "--events", str(past)]) == 0
    said = capsys.readouterr().out
    assert "*       1  pupil-file-found: seal-file -> report  (default)" in said
    assert "4 events; * is another action than before" in said
    assert "1 are about sticks" in said


@pytest.mark.parametrize("text", ["", "[]", '{"events": [{}]}', '{"events": [{"kind": 3}]}'])
def test_what_holds_no_events_is_said_so(files: tuple[Path, Path], capsys: Any, text: str) -> None:
    policy, past = files
    past.write_text(text)
    assert main(["policy", "try", str(policy), "--events", str(past)]) == 2
    assert "holds no events" in capsys.readouterr().err

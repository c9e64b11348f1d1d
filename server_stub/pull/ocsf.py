"""Events in the words of OCSF, the Open Cybersecurity Schema Framework, for a SIEM that knows them.

What was found about a laptop's files, sticks and screens is a Detection Finding, how it is set up a
Compliance Finding, what the agent tells of itself an Application Lifecycle event. Every other kind,
also one that this version has never heard of, is a Base Event. What OCSF has no field for stands in
``unmapped`` under our own names.
"""

from datetime import datetime
from typing import Any

import msgspec

from server_stub.pull.pull_models import EventRow

VERSION = "1.5.0"
"""Of OCSF."""
_BASE, _COMPLIANCE, _DETECTION, _LIFECYCLE = 0, 2003, 2004, 6002
_CREATE, _START, _OTHER = 1, 3, 99
_LAPTOP = 3
_NEW, _SUPPRESSED = 1, 3
_INFORMATIONAL, _LOW, _MEDIUM, _HIGH = 1, 2, 3, 4

# Class and severity of the kinds that have more than the general ones.
_KINDS = {
    "pupil-file-found": (_DETECTION, _MEDIUM),
    "password-list-found": (_DETECTION, _MEDIUM),
    "unreadable-file-found": (_DETECTION, _LOW),
    "pupil-file-on-stick": (_DETECTION, _MEDIUM),
    "stick-write-refused": (_DETECTION, _LOW),
    "usb-storage-attached": (_DETECTION, _INFORMATIONAL),
    "usb-override": (_DETECTION, _LOW),
    "port-device-attached": (_DETECTION, _INFORMATIONAL),
    "session-unattended": (_DETECTION, _LOW),
    "lost-screen-open": (_DETECTION, _HIGH),
    "laptop-lost": (_DETECTION, _HIGH),
    "leak-reported": (_DETECTION, _HIGH),
    "evasion-suspected": (_DETECTION, _HIGH),
    "sealed-overdue": (_DETECTION, _LOW),
    "posture-checked": (_COMPLIANCE, _INFORMATIONAL),
    "home-open": (_COMPLIANCE, _MEDIUM),
    "own-part-changed": (_LIFECYCLE, _HIGH),
    "agent-started": (_LIFECYCLE, _INFORMATIONAL),
    "agent-retired": (_LIFECYCLE, _MEDIUM),
    "agent-report": (_LIFECYCLE, _INFORMATIONAL),
    "policy-taken": (_LIFECYCLE, _INFORMATIONAL),
    "notice-read": (_LIFECYCLE, _INFORMATIONAL),
    "policy-refused": (_LIFECYCLE, _HIGH),
    "order-followed": (_LIFECYCLE, _INFORMATIONAL),
    "coverage-lost": (_LIFECYCLE, _MEDIUM),
    "coverage-restored": (_LIFECYCLE, _INFORMATIONAL),
    "collector-failed": (_LIFECYCLE, _MEDIUM),
    "breaker-tripped": (_LIFECYCLE, _HIGH),
    "journal-gap": (_LIFECYCLE, _HIGH),
    "restore-drill": (_LIFECYCLE, _INFORMATIONAL),
    "action-recovered": (_LIFECYCLE, _LOW),
}
# Pass, warning and fail, as OCSF numbers them.
_STATES = {"good": 1, "unknown": 2, "bad": 3}
_UNMAPPED = (
    "facts",
    "rule",
    "action",
    "enforced",
    "held",
    "due",
    "result",
    "reason",
    "tried",
    "proof",
    "sealed",
    "disputed",
)
_PRODUCT = {"name": "Dossierwacht", "vendor_name": "Dossierwacht"}


def to_ocsf(row: EventRow) -> dict[str, Any]:
    """An event as an OCSF event, ready to be written as JSON."""
    kind, severity = _KINDS.get(row.kind, (_BASE, _INFORMATIONAL))
    if row.facts.get("state") == "bad":
        severity = max(severity, _MEDIUM)
    activity = _activity(kind, row.kind)
    made: dict[str, Any] = {
        "class_uid": kind,
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": severity,
        "time": _milliseconds(row.observed_at),
        "message": row.kind,
        "metadata": _metadata(row, kind),
        "device": {"uid": row.device, "type_id": _LAPTOP},
        "unmapped": {name: _plain(getattr(row, name)) for name in _UNMAPPED},
    }
    return made | _of_class(row, kind, activity)


def _activity(kind: int, word: str) -> int:
    if kind in (_DETECTION, _COMPLIANCE):
        return _CREATE
    return _START if word == "agent-started" else _OTHER


def _metadata(row: EventRow, kind: int) -> dict[str, Any]:
    # In these classes a laptop has a place only with the profile of hosts.
    profiles = {"profiles": ["host"]} if kind in (_BASE, _LIFECYCLE) else {}
    return {
        "version": VERSION,
        "product": _PRODUCT,
        "uid": row.id,
        "event_code": row.kind,
        "sequence": row.seq,
        "logged_time": _milliseconds(row.received_at),
        **profiles,
    }


def _of_class(row: EventRow, kind: int, activity: int) -> dict[str, Any]:
    if kind in (_BASE, _LIFECYCLE):
        named = {"activity_name": row.kind} if activity == _OTHER else {}
        return named | ({"app": _PRODUCT} if kind == _LIFECYCLE else {})
    found = {
        "finding_info": {"uid": row.id, "title": row.kind, "types": [row.kind]},
        "status_id": _SUPPRESSED if row.disputed else _NEW,
    }
    return found | ({"compliance": _compliance(row)} if kind == _COMPLIANCE else {})


def _compliance(row: EventRow) -> dict[str, Any]:
    state = row.facts.get("state", "bad")
    return {
        "control": str(row.facts.get("check", row.kind)),
        "status_id": _STATES.get(str(state), _OTHER),
        "status": str(state),
        "status_detail": str(row.facts.get("why", "")),
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)

"""Reading the tables ``[report]``, ``[clocks]`` and ``[files]`` of a policy file."""

from collections.abc import Mapping
from typing import Any

from agent.policy_duties import Clocks, Duties, Files, Report
from agent.policy_usb_file import WORD, Kinds, Reader

REPORT: Kinds = {"to": str, "hours": int, "then": str, "own_slip": str, "source": str}
CLOCKS: Kinds = {
    "authority": str,
    "authority_hours": int,
    "board_hours": int,
    "measure_hours": int,
    "subjects": str,
    "clients": str,
    "severity_scale": int,
    "plan": str,
    "source": str,
}
FILES: Kinds = {"approved": list, "citizen_number": str, "source": str}
WORDS: Mapping[str, tuple[str, ...]] = {
    "subjects": ("", "law", "any-risk", "client-decides"),
    "clients": ("", "without-delay"),
    "plan": ("", "three-phases", "six-steps"),
    "citizen_number": ("", "sensitive", "forbidden", "allowed-in-approved"),
}
LONGEST_HOURS = 24 * 90
LARGEST_SCALE = 10


def read_duties(reading: Reader, top: Mapping[str, Any]) -> Duties:
    """The three tables; what cannot be is told to ``reading``."""
    report = _table(reading, top, "report", REPORT)
    clocks = _table(reading, top, "clocks", CLOCKS)
    files = _table(reading, top, "files", FILES)
    approved = files.pop("approved", [])
    if not all(isinstance(place, str) for place in approved):
        reading.wrong("files", 0, "approved", "'approved' is a list of places in quotes")
        approved = []
    return Duties(
        report=Report(**report),
        clocks=Clocks(**clocks),
        files=Files(**files, approved=tuple(approved)),
    )


def _table(reading: Reader, top: Mapping[str, Any], name: str, kinds: Kinds) -> dict[str, Any]:
    table = reading.section(top.get(name, {}), kinds, name)
    for key in [key for key in table if key in WORDS]:
        reading.one_of(table, key, WORDS[key], "", name, 0)
    authority = table.get("authority", "")
    if authority and not WORD.match(authority):
        says = "'authority' is the name of a profile, in small letters and hyphens"
        reading.wrong(name, 0, "authority", says)
    for key, value in list(table.items()):
        most = LARGEST_SCALE if key == "severity_scale" else LONGEST_HOURS
        if isinstance(value, int) and not 0 <= value <= most:
            says = f"give '{key}' as a whole number from 0 to {most}"
            reading.wrong(name, 0, key, says)
    return table

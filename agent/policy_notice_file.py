"""Reading the table ``[notice]`` of a policy file."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from agent.notice import LONGEST_LEAD, Notice
from agent.policy_usb_file import Kinds, Reader

NOTICE: Kinds = {
    "lead_days": int,
    "version": int,
    "given_on": date,
    "language": str,
    "kinds": list,
    "actions": list,
}
_RECORD = ("version", "given_on", "language", "kinds", "actions")


def read_notice(
    reading: Reader, given: Any, policy_version: int, languages: tuple[str, ...]
) -> tuple[int, Notice | None]:
    """The lead time in days, and the notice that was given, None if none is on record here."""
    table = reading.section(given, NOTICE, "notice")
    lead = int(table.get("lead_days", 0))
    if not 0 <= lead <= LONGEST_LEAD:
        says = f"give 'lead_days' as a whole number from 0 to {LONGEST_LEAD}"
        reading.wrong("notice", 0, "lead_days", says)
        lead = 0
    if not any(key in table for key in _RECORD):
        return lead, None
    return lead, _record(reading, table, policy_version, languages)


def _record(
    reading: Reader, table: Mapping[str, Any], policy_version: int, languages: tuple[str, ...]
) -> Notice | None:
    """A record is whole or none: half of one would look like a notice and cover nothing."""
    missing = [key for key in _RECORD if key not in table]
    if missing:
        says = f"a notice that was given names {', '.join(_RECORD)}; here lacks {missing[0]}"
        reading.wrong("notice", 0, missing[0], says)
        return None
    if isinstance(table["given_on"], datetime):
        says = "give 'given_on' as a date without quotes, such as 2026-10-01"
        reading.wrong("notice", 0, "given_on", says)
        return None
    if table["version"] < 1:
        reading.wrong("notice", 0, "version", "give 'version' as a whole number from 1")
    return Notice(
        policy_version=policy_version,
        given_on=table["given_on"],
        language=reading.one_of(table, "language", languages, languages[0], "notice", 0),
        version=table["version"],
        kinds=_words(reading, table, "kinds"),
        actions=_words(reading, table, "actions"),
    )


def _words(reading: Reader, table: Mapping[str, Any], key: str) -> frozenset[str]:
    if not all(isinstance(word, str) for word in table[key]):
        reading.wrong("notice", 0, key, f"'{key}' is a list of words in quotes")
        return frozenset()
    return frozenset(table[key])

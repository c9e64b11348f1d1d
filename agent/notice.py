"""The record that staff were told, in advance, what is looked for and what is done about it. Pure.

A notice covers kinds of events and actions by name. Whatever a later policy looks for or does
beyond that is reported only, until staff were told of it too and the lead time has gone by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

LONGEST_LEAD = 365
"""Days between telling the staff and enforcing."""


FOLLOWS: Mapping[str, str] = {
    "allow-usb": "block-usb",
    "allow-usb-read-only": "block-usb",
    "expire-sealed": "seal-file",
}
"""What needs no word of its own: it ends, softens or completes what staff were told of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Staff were told on a day, in a language. ``version`` counts the notices themselves.

    ``policy_version`` is the policy that it was told about; a notice that stands in a policy speaks
    for that one. None for ``kinds`` or ``actions`` covers all of that very version.
    """

    policy_version: int
    given_on: date
    language: str
    version: int = 0
    kinds: frozenset[str] | None = None
    actions: frozenset[str] | None = None

    def covers(self, action: str, kind: str | None) -> bool:
        """Whether staff were told that ``action`` may follow on ``kind`` (None: on something)."""
        if self.actions is not None and FOLLOWS.get(action) in self.actions:
            return True
        told_of_action = self.actions is None or action in self.actions
        told_of_kind = self.kinds is None or kind is None or kind in self.kinds
        return told_of_action and told_of_kind

    def holds(self, lead_days: int, now: datetime) -> bool:
        """Whether the lead time has gone by."""
        return (now.date() - self.given_on).days >= lead_days


def beyond(notice: Notice | None, decided: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """What a policy decides that staff were not told of: kind and action, in order."""
    pairs = [(kind, action) for kind, actions in decided.items() for action in actions]
    return sorted(
        (kind, action)
        for kind, action in pairs
        if notice is None or not notice.covers(action, kind)
    )

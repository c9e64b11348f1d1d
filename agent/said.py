"""What a person says themselves, by a page, the icon or a terminal: the kinds of its events, and
how much may be written. The person's own processes go by it as well as the agent."""

from enum import StrEnum

LONGEST_ANSWER = 4000
"""Characters of an answer to a letter, or of what somebody asks."""
LONGEST_DISPUTE = 4000
"""Characters of why a verdict is wrong."""
LONGEST_REASON = 1000
"""Characters of why a file is wanted back."""


class Wish(StrEnum):
    """What somebody asks to use."""

    APP = "app"
    STICK = "stick"
    OTHER = "other"


OF_WHO_ASKED = frozenset(
    {
        "leak-reported",
        "slip-reported",
        "leak-answered",
        "permission-asked",
        "notice-read",
        "verdict-disputed",
        "file-wanted-back",
        "usb-override",
        "objection-raised",
    }
)
"""Whom they concern is who said it, as the kernel named them."""

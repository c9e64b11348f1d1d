"""The kinds of events of what a person says themselves, by a page, the icon or a terminal."""

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

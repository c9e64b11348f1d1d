"""Which tests run side by side: those of one file stay together, and the long ones begin first.

Files that use a thing of which the machine has one, such as the virtual machine of the lab, are
one group: they run one after the other, as in a run without workers. What a test makes for itself
(a port that the system chose, a folder, a display, a server) needs no group.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUPS = {
    "tests/test_lab_session.py": "virtual machine",
    "tests/test_lab_usb.py": "virtual machine",
}
"""By file; each file that is not named here is a group of its own."""


class SideBySide(LoadScopeScheduling):
    """Gives the next worker that is free the next group, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The tests that are run on one worker, one after the other."""
    file = nodeid.partition("::")[0]
    return GROUPS.get(file, file)


def long_ones_first(items: list[pytest.Item]) -> None:
    """Put the groups that hold a slow test first: one that began last would be waited for."""
    slow = {group_of(item.nodeid) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: group_of(item.nodeid) not in slow)

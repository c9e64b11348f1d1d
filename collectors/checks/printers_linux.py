"""Linux: which printers are set up (CUPS), so that a change of them is told. Off by default."""

import re
from pathlib import Path

from collectors.checks.reading import text
from collectors.checks.told import Told, Why

CONFIGURED = "/etc/cups/printers.conf"
_PRINTER = re.compile(r"^<(?:Default)?Printer ([^>\s]{1,127})>$", re.MULTILINE)
MOST = 50


def printers(root: Path) -> Told:
    """The printers by name. Raises Unreadable, which it is for all but root."""
    names = sorted(set(_PRINTER.findall(text(root, CONFIGURED))))[:MOST]
    return Told(Why.PRINTERS_SET_UP, len(names), tuple(names)) if names else Told(Why.NOT_THERE)

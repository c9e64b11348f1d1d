"""Where an officer sends the key of one sealed file, so that only this laptop can use it.

``return.key`` is an age identity file that never leaves the laptop. It opens no sealed file, only
what an officer sealed to this laptop; a new one is made where it is damaged, and what was sealed
before then needs an officer's machine to come back.
"""

import logging
from pathlib import Path

from agent.journal_file import write_durably
from enforcement import age

log = logging.getLogger(__name__)

FILE = "return.key"


def address(state: Path) -> str:
    """The recipient (``age1...``), made at first use. OSError."""
    try:
        return age.recipient_of((state / FILE).read_text("ascii", "replace"))
    except FileNotFoundError:
        pass
    except age.KeyFileError as error:
        log.error("%s %s; a new one is made", FILE, error)
    fresh = age.Witness()
    write_durably(state / FILE, f"{fresh.secret()}\n".encode("ascii"))
    return fresh.key


def identities(state: Path) -> age.Identities:
    """The secret side. Raises OSError, age.KeyFileError."""
    return age.read_identities((state / FILE).read_text("ascii", "replace"))

"""What the pages make of an address: a number in it, and that nothing is there."""

from server_stub.console.page import Visit
from server_stub.errors import Refused


def whole(text: str, digits: int = 15) -> int:
    """A whole number of at most so many digits; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else 0


def no_page(visit: Visit) -> Refused:
    """The answer to an address at which nothing is, or nothing for this visitor."""
    return Refused(404, "no-page", visit.wording.text("error.404"))

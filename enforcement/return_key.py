"""The return key of a sealed file: what gives one file back to the laptop it came from, no other.

The throw-away identity that proved the sealed copy is not thrown away but sealed to the officers,
together with the address of the laptop that may have it again. An officer who opens it seals it to
that address and sends it as an order; so neither the laptop nor the collector can open anything by
itself. Number, address and key lie in one sealed text: whoever passes it on cannot put in an
address of their own.

The text is an age identity file whose comments say what it is for, so an officer without this
product opens the file with two calls of ``age``.
"""

import re
from dataclasses import dataclass

SUFFIX = "return.age"
LARGEST = 8192
"""Bytes of a sealed return key; officers add about 100 each."""
_TEXT = re.compile(
    r"# sealed as: ([0-9a-z-]{1,64})\n"
    r"# goes back to: (age1[0-9a-z]{58})\n"
    r"(AGE-SECRET-KEY-1[0-9A-Z]+)\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnKey:
    """``number`` is that of the sealed file, ``to`` the laptop's address (an age recipient),
    ``secret`` the identity that opens this one file."""

    number: str
    to: str
    secret: str

    def text(self) -> bytes:
        """What is sealed to the officers."""
        lines = (f"# sealed as: {self.number}", f"# goes back to: {self.to}", self.secret)
        return ("\n".join(lines) + "\n").encode("ascii")


def read(data: bytes) -> ReturnKey:
    """The return key in what an officer opened. Raises ValueError if it is none."""
    found = _TEXT.fullmatch(data.decode("ascii", "replace"))
    if found is None:
        raise ValueError("this is no return key")
    return ReturnKey(number=found[1], to=found[2], secret=found[3])

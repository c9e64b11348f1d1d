"""What a person's own process hands over: a number that it made, and what it sealed.

The agent looks at neither further than that they are what they have to be.
"""

import base64
import binascii

from agent.control_server import Refused
from agent.leak import NUMBER, event_number
from agent.wire.event import LONGEST_SEALED

_AGE = b"age-encryption.org/v1\n"


def number_of(given: object, uid: int) -> str:
    """The number of the event, from one made where a text was written; or nothing. Raises Refused.

    It is no number that the caller could choose: with that of another event the two would be one.
    """
    if not isinstance(given, str) or (given and not NUMBER.fullmatch(given)):
        raise Refused("number", "a report's number is a UUID in small letters")
    return event_number(uid, given) if given else ""


def sealed_of(given: object) -> str:
    """What was sealed, as it came, or nothing. Raises Refused."""
    if given == "":
        return ""
    if not isinstance(given, str) or len(given) > LONGEST_SEALED:
        raise Refused("sealed", f"a sealed report holds at most {LONGEST_SEALED} characters")
    try:
        if base64.b64decode(given, validate=True).startswith(_AGE):
            return given
    except (binascii.Error, ValueError):
        pass
    raise Refused("sealed", "a sealed report is an age file in base64")

"""Letters: what people of the organisation tell whoever sits at one laptop, a few lines at a time.

A letter is about one event of that laptop, which is how the laptop knows whose it is. It is plain
text: no markup, no link, nothing that does something. No person has signed it, so a laptop shows a
letter and never acts on one.
"""

import re
from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from agent.wire.event import Identifier, Word, digest_text
from agent.wire.messages import Moment

What = Literal["question", "granted", "refused", "opened"]
WHATS: tuple[str, ...] = get_args(What)
MOST_LETTERS = 8
"""Letters in one reply; more wait for the next contact."""
LONGEST_TEXT = 1000
"""Characters of a letter."""
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
NO_LINK = "[…]"
_LINK = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://\S*|\bwww\.\S+|\bmailto:\S+")


class Letter(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """``about`` is the id of the event, ``kind`` what it was and ``happened_at`` when: a laptop
    keeps no event that was delivered. ``by`` is a role and no name. ``until`` is the last day that
    something is granted; ``purpose`` what sealed details were opened for."""

    number: Identifier
    about: Identifier
    kind: Word
    happened_at: Moment
    what: What
    by: Literal["officer", "it"]
    at: Moment
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)] = ""
    until: date | None = None
    purpose: Word | None = None


def plain(text: str) -> str:
    """A letter's text as it may be shown: on one line, without links, and with a mark for whatever
    has no shape of its own, such as what moves a cursor or turns letters round."""
    one_line = _LINK.sub(NO_LINK, " ".join(text.split()))
    return "".join(letter if letter.isprintable() else UNREADABLE for letter in one_line)


def reference(number: str) -> str:
    """A letter's number as an event names it: in the form of a digest, which a fact can hold."""
    return digest_text(bytes.fromhex(number.replace("-", "")) + b"\0")

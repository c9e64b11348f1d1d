"""The last look before an event leaves and before one is stored: does any text resemble a person?

The types of ``agent.wire.event`` already keep free text out. This module is the second lock: it
walks every text of an event's readable part, and also text that a person wrote elsewhere, and
names the first shape that must not be there. It prefers a false alarm to a leak: every nine-digit
number that passes the elfproef counts as a BSN, every ten digits that begin with a date as a CPR
number.
"""

import re

from agent.wire.event import Event

_DIGEST = re.compile(r"\Ab32:[a-z2-7]{26}\Z")
_BSN = re.compile(r"(?<!\d)(?:\d[ .-]?){8}\d(?!\d)")
_CPR = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})[ -]?(\d{4})(?!\d)")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_PATH = re.compile(
    r"(?:^|[\s\"'(=])(?:~?/|[A-Za-z]:[\\/]|\\\\)[^\s/\\]|[^\s/]+/[^\s/]+/[^\s/]+|file:"
)
# Every shape holds one of these signs, or nine digits that follow each other.
_SIGNS = ("@", "/", "\\", "file:")
_NINE_DIGITS = re.compile(r"\d(?:[ .-]?\d){8}")


def passes_elfproef(digits: str) -> bool:
    """Whether nine digits pass the elfproef, the check of a Dutch citizen service number (BSN)."""
    numbers = [int(digit) for digit in digits]
    total = sum(n * w for n, w in zip(numbers, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return any(numbers) and total % 11 == 0


def shape_of(text: str) -> str | None:
    """``bsn``, ``cpr``, ``e-mail`` or ``path`` if the text holds something shaped so, else None."""
    if _DIGEST.match(text):
        return None
    if any(passes_elfproef(re.sub(r"\D", "", found)) for found in _BSN.findall(text)):
        return "bsn"
    if any(_is_date(*found.groups()[:2]) for found in _CPR.finditer(text)):
        return "cpr"
    if _MAIL.search(text):
        return "e-mail"
    return "path" if _PATH.search(text) else None


def forbidden_shape(event: Event) -> str | None:
    """The first forbidden shape in the readable part of an event, or None."""
    texts = _texts(event)
    if not _may_hold_a_shape("\n".join(texts)):
        return None
    return next((shape for text in texts if (shape := shape_of(text))), None)


def _may_hold_a_shape(texts: str) -> bool:
    """Whether each of an event's texts has to be looked at, which takes twenty times as long.

    The line end between two texts is part of no shape, so none is seen where there is none."""
    return any(sign in texts for sign in _SIGNS) or _NINE_DIGITS.search(texts) is not None


def _is_date(day: str, month: str) -> bool:
    """A CPR number begins with a date; replacement numbers add 60 to the day."""
    return 1 <= int(day) % 60 <= 31 and 1 <= int(month) <= 12


def _texts(event: Event) -> list[str]:
    texts = [event.kind, *event.facts]
    for fact in event.facts.values():
        if isinstance(fact, str):
            texts.append(fact)
        elif isinstance(fact, list):
            texts += fact
        elif not isinstance(fact, bool):
            texts.append(str(fact))
    if event.decision is not None:
        texts += (event.decision.action, event.decision.rule, event.decision.held or "")
    if event.outcome is not None:
        texts += (event.outcome.result, event.outcome.reason)
    return texts

"""Why events are not arriving, in words that agent and sender share, and what to do about it."""

from enum import StrEnum

LONG_POLL = 20.0
"""Seconds a sender is kept waiting for something to send."""


class Trouble(StrEnum):
    """Why events are not arriving; ``none`` when they are."""

    NONE = "none"
    NOT_ENROLLED = "not-enrolled"
    UNREACHABLE = "unreachable"
    PORTAL = "captive-portal"
    WRONG_CERTIFICATE = "wrong-certificate"
    WRONG_SIGNATURE = "wrong-signature"
    CLOCK = "clock"
    REFUSED = "refused"
    WAITING = "waiting"
    PARKED = "parked"
    REVOKED = "revoked"
    BUSY = "busy"


ADVICE = {
    Trouble.NONE: "events arrive at the collector",
    Trouble.NOT_ENROLLED: "this laptop was not enrolled yet: dossierwacht enrol --server --token",
    Trouble.UNREACHABLE: "the collector does not answer; events are kept and will be sent later",
    Trouble.PORTAL: "this network wants somebody to log in to it first: open any web page; events"
    " are kept and will be sent later",
    Trouble.WRONG_CERTIFICATE: "another server answers in the collector's place: its certificate"
    " is not from the pinned CA; nothing was sent to it",
    Trouble.WRONG_SIGNATURE: "the reply does not carry the collector's signature; it was ignored",
    Trouble.CLOCK: "the clock of this laptop is more than 5 minutes off; requests are dated by the"
    " collector's clock from now on",
    Trouble.REFUSED: "the collector refuses this laptop; ask IT whether it was revoked",
    Trouble.WAITING: "this laptop is not let in yet: IT has to approve it; events are kept",
    Trouble.PARKED: "this laptop is parked, because its token was used by another one as well: IT"
    " has to say which of the two is its own; events are kept",
    Trouble.REVOKED: "this laptop was revoked: IT has to enrol it anew, with a new key",
    Trouble.BUSY: "the collector asks to wait",
}

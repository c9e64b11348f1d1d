"""The ladder by which a screen is locked: its steps, and what counts as proof. Closed words."""

from enum import StrEnum


class Step(StrEnum):
    """Who is asked to lock, in this order."""

    LOGIND = "logind"
    """The system's keeper of sessions passes the wish on to whoever listens."""
    DESKTOP = "desktop"
    """The desktop's own screen saver, on the person's message bus."""
    LOCKER = "locker"
    """A locker is started in the person's session."""
    GREETER = "greeter"
    """The person's screen is covered and the login screen put in front."""


class LockProof(StrEnum):
    """What showed that a screen is locked."""

    NONE = "none"
    HINT = "locked-hint"
    """The desktop told logind so."""
    COVER = "cover"
    """A known locker's window covers every monitor and holds the keyboard."""
    GREETER = "greeter"
    """The login screen is in front, and the person's screen behind it is covered."""


SECONDS = {Step.LOGIND: 1.0, Step.DESKTOP: 1.0, Step.LOCKER: 2.5, Step.GREETER: 2.0}
"""How long each step may take to show."""
LISTENED = 3.5
"""Seconds more for logind where something runs that is known to obey it. The slowest of those tried
took 2.7, emulated. All steps together stay below ten, within which a failure has to be told of."""
COVERED = 3.5
"""Seconds that the cover may take before it is given up and taken away."""

"""The closed words of the posture: what is checked, how it stands, and why.

A state follows from the reason, so that no check can say one thing and mean another. ``unknown``
is never rounded up to ``good``: what could not be read may be anything.
"""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What is looked at."""

    DISK_ENCRYPTION = "disk-encryption"
    AUTOMATIC_LOGIN = "automatic-login"
    EMPTY_PASSWORDS = "empty-passwords"
    GUEST_ACCOUNT = "guest-account"
    HOME_FOLDERS = "home-folders"
    ACCOUNTS = "accounts"
    SHARES = "shares"
    SCREEN_LOCK = "screen-lock"
    FIREWALL = "firewall"
    UPDATES = "updates"
    SYNC_PROGRAMS = "sync-programs"
    FILE_SHARING = "file-sharing"
    CONNECTION = "connection"
    OWN_PROGRAMS = "own-programs"
    MEDIA_FILES = "media-files"
    PRINTERS = "printers"


ONLY_IF_ASKED = frozenset({Check.MEDIA_FILES, Check.PRINTERS})
"""Checks that a policy has to ask for: they look at what is private, or at what few care about."""


class State(StrEnum):
    """How it stands."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    INAPPLICABLE = "inapplicable"


class Why(StrEnum):
    """What a state rests on."""

    ALL_ENCRYPTED = "all-encrypted"
    LOGIN_ASKED = "login-asked"
    PASSWORDS_SET = "passwords-set"
    NO_GUEST = "no-guest"
    HOMES_CLOSED = "homes-closed"
    ONE_ACCOUNT = "one-account"
    NO_OPEN_SHARE = "no-open-share"
    LOCK_SET = "lock-set"
    FIREWALL_ON = "firewall-on"
    UP_TO_DATE = "up-to-date"
    NO_SUCH_PROGRAM = "no-such-program"
    ONLY_APPROVED = "only-approved"
    CONNECTED = "connected"
    ONLY_PACKAGES = "only-packages"
    NO_MEDIA = "no-media"
    PRINTERS_SET_UP = "printers-set-up"

    NOT_ENCRYPTED = "not-encrypted"
    HOME_PARTLY_ENCRYPTED = "home-partly-encrypted"
    SYSTEM_NOT_ENCRYPTED = "system-not-encrypted"
    SWAP_NOT_ENCRYPTED = "swap-not-encrypted"
    LOGIN_NOT_ASKED = "login-not-asked"
    PASSWORD_EMPTY = "password-empty"  # noqa: S105
    GUEST_ALLOWED = "guest-allowed"
    HOMES_OPEN = "homes-open"
    SEVERAL_ACCOUNTS = "several-accounts"
    OPEN_SHARE = "open-share"
    LOCK_OFF = "lock-off"
    LOCK_LATE = "lock-late"
    NO_FIREWALL = "no-firewall"
    SECURITY_UPDATES_WAIT = "security-updates-wait"
    RESTART_WAITS = "restart-waits"
    NOT_LOOKED_FOR = "not-looked-for"
    PROGRAM_IN_USE = "program-in-use"
    NOT_CONNECTED = "not-connected"
    OWN_PROGRAM = "own-program"
    MEDIA_THERE = "media-there"

    NOT_READABLE = "not-readable"
    """It may not be read, or holds what makes no sense."""
    NOT_TOLD = "not-told"
    """The system says nothing from which it could be known."""
    LEFT_TO_PERSON = "left-to-person"
    """Each person chooses, in a place that is not read."""
    RULES_UNCLEAR = "rules-unclear"
    """There are rules, and whether they keep anybody out cannot be told."""

    NOT_THERE = "not-there"
    """This laptop has nothing of the kind."""
    OTHER_DESKTOP = "other-desktop"
    """A desktop whose settings are not known here."""
    NOT_ASKED = "not-asked"
    """The policy does not ask for it."""


GOOD = frozenset(
    {
        Why.ALL_ENCRYPTED, Why.LOGIN_ASKED, Why.PASSWORDS_SET, Why.NO_GUEST, Why.HOMES_CLOSED,
        Why.ONE_ACCOUNT, Why.NO_OPEN_SHARE, Why.LOCK_SET, Why.FIREWALL_ON, Why.UP_TO_DATE,
        Why.NO_SUCH_PROGRAM, Why.ONLY_APPROVED, Why.CONNECTED, Why.ONLY_PACKAGES,
        Why.NO_MEDIA, Why.PRINTERS_SET_UP,
    }
)  # fmt: skip
UNKNOWN = frozenset({Why.NOT_READABLE, Why.NOT_TOLD, Why.LEFT_TO_PERSON, Why.RULES_UNCLEAR})
INAPPLICABLE = frozenset({Why.NOT_THERE, Why.OTHER_DESKTOP, Why.NOT_ASKED})


@dataclass(frozen=True, slots=True)
class Told:
    """What one check found. ``names`` are for the privacy officer only, never a person's."""

    why: Why
    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        if self.why in GOOD:
            return State.GOOD
        if self.why in UNKNOWN:
            return State.UNKNOWN
        return State.INAPPLICABLE if self.why in INAPPLICABLE else State.BAD

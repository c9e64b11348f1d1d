"""What every action shares: the attempt it is given, the outcome it answers, the port.

An action acts; it never decides. The agent writes the attempt to its journal first, calls
``apply``, and completes the journal entry with the outcome; after a crash it calls ``resume`` with
the same id. Both may therefore be called again for work already done, and must then answer
``already`` or ``done`` without doing harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from enforcement.usb_gate import Gate


class Result(StrEnum):
    """How an action ended."""

    DONE = "done"
    ALREADY = "already"
    FAILED = "failed"


class Reason(StrEnum):
    """Why an action failed, or ``none``. Closed words: they leave the laptop."""

    NONE = "none"
    CHANGED = "changed"
    """The subject is no longer what was judged."""
    GONE = "gone"
    IN_USE = "in-use"
    """Somebody has the file open for writing."""
    LINKED = "linked"
    """The file has a second name; taking one away would not seal the other."""
    NOT_PLAIN = "not-plain"
    OUTSIDE = "outside"
    """Not under a root that the policy lists, or on another file system."""
    NO_RECIPIENTS = "no-recipients"
    """Fewer than two proven recipients: nobody might be able to open it again."""
    NO_SPACE = "no-space"
    PARKED = "parked"
    """Taken from the folder and kept unharmed in the stage: its old name is in use again."""
    REFUSED = "refused"
    """The operating system said no."""
    UNSUPPORTED = "unsupported"
    NOT_CONFIRMED = "not-confirmed"
    """Done as far as could be asked, but the effect could not be seen."""
    CONTESTED = "contested"
    """It was put back, and changed again, as often as is tried in a day."""
    INTERRUPTED = "interrupted"
    """A crash came before anything was touched."""
    FAULT = "fault"
    """An error in the agent itself; its log says more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One action on one subject. ``proof`` is what the subject must still be (see ADR 0004).

    ``about`` are the closed words and numbers that stay with whatever an action keeps: by which
    rule it was taken, what it is, for how long it is to be kept. They name nobody.
    """

    id: str
    subject: str
    proof: Mapping[str, str | int] = field(default_factory=dict)
    about: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an attempt ended. ``note`` stays on the laptop; everything else leaves it.

    ``tried`` are the ways that were tried, in order, of an action that knows several; ``proof`` is
    what showed the effect. Closed words both.
    """

    result: Result
    reason: Reason = Reason.NONE
    note: str = ""
    tried: tuple[str, ...] = ()
    proof: str = "none"


class EnforcementError(Exception):
    """An action could not be carried out; the subject is as it was unless the reason says so."""

    def __init__(self, reason: Reason, note: str = "", tried: tuple[str, ...] = ()) -> None:
        super().__init__(f"{reason}: {note}" if note else str(reason))
        self.reason = reason
        self.note = note
        self.tried = tried


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Somebody who can open what is sealed. ``key`` is an age X25519 recipient (``age1...``).

    ``proven`` says that its holder has shown, by a test decryption, to be able to open with it.
    """

    name: str
    key: str
    proven: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the agent gives every action at the start.

    ``state`` is the agent's own folder, ``roots`` the folders under which files may be touched,
    ``sysfs`` the kernel's device tree. ``note`` is the text left for the staff member where a file
    was sealed; empty means none. ``stage`` names the folder a file passes through while it is being
    sealed; None lets the action find one on each root's own mount (see ``enforcement.stage``).
    ``gate`` is where the desktop is told which USB media it may have. ``return_to`` is the age
    recipient under which sealed files come back to this laptop; empty means they do not.
    """

    state: Path
    roots: tuple[Path, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    sysfs: Path = Path("/sys")
    note: str = ""
    stage: Path | None = None
    gate: Gate = field(default_factory=Gate)
    return_to: str = ""


class Action(Protocol):
    """Does one thing to one subject. Raises EnforcementError; the agent makes it an outcome."""

    name: str

    def apply(self, attempt: Attempt) -> Outcome: ...

    def resume(self, attempt_id: str) -> Outcome:
        """Bring an attempt that a crash cut off to an end; ``interrupted`` if nothing began."""
        ...

    def recover(self) -> Mapping[str, Outcome]:
        """Finish what is open though no journal knows of it: each attempt's id and its end."""
        ...


class KeepsNothing:
    """An action that leaves nothing half done: what a crash cut off is observed and judged anew."""

    def resume(self, attempt_id: str) -> Outcome:
        """There is nothing to bring to an end."""
        return Outcome(result=Result.FAILED, reason=Reason.INTERRUPTED)

    def recover(self) -> dict[str, Outcome]:
        """Nothing is ever left open."""
        return {}

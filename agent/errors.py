"""What can go wrong in the agent.

AgentError
 +- ConfigError       a file of settings cannot be used; stops the start (exit 2)
 +- JournalError      the journal cannot be opened or is somebody else's
 |   +- JournalFull   no room, or no answer from the disk; nothing is acted on while this lasts
 +- EnrolmentError    the laptop could not be given its name and key
 +- TransportError    a request to the collector failed; ``permanent`` says whether to try again
"""


class AgentError(Exception):
    """Base of all; the message says what happened, to what, and what to do."""


class ConfigError(AgentError):
    """A configuration or policy file is wrong."""


class JournalError(AgentError):
    """The journal cannot be used."""


class JournalFull(JournalError):
    """The disk has no room left, or gives no answer; what was there is as it was."""


class EnrolmentError(AgentError):
    """Enrolment did not succeed; nothing was changed on the laptop."""


class TransportError(AgentError):
    """A request did not bring a usable reply."""

    def __init__(self, message: str, *, reason: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent

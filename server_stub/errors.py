"""What can go wrong in the collector, drawn as a tree.

CollectorError
├── ConfigError    an option, a state folder or a database that cannot be used: exit 2
├── StoreError     the database said no for now: exit 1, or 503 over HTTP
├── AskedError     the thing asked about is not there or not so: exit 1
├── MailError      mail did not get through: exit 1
│   ├── MailDown     the mail server takes nothing from here just now
│   └── MailRefused  it does not take this one mail, or not for this address
├── SsoError       single sign-on did not work: exit 1, or a plain page
│   └── SsoDown      the identity provider does not answer just now
└── Refused        a request that gets a Problem in answer, with its status and code

Each message says what happened, to what, and what to do.
"""


class CollectorError(Exception):
    """Root of the tree."""


class ConfigError(CollectorError):
    """The collector cannot start or run a command as it is set up."""


class StoreError(CollectorError):
    """The database cannot take or give anything just now (disk full, locked, gone)."""


class AskedError(CollectorError):
    """The thing asked about does not exist, exists already, or is not so."""


class MailError(CollectorError):
    """Mail did not get through."""


class MailDown(MailError):
    """The mail server takes nothing from here just now."""


class MailRefused(MailError):
    """The mail server does not take this one mail, or not for this address."""


class SsoError(CollectorError):
    """Single sign-on did not work; says why, without any secret or claim."""


class SsoDown(SsoError):
    """The identity provider does not answer just now."""


class Refused(CollectorError):
    """A request is refused: ``code`` is a closed word for programs, the message is for people.

    ``retry_after`` are the seconds after which the same request may be welcome."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

"""One mail to one address, by SMTP: how it is written, and how it is handed over.

A connection serves for several mails. What goes wrong is told in one plain sentence: the server as
a whole (``MailDown``), or this one mail (``MailRefused``). The sentences hold what the server said,
cut off and cleaned, except where it answers a login: it might repeat the password.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from server_stub.errors import ConfigError, MailDown, MailError, MailRefused
from server_stub.post.mail_settings import Settings, Tls, check_address

SECONDS = 20
"""How long to wait for each answer of the server."""
LONGEST_SUBJECT = 200
LONGEST_SAID = 150
"""Characters of what a server said."""
_NAME = "Dossierwacht"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is sent. ``language`` is told in a header; mail programs read aloud by it."""

    to: str
    subject: str
    text: str
    language: str


class Courier:
    """An open connection to the mail server."""

    def __init__(self, settings: Settings, server: smtplib.SMTP) -> None:
        self._settings = settings
        self._server = server

    def send(self, letter: Letter, now: datetime) -> None:
        """Hand a mail over. Raises MailDown, MailRefused."""
        try:
            message = message_of(letter, self._settings.sender, now)
        except ConfigError as error:
            raise MailRefused(str(error)) from error
        try:
            self._server.send_message(message, self._settings.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[letter.to]
            raise MailRefused(f"the address was refused: {code} {_clean(said)}") from error
        except smtplib.SMTPDataError as error:
            told = f"{error.smtp_code} {_clean(error.smtp_error)}"
            raise MailRefused(f"the mail was refused: {told}") from error
        except OSError as error:  # each SMTPException is one
            raise MailDown(_why(error, self._settings)) from error


@contextmanager
def connected(settings: Settings, password: str) -> Iterator[Courier]:
    """A connection that is logged in, where a login is asked for. Raises MailDown, ConfigError."""
    context = _context(settings) if settings.tls is not Tls.NONE else None
    try:
        server = _connect(settings, context)
    except (OSError, ValueError) as error:
        raise MailDown(_why(error, settings)) from error
    try:
        _prepare(server, settings, context, password)
        yield Courier(settings, server)
    finally:
        with suppress(OSError):
            server.quit()
        server.close()


def message_of(letter: Letter, sender: str, now: datetime) -> EmailMessage:
    """A mail as it goes out. Raises ConfigError for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_NAME, addr_spec=check_address(sender))
    message["To"] = check_address(letter.to)
    # A line break in a header would begin another header.
    message["Subject"] = _clean(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = letter.language
    return message


def _connect(settings: Settings, context: ssl.SSLContext | None) -> smtplib.SMTP:
    if settings.tls is Tls.IMPLICIT:
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=SECONDS, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)


def _context(settings: Settings) -> ssl.SSLContext:
    """Certificates are checked against the system's authorities, or the one that is named."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise ConfigError(
            f"{settings.ca_file} cannot be read as certificates: name another with --ca-file"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _prepare(
    server: smtplib.SMTP, settings: Settings, context: ssl.SSLContext | None, password: str
) -> None:
    """Change over to TLS and log in. Raises MailDown."""
    try:
        server.ehlo_or_helo_if_needed()
        if settings.tls is Tls.STARTTLS:
            if not server.has_extn("starttls"):
                raise MailDown(
                    f"{_place(settings)} offers no STARTTLS: is the port right, or is it --tls "
                    "implicit?"
                )
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, password)
    except MailError:
        raise
    except (OSError, ValueError) as error:
        raise MailDown(_why(error, settings)) from error


def _why(error: Exception, settings: Settings) -> str:
    """What went wrong with the server, and what to look at."""
    place = _place(settings)
    if isinstance(error, smtplib.SMTPException):
        return _why_smtp(error, settings)
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {place} is not believed ({error.verify_message}): name the "
            "authority that signed it with --ca-file, or the host as the certificate does"
        )
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {place} ({error.reason}): is --tls right for this port?"
    if isinstance(error, TimeoutError):
        return f"{place} did not answer within {SECONDS} seconds: are host and port right?"
    said = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot reach {place} ({said}): are host and port right, and does it run?"


def _why_smtp(error: smtplib.SMTPException, settings: Settings) -> str:
    place = _place(settings)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{place} refused the login ({error.smtp_code}): check --user and the password"
    if isinstance(error, smtplib.SMTPSenderRefused):
        told = f"{error.smtp_code} {_clean(error.smtp_error)}"
        return f"{place} takes no mail from {settings.sender}: {told}; check --from and --user"
    if isinstance(error.__context__, TimeoutError):
        return _why(error.__context__, settings)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{place} broke off: is --tls right for this port?"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{place} said: {error.smtp_code} {_clean(error.smtp_error)}"
    return f"{place} knows no way of logging in that is known here: send without --user?"


def _place(settings: Settings) -> str:
    return f"{settings.host}:{settings.port}"


def _clean(said: str | bytes) -> str:
    """One line of printable characters, not without end."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return "".join(one if one.isprintable() else " " for one in text)[:LONGEST_SAID]

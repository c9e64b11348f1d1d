"""A mail server on loopback that keeps what it takes, and can be told to be difficult."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LOGIN = ("dossierwacht", "mail-invented-password")


class Mailbox:
    """What the server took, whom it refuses, and what it answers to the rest."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.data_answer = "250 taken"
        self.sender_answer = "250 OK"
        self.port = 0

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answer.startswith("2"):
            made = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(made, EmailMessage)
            assert envelope.rcpt_tos == [made["To"]]
            self.taken.append(made)
        return self.data_answer

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that one address got."""
        return [one for one in self.taken if one["To"] == address]


class _OnAnyPort(Controller):
    """The system chooses the port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mailbox(kept: Mailbox | None = None, port: int = 0, **options: Any) -> Iterator[Mailbox]:
    """A server that runs; given a port and what was kept it comes back as it was."""
    kept = kept or Mailbox()
    controller = _OnAnyPort(kept, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        kept.port = controller.port
        yield kept
    finally:
        controller.stop()


def with_login(server: SMTP, session: Session, envelope: Envelope, way: str, given: Any) -> Any:
    """Who may send: one invented login."""
    assert isinstance(given, LoginPassword)
    good = (given.login.decode(), given.password.decode()) == LOGIN
    return AuthResult(success=good, handled=False)


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own authority for a host name: its file, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, both = folder / f"{host}.pem", folder / f"{host}-both.pem"
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(pem.read_bytes() + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return pem, context

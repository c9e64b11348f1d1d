"""The collector's own certificate authority and its server certificate.

A school has no certificate authority, so the collector makes one at its first start. An enrolment
token carries the authority's pin; an agent fetches the certificate, checks the pin and trusts this
authority alone. The server certificate is short-lived and made anew by the collector itself.
"""

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agent.wire.messages import pin_of
from server_stub import keys
from server_stub.errors import ConfigError

CA = "ca.pem"
SERVER = "server.pem"
"""Certificate and key in one file, so that one rename replaces both."""
CA_LIFE = timedelta(days=3653)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=180)


def make_ca(state: Path, now: datetime) -> None:
    """Make the certificate authority, unless there is one."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own: two collectors' authorities in one trust store must not be mixed up.
    text = f"Dossierwacht collector CA {secrets.token_hex(4)}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = _builder(name, name, key, key, now, CA_LIFE).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    keys.write_once(state / CA, _pem(builder.sign(key, hashes.SHA256()), key))


def ca_certificate(state: Path) -> x509.Certificate:
    """The authority's certificate. Raises ConfigError."""
    return _load(state / CA)[0]


def ca_pem(state: Path) -> bytes:
    """The authority's certificate as everybody may have it, without its key."""
    return ca_certificate(state).public_bytes(Encoding.PEM)


def ca_pin(state: Path) -> str:
    """The pin that an enrolment token carries."""
    return pin_of(ca_certificate(state).public_bytes(Encoding.DER))


def ensure_server_certificate(state: Path, hosts: Iterable[str], now: datetime) -> Path:
    """The file with a server certificate for these hosts, made anew when it is due."""
    path = state / SERVER
    names = _names((*hosts, "localhost", "127.0.0.1"))
    if not path.exists() or _due(path, _load(state / CA)[0], names, now):
        keys.replace(path, _issue(state, names, now))
    return path


def _due(path: Path, ca: x509.Certificate, names: list[x509.GeneralName], now: datetime) -> bool:
    """Nearly expired, not yet valid, for other names, or by another authority."""
    certificate = _load(path)[0]
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    fits = set(names) == set(found.value) and _issued(certificate, ca)
    begun = certificate.not_valid_before_utc <= now
    return not fits or not begun or certificate.not_valid_after_utc - now < RENEW_BEFORE


def _issued(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _issue(state: Path, names: list[x509.GeneralName], now: datetime) -> bytes:
    ca, ca_key = _load(state / CA)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dossierwacht collector")])
    builder = _builder(subject, ca.subject, key, ca_key, now, SERVER_LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return _pem(builder.add_extension(server, critical=False).sign(ca_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        # An hour back, so that a laptop whose clock is a little slow can enrol at once.
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + life,
    )
    return builder.add_extension(own, critical=False).add_extension(authority, critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    return [_name(host) for host in dict.fromkeys(hosts)]


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode("ascii"))
    except UnicodeError as error:
        raise ConfigError(f"{host!r} is no host name: check --public-url and --listen") from error


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bytes:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + private


def _load(path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        content = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        key = load_pem_private_key(content, password=None)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: run `dossierwacht-collector migrate`") from error
    except ValueError as error:
        raise ConfigError(
            f"{path} holds no certificate with its key: put the copy from your backup back"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{path} holds another kind of key: put the copy from your backup back")
    return certificate, key

"""A certificate that the organisation has from elsewhere, for the people who open the console.

Laptops trust the collector's own authority and nothing else, so that no authority of the web, nor
the day on which a bought certificate ends, comes between them and their collector. Browsers know
nothing of that authority. So people get a name of their own for the same address: whoever asks for
a name that stands in the given certificate is shown that one, and everybody else the own.
"""

import logging
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from server_stub import served
from server_stub.errors import ConfigError

log = logging.getLogger(__name__)
LARGEST = 1_048_576
"""Bytes of a file with a certificate."""
_NOBODYS = {"localhost"}
"""A name that is no name of the console: the collector's own certificate has it."""


class GivenCertificate:
    """A PEM file with the certificate, what leads to its authority, and the key."""

    def __init__(self, path: Path, public_url: str) -> None:
        """Raises ConfigError if it cannot be used at this address."""
        self._path = path
        self._own = urlsplit(public_url).hostname or ""
        self._names, self._context = self._load()

    def look_again(self) -> None:
        """Take up what has been put into its place since; a file that cannot be used is no reason
        to stop showing the one before."""
        try:
            self._names, self._context = self._load()
        except ConfigError as error:
            log.error("%s", error)

    def choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        """Show the given certificate to whoever asks for one of its names."""
        if name and self._is_named(name.lower()):
            connection.context = self._context

    def _is_named(self, name: str) -> bool:
        wild = "*." + name.partition(".")[2]
        return name != self._own and bool(self._names & {name, wild})

    def _load(self) -> tuple[frozenset[str], ssl.SSLContext]:
        try:
            content = self._path.read_bytes()[:LARGEST]
            names = frozenset(_names(x509.load_pem_x509_certificate(content))) - _NOBODYS
            context = served.tls_context(self._path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it holds no certificate with its key"
            raise ConfigError(
                f"cannot use the certificate {self._path}: {reason}; it has to hold the "
                "certificate, those that lead to its authority, and the key, and to be readable "
                "for the account that runs the collector"
            ) from error
        if names <= {self._own}:
            raise ConfigError(
                f"the certificate {self._path} has no name but {self._own!r}, by which laptops "
                "know the collector: they trust its own authority alone, so give the console a "
                "name of its own"
            )
        return names, context


def _names(certificate: x509.Certificate) -> Iterable[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return (name.lower() for name in found.value.get_values_for_type(x509.DNSName))

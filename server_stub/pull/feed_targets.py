"""Where events may be sent on to: what an administrator wrote on the terminal, and nothing else.

A webhook is HTTPS, or HTTP on this very machine; a syslog server is reached over TLS, or over
plain TCP where that is written out. No target holds a name or a password, and where a target leads
on to another place nobody follows.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from server_stub.errors import ConfigError

WEBHOOK, SYSLOG = "webhook", "syslog"
WAYS = (WEBHOOK, SYSLOG)
_PORTS = {"https": 443, "http": 80, "tls": 6514, "tcp": 601}
_SCHEMES = {WEBHOOK: ("https", "http"), SYSLOG: ("tls", "tcp")}
_LOOKS = {
    WEBHOOK: "https://siem.school.example/hook",
    SYSLOG: "tls://log.school.example:6514 or tcp://log.school.example:601",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A place to send to; ``path`` is what follows the host in a webhook's address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secret(self) -> bool:
        """Whether what is sent cannot be read on its way."""
        return self.scheme in ("https", "tls")


def read_target(way: str, text: str) -> Target:
    """A target as it is written. Raises ConfigError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _unusable(way, text) from error
    host = parts.hostname or ""
    if parts.scheme not in _SCHEMES[way] or not host or not _is_plain(text, parts):
        raise _unusable(way, text)
    if way == SYSLOG and parts.path.strip("/") + parts.query:
        raise _unusable(way, text)
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{text!r} would be sent readable for others: use https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = _PORTS[parts.scheme] if port is None else port
    return Target(scheme=parts.scheme, host=host, port=port, path=path)


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its address or by the one name that means it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trusting(ca: str) -> ssl.SSLContext:
    """How a target must prove that it is the one that was named: by an authority of this machine,
    or by the one in ``ca`` alone. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError("the file of --ca holds no certificate in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_plain(text: str, parts: SplitResult) -> bool:
    known = parts.username is None and parts.password is None and not parts.fragment
    # Nothing that could end a line of a request, or be taken for another host.
    return known and parts.port != 0 and text.isascii() and text.isprintable() and " " not in text


def _unusable(way: str, text: str) -> ConfigError:
    return ConfigError(f"cannot send to {text!r}: write it like {_LOOKS[way]}")

"""The identity provider: where its pages are, found once, and the keys it signs with, each time.

Everything goes over HTTPS with a checked certificate; in the clear only what stays on this machine.
No redirect is followed, no proxy of the environment is used, and an answer has a largest size.
"""

from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server_stub.errors import ConfigError, SsoDown, SsoError
from server_stub.logins.login_settings import Provider
from server_stub.post.mail_settings import is_loopback

SECONDS = 8
LARGEST = 262_144
_WELL_KNOWN = "/.well-known/openid-configuration"
_SIGNING = {"RSA", "EC", "OKP"}


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed of a provider's own description."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


def discover(issuer: str, client_id: str, ca_file: str) -> Provider:
    """A provider as it describes itself. Raises ConfigError, SsoError."""
    check_address(issuer)
    body = _get(issuer.rstrip("/") + _WELL_KNOWN, ca_file)
    try:
        found = msgspec.json.decode(body, type=Discovered)
    except msgspec.MsgspecError as error:
        raise SsoError(f"{issuer} does not describe itself as an OpenID provider") from error
    if found.issuer != issuer:
        raise ConfigError(
            f"the provider calls itself {found.issuer!r}: give exactly that as --issuer"
        )
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        check_address(address)
    return Provider(
        issuer=issuer,
        client_id=client_id,
        ca_file=ca_file,
        authorization_endpoint=found.authorization_endpoint,
        token_endpoint=found.token_endpoint,
        jwks_uri=found.jwks_uri,
        secret_in_form="client_secret_basic" not in found.token_endpoint_auth_methods_supported,
    )


def check_address(text: str) -> None:
    """Refuse an address at which a provider must not be asked. Raises ConfigError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    fine = bool(host) and text.isascii() and text.isprintable()
    if not fine or parts.username or parts.fragment:
        raise ConfigError(f"{text!r} is no address of an identity provider: it begins https://")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ConfigError(f"{text!r} is not kept from others: it must begin with https://")


def signing_keys(provider: Provider) -> KeySet:
    """The keys that the provider signs with now. Raises SsoError."""
    body = _get(provider.jwks_uri, provider.ca_file)
    try:
        listed: Any = msgspec.json.decode(body)
        keys = [one for one in listed["keys"] if one.get("kty") in _SIGNING]
        return KeySet.import_key_set({"keys": keys})
    except (msgspec.MsgspecError, JoseError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise SsoError("the provider's keys cannot be read") from e


def _get(url: str, ca_file: str) -> bytes:
    """What stands at an address. Raises SsoError."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            reply = session.get(
                url, timeout=SECONDS, allow_redirects=False, stream=True, verify=ca_file or True
            )
            body = reply.raw.read(LARGEST + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise SsoDown(f"{url} was not reached ({type(error).__name__})") from error
    if reply.status_code != 200 or len(body) > LARGEST:
        raise SsoError(f"{url} answered {reply.status_code} with {len(body)} bytes")
    return bytes(body)

"""Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

What a login begins with is one random seed in a sealed cookie of the browser. State, nonce and PKCE
verifier follow from it with the collector's key, so nothing is kept here until an answer comes, and
an answer fits only the browser that asked. Each state is taken once.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server_stub.errors import AskedError, SsoDown, SsoError
from server_stub.logins import login_key, oidc_provider
from server_stub.logins.login_settings import Provider

RETURN_PATH = "/login/sso/done"
LONGEST = timedelta(minutes=10)
"""How long somebody may take at the provider's own page."""
LEEWAY_SECONDS = 30
"""How far the provider's clock may be off."""
LARGEST_TOKEN = 32_768
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""All of them with a key pair: whoever can check a token cannot make one."""
_COOKIE = "single sign-on"


class Flow:
    """One login on its way: what was sent along to the provider, and must come back."""

    def __init__(self, key: bytes, seed: str) -> None:
        self.state = login_key.digest(key, "sso state", seed)
        self.nonce = login_key.digest(key, "sso nonce", seed)
        self.verifier = login_key.digest(key, "sso verifier", seed)


def begin(key: bytes, now: datetime) -> tuple[Flow, str]:
    """A new login, and what the browser's cookie holds of it."""
    seed = secrets.token_urlsafe(32)
    return Flow(key, seed), login_key.seal(key, _COOKIE, seed, now)


def flow_of(key: bytes, cookie: str | None, state: str, now: datetime) -> Flow:
    """The login that an answer belongs to. Raises SsoError."""
    seed = login_key.unseal(key, _COOKIE, (cookie or "")[:512], now, LONGEST)
    if seed is None:
        raise SsoError("no login was begun in this browser, or too long ago")
    flow = Flow(key, seed)
    if not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise SsoError("the answer is to another login")
    return flow


def address_of(provider: Provider, flow: Flow, url: str) -> str:
    """The provider's page that a browser is sent to; ``url`` is the collector's own address."""
    with _client(provider, "", url) as client:
        address, _ = client.create_authorization_url(
            provider.authorization_endpoint,
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
        )
    return str(address)


def redeem(provider: Provider, secret: str, flow: Flow, url: str, code: str) -> str:
    """The ID token for a code, from the provider itself. Raises SsoError."""
    with _client(provider, secret, url) as client:
        try:
            answer = client.fetch_token(
                provider.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=flow.verifier,
                redirect_uri=url + RETURN_PATH,
                timeout=oidc_provider.SECONDS,
                allow_redirects=False,
                verify=provider.ca_file or True,
            )
        except AuthlibBaseError as error:
            raise SsoError(f"the provider does not take the code ({error.error})") from error
        except ValueError as error:  # no JSON; requests has its own kind of it
            raise SsoError(f"no token was given ({type(error).__name__})") from error
        except (requests.RequestException, OSError) as error:
            raise SsoDown(f"the provider was not reached ({type(error).__name__})") from error
    token = answer.get("id_token")
    if not isinstance(token, str) or len(token) > LARGEST_TOKEN:
        raise SsoError("the provider gave no ID token")
    return token


def claims_of(
    token: str, keys: KeySet, provider: Provider, nonce: str, now: datetime
) -> dict[str, Any]:
    """What an ID token says, once all of it was checked. Raises SsoError."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SsoError(f"the ID token is not good ({_reason(error)})") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise SsoError("the ID token is not good (invalid_claim: azp)")
    return dict(claims)


def who(claims: dict[str, Any]) -> tuple[str, str]:
    """Subject and mail address of somebody; the address is empty unless the provider proved it."""
    mail = claims.get("email") if claims.get("email_verified") is True else ""
    return claims["sub"], mail.lower() if isinstance(mail, str) else ""


def linked_name(text: str) -> str | None:
    """Who somebody is at the identity provider; None for nobody. Raises AskedError.

    A mail address is kept in small letters: providers write it as they like."""
    if len(text) > 254 or not (text or "-").isprintable() or text != text.strip():
        raise AskedError(f"{text!r} is neither a subject nor a mail address of a provider")
    return (text.lower() if "@" in text else text) or None


def _client(provider: Provider, secret: str, url: str) -> OAuth2Session:
    client = OAuth2Session(
        client_id=provider.client_id,
        client_secret=secret,
        token_endpoint_auth_method=(
            "client_secret_post" if provider.secret_in_form else "client_secret_basic"
        ),
        scope="openid email",
        redirect_uri=url + RETURN_PATH,
        code_challenge_method="S256",
    )
    client.trust_env = False
    return client


def _reason(error: Exception) -> str:
    """The kind of a mistake in a closed word, and the claim it is about; never a value."""
    claim = getattr(error, "claim", "")
    word = getattr(error, "error", "") or type(error).__name__
    return f"{word}: {claim}" if claim else str(word)

"""The console's addresses of single sign-on: off to the identity provider, and back."""

import logging
from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages_login import let_in
from server_stub.errors import ConfigError, Refused, SsoDown, SsoError
from server_stub.logins import auth, guessing, login_settings, oidc, oidc_provider
from server_stub.logins.login_settings import Provider
from server_stub.logins.oidc import Flow
from server_stub.storage import store_sso

log = logging.getLogger(__name__)
COOKIE = "__Host-dossierwacht-sso"
LONGEST_CODE = 4096


def begin(visit: Visit) -> Response:
    """``/login/sso``: send the browser to the provider's own page."""
    provider = _provider(visit)
    flow, cookie = oidc.begin(visit.collector.login_key, visit.now)
    reply = RedirectResponse(oidc.address_of(provider, flow, visit.collector.url), 303)
    seconds = int(oidc.LONGEST.total_seconds())
    reply.set_cookie(COOKIE, cookie, max_age=seconds, secure=True, httponly=True, samesite="lax")
    return reply


def done(visit: Visit) -> Response:
    """``/login/sso/done``: the provider sent the browser back; let in whom it names."""
    provider = _provider(visit)
    mark = guessing.mark_of(visit.request.query_params.get("state", "")[:128], "sso")
    guessing.refuse(visit.collector.store, mark, visit.address, visit.now)
    try:
        subject, mail = _named(visit, provider)
    except SsoDown as error:  # which is no guess of anybody's
        log.warning("single sign-on: %s", error)
        raise _slow() from error
    except SsoError as error:
        log.warning("single sign-on: %s", error)
        guessing.note(visit.collector.store, mark, visit.address, visit.now)
        raise Refused(403, "sso-failed", "single sign-on did not work: try again") from error
    with visit.collector.store.read() as connection:
        user = store_sso.user_linked(connection, subject, mail)
    if user is None:
        text = visit.wording.text("sso.unknown", subject=subject[:64])
        reply = render(visit, "error.html", 403, text=text)
    else:
        login = auth.open_login(visit.collector.store, user, visit.address, visit.now)
        reply = let_in(visit, login)
    reply.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
    return reply


def _named(visit: Visit, provider: Provider) -> tuple[str, str]:
    """Whom the provider's answer names, once all of it was checked. Raises SsoError, Refused."""
    asked = visit.request.query_params
    key, cookie = visit.collector.login_key, visit.request.cookies.get(COOKIE)
    flow = oidc.flow_of(key, cookie, asked.get("state", "")[:128], visit.now)
    _take(visit, flow)
    if asked.get("iss", provider.issuer) != provider.issuer:
        raise SsoError("the answer is from another provider")
    code = asked.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise SsoError("the provider sent no code")
    if not visit.collector.asking.acquire(blocking=False):
        raise _slow()
    try:
        secret = login_settings.secret(visit.collector.config.state)
        token = oidc.redeem(provider, secret, flow, visit.collector.url, code)
        keys = oidc_provider.signing_keys(provider)
    except ConfigError as error:
        raise SsoError(str(error)) from error
    finally:
        visit.collector.asking.release()
    return oidc.who(oidc.claims_of(token, keys, provider, flow.nonce, visit.now))


def _take(visit: Visit, flow: Flow) -> None:
    """Take an answer once. Raises SsoError."""
    digest, forget = auth.digest(flow.state), visit.now - oidc.LONGEST - timedelta(minutes=5)

    def work(connection: Connection) -> bool:
        return store_sso.take_state(connection, digest, visit.now, forget)

    if not visit.collector.store.write(work):
        raise SsoError("this answer came before")


def _slow() -> Refused:
    return Refused(503, "sso-busy", "the identity provider is slow: try later", retry_after=30)


def _provider(visit: Visit) -> Provider:
    """The identity provider. Raises Refused if there is none."""
    found = visit.login_settings.provider
    if found is None:
        raise no_page(visit)
    return found

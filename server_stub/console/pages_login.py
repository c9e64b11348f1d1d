"""The console's pages about getting in and out."""

from starlette.responses import RedirectResponse, Response

from server_stub.console.page import Visit, render
from server_stub.logins import auth
from server_stub.logins.auth import Login
from server_stub.storage import store_history

LOGGED_IN = "logged-in"


def login(visit: Visit) -> Response:
    """``/login``: the form."""
    if visit.session is not None:
        return RedirectResponse("/", 303)
    return _form(visit)


def log_in(visit: Visit) -> Response:
    """``POST /login``: open a login under a new cookie."""
    name, password = visit.form.get("name", "").strip(), visit.form.get("password", "")
    store = visit.collector.store
    found = auth.log_in(store, name[:64], password, visit.address, visit.now)
    if found is None:
        return _form(visit, 401, name[:64])
    return let_in(visit, found)


def let_in(visit: Visit, found: Login) -> Response:
    """Hand out the cookie of a login just made, and end the one that was open in this browser.

    One that waits for its second factor is no login yet, and leads to the page that asks for it."""
    store = visit.collector.store
    if visit.session is not None:
        auth.log_out(store, visit.session)
    if not found.waiting:
        name, address = found.user.name, visit.address
        store.write(lambda c: store_history.log_view(c, name, LOGGED_IN, address, visit.now))
    reply = RedirectResponse("/login/code" if found.waiting else "/", 303)
    reply.set_cookie(auth.COOKIE, found.cookie, secure=True, httponly=True, samesite="lax")
    return reply


def _form(visit: Visit, status: int = 200, name: str = "") -> Response:
    """The form, and the way through the organisation where there is one."""
    has_sso = visit.login_settings.provider is not None
    return render(visit, "login.html", status, failed=status != 200, name=name, has_sso=has_sso)


def log_out(visit: Visit) -> Response:
    """``POST /logout``: end the login."""
    if visit.session is not None:
        auth.log_out(visit.collector.store, visit.session)
    reply = RedirectResponse("/login", 303)
    reply.delete_cookie(auth.COOKIE, secure=True, httponly=True, samesite="lax")
    return reply

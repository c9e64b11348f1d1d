"""The console's pages about the second factor: setting it up, and being asked for it."""

import io

import segno
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages_account import note, own_session
from server_stub.console.pages_login import let_in
from server_stub.logins import auth, factors
from server_stub.storage import store_factors, store_people

PLACE = "/account/factor"


def show(visit: Visit) -> Response:
    """``/account/factor``: set it up, or say that it is."""
    return _page(visit)


def picture(visit: Visit) -> Response:
    """``/account/factor.svg``: the secret that is offered, for the camera of a telephone."""
    session = own_session(visit)
    if session.user.factor is not None:  # what is in use is never shown again
        raise no_page(visit)
    secret = factors.offered(visit.collector.login_key, session)
    drawn = io.BytesIO()
    code = segno.make(factors.uri(secret, visit.who), error="m", micro=False)
    code.save(drawn, kind="svg", scale=5, light="#fff", svgclass=None, lineclass=None)
    return Response(drawn.getvalue(), media_type="image/svg+xml")


def confirm(visit: Visit) -> Response:
    """``POST /account/factor``: keep it, once a code has shown that the app has the secret."""
    session, store = own_session(visit), visit.collector.store
    if session.user.factor is not None:
        return RedirectResponse(PLACE, 303)
    given = visit.form.get("code", "")
    codes = factors.set_up(store, visit.collector.login_key, session, given, visit.now)
    if not codes:
        return _page(visit, 422, wrong=True)

    def work(connection: Connection) -> None:
        # Those were opened by the password alone.
        store_people.end_sessions(connection, session.user.id, keep=session.digest)
        note(connection, visit, "factor-set-up")

    store.write(work)
    return render(visit, "factor_codes.html", codes=codes)


def remove(visit: Visit) -> Response:
    """``POST /account/factor/off``: take it away, for who has it."""
    session = own_session(visit)
    if session.user.factor is None:
        return RedirectResponse(PLACE, 303)
    if not _shown(visit):
        return _page(visit, 422, wrong=True)

    def work(connection: Connection) -> None:
        store_factors.drop_factor(connection, session.user.id)
        note(connection, visit, "factor-removed")

    visit.collector.store.write(work)
    return RedirectResponse(PLACE, 303)


def ask(visit: Visit) -> Response:
    """``/login/code``: the second page of the login."""
    if visit.session is None or not visit.session.waiting:
        return RedirectResponse("/login" if visit.session is None else "/", 303)
    return render(visit, "login_code.html", failed=False)


def answer(visit: Visit) -> Response:
    """``POST /login/code``: let in who shows a good code."""
    if visit.session is None or not visit.session.waiting:
        return RedirectResponse("/login" if visit.session is None else "/", 303)
    if not _shown(visit):
        return render(visit, "login_code.html", 401, failed=True)
    user, store = visit.session.user, visit.collector.store
    return let_in(visit, auth.open_login(store, user, visit.address, visit.now, shown=True))


def _shown(visit: Visit) -> bool:
    """Whether the form holds a good code of this person. Raises Refused after too many others."""
    session, store = own_session(visit), visit.collector.store
    given, key = visit.form.get("code", ""), visit.collector.login_key
    found = factors.show(store, key, session.user, given, visit.address, visit.now)
    if found == "recovery":
        store.write(lambda c: note(c, visit, "used-recovery-code"))
    return bool(found)


def _page(visit: Visit, status: int = 200, *, wrong: bool = False) -> Response:
    session = own_session(visit)
    with visit.collector.store.read() as connection:
        left = store_factors.codes_left(connection, session.user.id)
    if session.user.factor is not None:
        return render(visit, "factor_on.html", status, wrong=wrong, left=left)
    secret = factors.offered(visit.collector.login_key, session)
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    must = visit.must_set_up
    return render(visit, "factor.html", status, secret=grouped, wrong=wrong, must=must)

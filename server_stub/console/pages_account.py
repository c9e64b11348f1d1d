"""The page of one's own account: the password, and where one is logged in."""

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.console.page import Visit, render
from server_stub.errors import AskedError
from server_stub.logins import auth
from server_stub.storage import store_history, store_people
from server_stub.storage.store_people import Session


def show(visit: Visit) -> Response:
    """``/account``."""
    return _account(visit)


def change_password(visit: Visit) -> Response:
    """``POST /account/password``: a new password, for who knows the old one."""
    session = own_session(visit)
    wrong = _why_not(visit)
    if wrong:
        return _account(visit, 422, wrong)
    stored = auth.hash_password(visit.form["new"])

    def work(connection: Connection) -> None:
        store_people.set_password(connection, session.user.id, stored, keep=session.digest)
        note(connection, visit, "changed-password")

    visit.collector.store.write(work)
    return RedirectResponse("/account?done=password", 303)


def end_others(visit: Visit) -> Response:
    """``POST /account/others``: end every other login of one's own."""
    session = own_session(visit)

    def work(connection: Connection) -> None:
        store_people.end_sessions(connection, session.user.id, keep=session.digest)
        note(connection, visit, "ended-logins")

    visit.collector.store.write(work)
    return RedirectResponse("/account?done=others", 303)


def own_session(visit: Visit) -> Session:
    """The login behind a page that needs one."""
    assert visit.session is not None  # such a page is only shown to a role
    return visit.session


def note(connection: Connection, visit: Visit, act: str) -> None:
    """Note in the log what somebody did with their own login, and from where."""
    store_history.log_view(connection, visit.who, act, visit.address, visit.now)


def _why_not(visit: Visit) -> str:
    """Why a password is not changed, as a word; empty if it can be. Raises Refused."""
    form = visit.form
    if form.get("new", "") != form.get("again", ""):
        return "differ"
    try:
        auth.check_length(form.get("new", ""))
    except AskedError:
        return "length"
    store = visit.collector.store
    user = auth.known(store, visit.who, form.get("old", ""), visit.address, visit.now)
    return "" if user else "old"


def _account(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    session = own_session(visit)
    with visit.collector.store.read() as connection:
        found = store_people.sessions_of(connection, session.user.id)
    logins = [one for one in found if auth.is_open(one, visit.now) and not one.waiting]
    done = visit.request.query_params.get("done", "")
    return render(
        visit,
        "account.html",
        status,
        user=session.user,
        logins=logins,
        own=session.digest,
        wrong=wrong,
        done=done if done in ("password", "others") else "",
        shortest=auth.SHORTEST_PASSWORD,
    )

"""The console's page about who reads one entry besides the officer: added and removed there."""

from sqlalchemy import Connection
from starlette.responses import Response

from server_stub.breaches import entry as entries
from server_stub.breaches.register import Breach
from server_stub.console import pages_entry
from server_stub.console.page import Visit
from server_stub.errors import AskedError
from server_stub.logins import auth, oidc
from server_stub.logins.auth import Role
from server_stub.storage import store_history, store_people, store_readers, store_sso

LONGEST_NAME = 64


def show(visit: Visit) -> Response:
    """``/register/{number}/readers``: who reads this entry."""
    return _page(visit, pages_entry.looked_at(visit))


def add(visit: Visit) -> Response:
    """``POST /register/{number}/readers``: a login that opens this entry only.

    Its password is shown this once; who comes in by single sign-on gets none."""
    found = pages_entry.asked(visit)
    name, sso = visit.form.get("name", "").strip(), visit.form.get("sso", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        return _page(visit, found, 422, wrong="name")
    password = "" if sso else auth.generate_password()
    try:
        stored = auth.hash_password(password) if password else ""
        linked = oidc.linked_name(sso)
        visit.collector.store.write(lambda c: _add(c, visit, found, name, stored, linked))
    except AskedError:
        return _page(visit, found, 422, wrong="taken")
    return _page(visit, found, made=name, password=password)


def remove(visit: Visit) -> Response:
    """``POST /register/{number}/readers/remove``: take the login of a reader away."""
    found, name = pages_entry.asked(visit), visit.form.get("name", "")

    def work(connection: Connection) -> None:
        if store_readers.drop(connection, found.number, name):
            _note(connection, visit, "removed-reader", f"{found.number} {name}")

    visit.collector.store.write(work)
    return pages_entry.back_to(found, "readers")


def _add(
    connection: Connection, visit: Visit, found: Breach, name: str, stored: str, sso: str | None
) -> None:
    """Give somebody a login. Raises AskedError if the name, or the person, has one already."""
    if store_people.user_by(connection, name):
        raise AskedError(f"there is a user {name!r} already")
    store_sso.check_free(connection, sso)
    store_people.add_user(
        connection, name, Role.READER, stored, visit.now, sso=sso, reads=found.number
    )
    _note(connection, visit, "added-reader", f"{found.number} {name}")


def _note(connection: Connection, visit: Visit, act: str, subject: str) -> None:
    store_history.log_view(connection, visit.who, act, subject, visit.now)


def _page(
    visit: Visit,
    found: Breach,
    status: int = 200,
    *,
    wrong: str = "",
    made: str = "",
    password: str = "",
) -> Response:
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
        people = store_readers.of(connection, found.number)
    return pages_entry.show(
        visit,
        entry,
        "readers",
        status,
        people=people,
        wrong=wrong,
        made=made,
        password=password,
        given=visit.form if wrong else {},
        has_sso=visit.login_settings.provider is not None,
    )

"""The pages by which the crisis team is called, and by which its people say that they come.

Whoever is in the team sees the number of the entry and who called, whatever their role: what
happened is told in the meeting, not here.
"""

from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.breaches.register import Breach
from server_stub.console import pages_entry
from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.logins.auth import Role
from server_stub.storage import store_calls
from server_stub.storage.store_calls import Call

ONE_PRESS = timedelta(minutes=1)
"""A button pressed twice calls once."""


def call(visit: Visit) -> Response:
    """``POST /register/{number}/plan/call``: call the team."""

    def work(connection: Connection, found: Breach) -> Breach:
        calls = store_calls.calls_of(connection, found)
        if not calls or calls[0].called_at < visit.now - ONE_PRESS:
            store_calls.call(connection, found, visit.who, visit.now)
        return found

    found = pages_entry.change(visit, work)
    return pages_entry.back_to(found, "plan#team")


def show(visit: Visit) -> Response:
    """``/calls/{call}``: one call."""
    return render(visit, "call.html", call=_asked(visit))


def answer(visit: Visit) -> Response:
    """``POST /calls/{call}``: somebody says that they come."""
    found = _asked(visit)
    visit.collector.store.write(lambda c: store_calls.answer(c, found.id, visit.who, visit.now))
    return RedirectResponse(f"/calls/{found.id}", 303)


def _asked(visit: Visit) -> Call:
    """The call that the path names, for those it was made to. Raises Refused."""
    given = visit.request.path_params["call"]
    number = whole(given, digits=9)
    with visit.collector.store.read() as connection:
        found = store_calls.call_numbered(connection, number)
        inside = visit.role is Role.OFFICER or visit.who in store_calls.team(connection)
    if found is None or not inside:
        raise no_page(visit)
    return found

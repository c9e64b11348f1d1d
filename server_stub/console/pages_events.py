"""The address of an event that names no laptop: what a mail may hold."""

from starlette.responses import RedirectResponse, Response

from server_stub.console.page import Visit
from server_stub.errors import Refused
from server_stub.storage import store_mail


def by_number(visit: Visit) -> Response:
    """``/events/{event}``: on to the page of an event, after the login."""
    text = visit.request.path_params["event"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
    with visit.collector.store.read() as connection:
        found = store_mail.place_of(connection, number)
    if found is None:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    return RedirectResponse(f"/devices/{found[0]}/{found[1]}", 303)

"""The address of an event that names no laptop: what a mail may hold."""

from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit
from server_stub.storage import store_mail


def by_number(visit: Visit) -> Response:
    """``/events/{event}``: on to the page of an event, after the login."""
    text = visit.request.path_params["event"]
    number = whole(text)
    with visit.collector.store.read() as connection:
        found = store_mail.place_of(connection, number)
    if found is None:
        raise no_page(visit)
    return RedirectResponse(f"/devices/{found[0]}/{found[1]}", 303)

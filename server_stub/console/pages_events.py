"""The address of an event that names no laptop: what a mail may hold, or a person on the phone."""

import re

from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit
from server_stub.storage import store_mail

_RECEIPT = re.compile(r"(?:DW)?([0-9A-F]{8})")


def by_number(visit: Visit) -> Response:
    """``/events/{event}``: on to the page of an event, after the login."""
    number = whole(visit.request.path_params["event"])
    with visit.collector.store.read() as connection:
        return _lead_to(visit, store_mail.place_of(connection, number))


def by_receipt(visit: Visit) -> Response:
    """``/events?receipt=``: on to the report whose number somebody noted down."""
    given = re.sub(r"[\s-]", "", visit.request.query_params.get("receipt", "")).upper()
    found = _RECEIPT.fullmatch(given)
    if found is None:
        raise no_page(visit)
    with visit.collector.store.read() as connection:
        return _lead_to(visit, store_mail.place_of_report(connection, found[1].lower()))


def _lead_to(visit: Visit, place: tuple[str, int] | None) -> Response:
    if place is None:
        raise no_page(visit)
    return RedirectResponse(f"/devices/{place[0]}/{place[1]}", 303)

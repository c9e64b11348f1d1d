"""The console's page about the policies that laptops go by, for IT and the officer."""

from datetime import timedelta

from starlette.responses import Response

from server_stub.console import fleet, policy_shelf
from server_stub.console.page import Visit, render
from server_stub.storage import store_fleet
from server_stub.storage.store_fleet import Show

ENDS_SOON = timedelta(days=14)


def show(visit: Visit) -> Response:
    """``/policy``: what is handed on to whom, who signed it, and where each rule comes from."""
    with visit.collector.store.read() as connection:
        shown, others = policy_shelf.shelf(connection)
        old = store_fleet.counts(connection, fleet.lens_at(connection, visit.now))[Show.OLD_POLICY]
    return render(
        visit,
        "policy.html",
        shown=shown,
        others=others,
        old=old,
        ends_soon=visit.now + ENDS_SOON,
    )

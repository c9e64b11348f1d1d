"""The director's page: what people report of their own slips, to open and to talk about.

It shows the number that each person has, the day, and whether it was talked about: no laptop, no
hour, no count. The log says that the page was looked at, in the same words with and without slips.
"""

from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.console.pages import log
from server_stub.console.pages_sealed import as_file, opener_page
from server_stub.storage import store_slips
from server_stub.storage.store_slips import Slip


def overview(visit: Visit) -> Response:
    """``/slips``: all there are."""
    log(visit, "viewed-slips", "slips")
    with visit.collector.store.read() as connection:
        found = store_slips.newest(connection)
    return render(visit, "slips.html", slips=found)


def open_here(visit: Visit) -> Response:
    """``/slips/{slip}/open``: the page in which the director's browser opens one."""
    found = _asked(visit)
    return opener_page(visit, "slip.html", f"/slips/{found.id}/sealed", slip=found)


def sealed(visit: Visit) -> Response:
    """``/slips/{slip}/sealed``: the sealed part as it is; the director's key opens it."""
    found = _asked(visit)
    log(visit, "viewed-slips", "slips")
    return as_file(found.sealed, f"{found.receipt}.age")


def talked(visit: Visit) -> Response:
    """``POST /slips/{slip}/talked``: it was talked about, or not yet."""
    found = _asked(visit)
    at = visit.now if visit.form.get("talked") == "yes" else None
    visit.collector.store.write(lambda c: store_slips.set_talked(c, found.id, at, visit.who))
    return RedirectResponse("/slips", 303)


def _asked(visit: Visit) -> Slip:
    """The report that the path names. Raises Refused."""
    number = whole(visit.request.path_params["slip"])
    with visit.collector.store.read() as connection:
        found = store_slips.numbered(connection, number)
    if found is None:
        raise no_page(visit)
    return found

"""The console's page about one stick: what was on it, as far as one laptop saw it."""

from starlette.responses import Response

from server_stub import sticks
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages import event_asked, log
from server_stub.storage import store_sticks


def stick(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/stick``: every event of the stick that this event is about."""
    stored = event_asked(visit)
    digest = sticks.device_of(stored.event)
    if digest is None:
        raise no_page(visit)
    log(visit, "viewed-stick", f"{stored.device}/{stored.seq}")
    with visit.collector.store.read() as connection:
        found = store_sticks.events_of_stick(connection, stored.device, digest)
    return render(
        visit,
        "stick.html",
        stored=stored,
        digest=digest,
        events=found,
        story=sticks.story(found),
        cut=store_sticks.MOST if len(found) == store_sticks.MOST else 0,
    )

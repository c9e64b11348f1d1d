"""The console's page about all laptops: which of them need somebody, and what to do then."""

from starlette.responses import Response

from server_stub.console import fleet
from server_stub.console.first_steps import first_steps
from server_stub.console.page import Visit, render
from server_stub.storage import store_devices, store_fleet
from server_stub.storage.store_fleet import Show

ROWS = 50
"""Laptops on a page."""


def devices(visit: Visit) -> Response:
    """``/devices``: the laptops that a filter shows, with how many each filter has."""
    asked = visit.request.query_params
    show, prefix = _show(asked.get("show", "")), fleet.prefix_of(asked.get("name", ""))
    after = fleet.key_in(asked.get("after", ""))
    with visit.collector.store.read() as connection:
        lens = fleet.lens_at(connection, visit.now, prefix)
        counts = store_fleet.counts(connection, lens)
        found = store_fleet.page(connection, lens, show, after, ROWS + 1)
        loose = store_devices.faults_of(connection, None)
        todo = first_steps(connection, visit.now)
    return render(
        visit,
        "devices.html",
        show=show,
        prefix=prefix,
        counts=counts,
        devices=found[:ROWS],
        silent=lens.silent_before,
        old_agents=lens.old_agents,
        after=after,
        end=fleet.key_text(found[ROWS - 1]) if len(found) > ROWS else "",
        loose=loose,
        todo=todo,
    )


def _show(text: str) -> Show:
    return Show(text) if text in tuple(Show) else Show.ALL

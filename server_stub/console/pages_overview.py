"""The console's first page: how many of what there is, and the alarms to look at."""

from datetime import UTC, timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.breaches import profiles
from server_stub.console import fleet
from server_stub.console.asked import no_page, whole
from server_stub.console.first_steps import first_steps
from server_stub.console.page import Visit, render
from server_stub.logins.auth import Role
from server_stub.storage import (
    store_alarms,
    store_daily,
    store_devices,
    store_duties,
    store_fleet,
    store_history,
    store_register,
)
from server_stub.storage.store_devices import Fault
from server_stub.storage.store_fleet import Show

COUNTED = timedelta(days=30)
_BACK = {"devices": "/devices", "overview": "/overview"}
Card = tuple[str, str, str]
"""The key of what is counted, the count, and the page that shows it; empty for none."""


def overview(visit: Visit) -> Response:
    """``/overview``: counts only; small ones blurred for management."""
    since = visit.now - COUNTED
    with visit.collector.store.read() as connection:
        cards = [*_of_laptops(visit, connection), *_of_register(visit, connection)]
        kinds = store_daily.count_by_kind(connection, since.astimezone(UTC).date())
        alarms = store_alarms.latest(connection, since)
        alarmed = store_alarms.count(connection, since)
        todo = first_steps(connection, visit.now)
    cards.append(("overview.alarms", visit.blurred(alarmed), ""))
    told = [] if visit.role is Role.MANAGEMENT else alarms  # they name laptops
    return render(
        visit,
        "overview.html",
        cards=cards,
        rows=[(kind, visit.blurred(count)) for kind, count in kinds],
        alarms=[(one, store_alarms.text_of(one)) for one in told],
        todo=todo,
    )


def mark_seen(visit: Visit) -> Response:
    """``POST /faults/{number}/seen``: somebody has looked at a fault, as often as it had happened
    when they were shown it; if it has happened again since, it stays open."""
    number, shown = visit.request.path_params["number"], visit.form.get("times", "")

    def work(connection: Connection) -> Fault | None:
        fault = store_alarms.fault_at(connection, whole(number))
        if fault is not None and shown == str(fault.times) and not fault.is_seen:
            store_alarms.mark_seen(connection, fault, visit.who, visit.now)
            subject = f"{fault.kind} {fault.device or fault.seq or fault.id}"
            store_history.log_view(connection, visit.who, "saw-fault", subject, visit.now)
        return fault

    fault = visit.collector.store.write(work)
    if fault is None:
        raise no_page(visit)
    back = f"/devices/{fault.device}" if fault.device else "/devices"
    return RedirectResponse(_BACK.get(visit.form.get("from", ""), back), 303)


def _of_laptops(visit: Visit, connection: Connection) -> list[Card]:
    counts = store_fleet.counts(connection, fleet.lens_at(connection, visit.now))
    if visit.role is not Role.MANAGEMENT:
        return [(f"fleet.card.{one}", str(counts[one]), f"/devices?show={one}") for one in Show]
    faults = store_devices.count_faults(connection)
    return [
        *((f"fleet.card.{one}", visit.blurred(counts[one]), "") for one in (Show.ALL, Show.SILENT)),
        ("overview.faults", visit.blurred(faults), ""),
    ]


def _of_register(visit: Visit, connection: Connection) -> list[Card]:
    if visit.role is Role.IT:
        return []
    late = visit.now - profiles.profile_now(connection).for_authority
    breaches = store_register.count_breaches(connection)
    overdue = store_duties.count_overdue(connection, late)
    to = "/register" if visit.role is Role.OFFICER else ""
    return [
        ("overview.breaches", visit.blurred(breaches), to),
        ("overview.late", visit.blurred(overdue), to),
    ]

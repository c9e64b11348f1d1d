"""The console's pages about laptops and events, and where each role begins."""

from datetime import timedelta

from starlette.responses import RedirectResponse, Response

from server_stub import (
    disputes,
    profiles,
    sticks,
    store_alarms,
    store_contacts,
    store_devices,
    store_disputes,
    store_documents,
    store_duties,
    store_events,
    store_history,
    store_openings,
    store_register,
)
from server_stub.auth import Role
from server_stub.dossier import LONGEST_LINE
from server_stub.errors import Refused
from server_stub.openings import Given, Purpose
from server_stub.page import Visit, render
from server_stub.store_events import StoredEvent

DEVICES_A_PAGE = 100
EVENTS_A_PAGE = 50
ORDERS_SHOWN = 20
SILENT_AFTER = store_devices.SILENT_AFTER
COUNTED = timedelta(days=30)


def home(visit: Visit) -> Response:
    """``/``: where somebody of this role begins."""
    assert visit.session is not None  # this page is only shown to a role
    begin = {
        Role.MANAGEMENT: "/overview",
        Role.READER: f"/register/{visit.session.user.reads}",
    }
    return RedirectResponse(begin.get(Role(visit.session.user.role), "/devices"), 303)


def overview(visit: Visit) -> Response:
    """``/overview``: counts only; small ones blurred for management."""
    since = visit.now - COUNTED
    with visit.collector.store.read() as connection:
        devices = store_devices.count_devices(connection)
        silent = store_devices.count_silent(connection, visit.now - SILENT_AFTER)
        faults = store_devices.count_faults(connection)
        kinds = store_events.count_by_kind(connection, since)
        alarms = store_alarms.latest(connection, since)
        alarmed = store_alarms.count(connection, since)
        late = visit.now - profiles.profile_now(connection).clock().authority
        breaches = store_register.count_breaches(connection)
        overdue = store_duties.count_overdue(connection, late)
    cards = [
        ("overview.devices", _blurred(visit, devices)),
        ("overview.silent", _blurred(visit, silent)),
        ("overview.faults", _blurred(visit, faults)),
    ]
    if visit.role is not Role.IT:
        cards.append(("overview.breaches", _blurred(visit, breaches)))
        cards.append(("overview.late", _blurred(visit, overdue)))
    cards.append(("overview.alarms", _blurred(visit, alarmed)))
    told = [] if visit.role is Role.MANAGEMENT else alarms  # they name laptops
    rows = [(kind, _blurred(visit, count)) for kind, count in kinds]
    return render(
        visit,
        "overview.html",
        cards=cards,
        rows=rows,
        alarms=[(one, store_alarms.text_of(one)) for one in told],
    )


def devices(visit: Visit) -> Response:
    """``/devices``: every laptop."""
    number = _whole(visit, "page")
    with visit.collector.store.read() as connection:
        count = store_devices.count_devices(connection)
        found = store_devices.all_devices(
            connection, skip=number * DEVICES_A_PAGE, most=DEVICES_A_PAGE
        )
        faults = store_devices.fault_counts(connection, [one.name for one in found])
        loose = store_devices.faults_of(connection, None)
    return render(
        visit,
        "devices.html",
        count=count,
        devices=found,
        fault_counts=faults,
        loose=loose,
        silent=visit.now - SILENT_AFTER,
        number=number,
        more=(number + 1) * DEVICES_A_PAGE < count,
    )


def device(visit: Visit) -> Response:
    """``/devices/{device}``: what one laptop reported."""
    name, before = visit.request.path_params["device"], _whole(visit, "before")
    with visit.collector.store.read() as connection:
        found = store_devices.device(connection, name)
        events = store_events.events_before(connection, name, before or None, EVENTS_A_PAGE)
        faults = store_devices.faults_of(connection, name)
        standing = store_contacts.standings(connection, [name]).get(name)
        orders = store_documents.all_orders(connection, name, ORDERS_SHOWN)
    if found is None:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    log(visit, "viewed-device", name)  # only what exists: the log is no place for free text
    more = len(events) == EVENTS_A_PAGE and events[-1].seq > 1
    return render(
        visit,
        "device.html",
        device=found,
        events=events,
        faults=faults,
        standing=standing,
        orders=orders,
        more=more,
        before=before,
    )


def event(visit: Visit) -> Response:
    """``/devices/{device}/{seq}``: one event."""
    stored = event_asked(visit)
    log(visit, "viewed-event", f"{stored.device}/{stored.seq}")
    return show_event(visit, stored)


def show_event(
    visit: Visit, stored: StoredEvent, status: int = 200, given: Given | None = None
) -> Response:
    """The page of an event; with what was given in its form if that could not be taken."""
    here = stored.device, stored.seq
    with visit.collector.store.read() as connection:
        breach = store_register.breach_of(connection, *here)
        dispute = store_disputes.dispute_at(connection, *here)
        opened = store_openings.of_event(connection, *here)
    return render(
        visit,
        "event.html",
        status,
        stored=stored,
        event=stored.event,
        breach=breach if visit.role is Role.OFFICER else None,
        dispute=dispute,
        false_alarm={"kind": disputes.FOUND, "reasons": tuple(disputes.Alarm)},
        file=f"{stored.device}-{stored.seq}.age",
        stick=sticks.device_of(stored.event),
        openings=opened,
        purposes=tuple(Purpose),
        longest=LONGEST_LINE,
        given=given or Given(),
    )


def event_asked(visit: Visit) -> StoredEvent:
    """The event that the path names. Raises Refused."""
    name, seq = visit.request.path_params["device"], visit.request.path_params["seq"]
    with visit.collector.store.read() as connection:
        stored = store_events.event_at(connection, name, _number(seq))
    if stored is None:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    return stored


def log(visit: Visit, act: str, subject: str) -> None:
    """Note who looks at what, before it is shown."""
    visit.collector.store.write(
        lambda c: store_history.log_view(c, visit.who, act, subject, visit.now)
    )


def _blurred(visit: Visit, count: int) -> str:
    """A count; for management small ones only roughly, so that they point at nobody."""
    return "1–4" if visit.role is Role.MANAGEMENT and 1 <= count <= 4 else str(count)


def _whole(visit: Visit, name: str) -> int:
    return _number(visit.request.query_params.get(name, ""))


def _number(text: str) -> int:
    """A whole number from an address; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0

"""The console's pages about logins, laptops and events."""

import base64

from starlette.responses import RedirectResponse, Response

from server_stub import (
    auth,
    disputes,
    sticks,
    store_contacts,
    store_devices,
    store_disputes,
    store_documents,
    store_events,
    store_register,
)
from server_stub.auth import Role
from server_stub.errors import Refused
from server_stub.page import Visit, render
from server_stub.store_events import StoredEvent

EVENTS_A_PAGE = 50
ORDERS_SHOWN = 20


def home(visit: Visit) -> Response:
    """``/``: where somebody of this role begins."""
    begin = "/overview" if visit.role is Role.MANAGEMENT else "/devices"
    return RedirectResponse(begin, 303)


def login(visit: Visit) -> Response:
    """``/login``: the form."""
    if visit.session is not None:
        return RedirectResponse("/", 303)
    return render(visit, "login.html", failed=False, name="")


def log_in(visit: Visit) -> Response:
    """``POST /login``: open a login under a new cookie."""
    name, password = visit.form.get("name", "").strip(), visit.form.get("password", "")
    client = visit.request.client
    address = client.host if client else "unknown"
    store = visit.collector.store
    found = auth.log_in(store, name[:64], password, address, visit.now)
    if found is None:
        return render(visit, "login.html", 401, failed=True, name=name[:64])
    if visit.session is not None:
        auth.log_out(store, visit.session)
    store.write(
        lambda c: store_register.log_view(c, found.user.name, "logged-in", address, visit.now)
    )
    reply = RedirectResponse("/", 303)
    reply.set_cookie(auth.COOKIE, found.cookie, secure=True, httponly=True, samesite="lax")
    return reply


def log_out(visit: Visit) -> Response:
    """``POST /logout``: end the login."""
    if visit.session is not None:
        auth.log_out(visit.collector.store, visit.session)
    reply = RedirectResponse("/login", 303)
    reply.delete_cookie(auth.COOKIE, secure=True, httponly=True, samesite="lax")
    return reply


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
    with visit.collector.store.read() as connection:
        breach = store_register.breach_of(connection, stored.device, stored.seq)
        dispute = store_disputes.dispute_at(connection, stored.device, stored.seq)
    return render(
        visit,
        "event.html",
        stored=stored,
        event=stored.event,
        breach=breach if visit.role is Role.OFFICER else None,
        dispute=dispute,
        false_alarm={"kind": disputes.FOUND, "reasons": tuple(disputes.Alarm)},
        file=f"{stored.device}-{stored.seq}.age",
        stick=sticks.device_of(stored.event),
    )


def sealed(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/sealed``: the sealed part, to be opened elsewhere."""
    stored = event_asked(visit)
    if not stored.event.sealed:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    log(visit, "fetched-sealed", f"{stored.device}/{stored.seq}")
    name = f'attachment; filename="{stored.device}-{stored.seq}.age"'
    return Response(
        base64.b64decode(stored.event.sealed),
        media_type="application/octet-stream",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
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
        lambda c: store_register.log_view(c, visit.who, act, subject, visit.now)
    )


def _whole(visit: Visit, name: str) -> int:
    return _number(visit.request.query_params.get(name, ""))


def _number(text: str) -> int:
    """A whole number from an address; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0

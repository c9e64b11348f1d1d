"""The console's pages about laptops and events, and where each role begins."""

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import disputes, letters, sticks
from server_stub.breaches.dossier import LONGEST_LINE
from server_stub.breaches.register import LEAK
from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.letters import Answer, Draft, Letter, What
from server_stub.logins.auth import Role
from server_stub.openings import Given, Purpose
from server_stub.storage import (
    store_contacts,
    store_devices,
    store_disputes,
    store_documents,
    store_events,
    store_history,
    store_letters,
    store_openings,
    store_register,
    store_requests,
)
from server_stub.storage.store_events import StoredEvent
from server_stub.two_people import LONGEST_CASE, People

EVENTS_A_PAGE = 50
ORDERS_SHOWN = 20


def home(visit: Visit) -> Response:
    """``/``: where somebody of this role begins."""
    assert visit.session is not None  # this page is only shown to a role
    begin = {
        Role.MANAGEMENT: "/overview",
        Role.READER: f"/register/{visit.session.user.reads}",
        Role.DIRECTOR: "/slips",
        Role.SECOND: "/openings",
    }
    return RedirectResponse(begin.get(Role(visit.session.user.role), "/devices"), 303)


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
        raise no_page(visit)
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
    visit: Visit,
    stored: StoredEvent,
    status: int = 200,
    given: Given | None = None,
    question: Draft | None = None,
) -> Response:
    """The page of an event; with what was given in its forms if that could not be taken."""
    here = stored.device, stored.seq
    with visit.collector.store.read() as connection:
        breach = store_register.breach_of(connection, *here)
        dispute = store_disputes.dispute_at(connection, *here)
        opened = store_openings.of_event(connection, *here)
        requests = store_requests.of_event(connection, *here)
        by_two = store_requests.people(connection) is People.TWO
        told = store_letters.numbered(connection, (one.letter or "" for one in opened))
        asked = questions(connection, visit, stored.kind, *here)
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
        requests=requests,
        by_two=by_two,
        longest_case=LONGEST_CASE,
        purposes=tuple(Purpose),
        longest=LONGEST_LINE,
        given=given or Given(),
        told=told,
        questions=asked,
        question=question or Draft(),
        longest_letter=letters.LONGEST_TEXT,
        requested=stored.kind == letters.ASKED,
    )


def questions(
    connection: Connection, visit: Visit, kind: str, device: str, seq: int
) -> list[tuple[Letter, list[Answer]]] | None:
    """What was asked about a reported leak, each with its answers; None where nothing is asked."""
    if kind != LEAK or visit.role is not Role.OFFICER:
        return None
    asked = store_letters.of_event(connection, device, seq, (What.QUESTION,))
    answers = store_letters.answers_to(connection, asked)
    return [(one, answers[one.number]) for one in asked]


def event_asked(visit: Visit) -> StoredEvent:
    """The event that the path names. Raises Refused."""
    name, seq = visit.request.path_params["device"], visit.request.path_params["seq"]
    with visit.collector.store.read() as connection:
        stored = store_events.event_at(connection, name, whole(seq))
    if stored is None:
        raise no_page(visit)
    return stored


def log(visit: Visit, act: str, subject: str) -> None:
    """Note who looks at what, before it is shown."""
    visit.collector.store.write(
        lambda c: store_history.log_view(c, visit.who, act, subject, visit.now)
    )


def _whole(visit: Visit, name: str) -> int:
    return whole(visit.request.query_params.get(name, ""))

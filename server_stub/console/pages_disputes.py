"""The console's pages about false alarms: the button on an event, and what they teach."""

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import disputes
from server_stub.console.page import Visit, render
from server_stub.console.pages import event_asked
from server_stub.disputes import Alarm
from server_stub.errors import Refused
from server_stub.intake import own_faults
from server_stub.storage import store_disputes, store_history


def mark(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/dispute``: this was a false alarm, and why."""
    stored, reason = event_asked(visit), _reason(visit)
    if stored.kind != disputes.FOUND:
        raise Refused(400, "wrong-kind", visit.wording.text("error.wrong-kind"))
    made = disputes.dispute_of(
        stored.device, stored.seq, stored.event, reason, visit.who, visit.now
    )
    here = f"{stored.device}/{stored.seq}"

    def work(connection: Connection) -> None:
        before = store_disputes.dispute_at(connection, stored.device, stored.seq)
        if before is None or before.reason != reason:  # said twice is said once
            act = f"disputed-{reason}"
            store_history.log_view(connection, visit.who, act, here, visit.now)
            store_disputes.set_dispute(connection, made)
            if own_faults.was_sealed(stored.event):
                own_faults.note(connection, stored.device, stored.seq, stored.event, visit.now)

    visit.collector.store.write(work)
    return RedirectResponse(f"/devices/{here}", 303)


def overview(visit: Visit) -> Response:
    """``/disputes``: how often which evidence was wrong, by version of the detector."""
    with visit.collector.store.read() as connection:
        marked, told = store_disputes.marked(connection), store_disputes.told(connection)
    by_reason = {reason: sum(one.reason == reason for one in marked) for reason in Alarm}
    return render(
        visit,
        "disputes.html",
        rows=disputes.sums(marked, told),
        by_reason=by_reason,
        marked=len(marked),
        told=len(told),
    )


def _reason(visit: Visit) -> Alarm:
    given = visit.form.get("reason", "")
    if given not in tuple(Alarm):
        raise Refused(400, "malformed", visit.wording.text("error.400"))
    return Alarm(given)

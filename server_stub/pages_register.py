"""The console's pages about the breach register and the log."""

from datetime import UTC, datetime

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import register, sticks, store_register
from server_stub.errors import Refused
from server_stub.page import Visit, render
from server_stub.pages import event_asked
from server_stub.register import Breach


def open_breach(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/breach``: an entry from an event, in one step."""
    stored = event_asked(visit)
    draft = register.draft_from(stored.device, stored.seq, stored.event, stored.received_at)
    subject = f"{stored.device}/{stored.seq}"

    def work(connection: Connection) -> Breach:
        store_register.log_view(connection, visit.who, "opened-breach", subject, visit.now)
        return store_register.open_breach(connection, draft, visit.who, visit.now)

    breach = visit.collector.store.write(work)
    return RedirectResponse(f"/register/{breach.number}", 303)


def breaches(visit: Visit) -> Response:
    """``/register``: every entry with its deadline."""
    with visit.collector.store.read() as connection:
        found = store_register.all_breaches(connection)
    clock = visit.collector.clock
    rows = [(one, register.deadline(one, visit.now, clock)) for one in found]
    return render(visit, "register.html", rows=rows)


def breach(visit: Visit) -> Response:
    """``/register/{number}``: one entry."""
    found = _asked(visit)
    visit.collector.store.write(
        lambda c: store_register.log_view(c, visit.who, "viewed-breach", found.number, visit.now)
    )
    return _entry(visit, found)


def set_aware(visit: Visit) -> Response:
    """``POST /register/{number}/aware``: when the organisation became aware."""
    found, given = _asked(visit), visit.form.get("aware_at", "")
    moment = _local(visit, given)
    wrong = register.why_not_aware(found, moment, visit.now) if moment else "not-a-time"
    if moment is None or wrong:
        return _entry(visit, found, 422, given, wrong)
    if moment == found.aware_at:  # said twice is decided once
        return RedirectResponse(f"/register/{found.number}", 303)
    visit.collector.store.write(
        lambda c: store_register.set_aware(c, found, moment, visit.who, visit.now)
    )
    return RedirectResponse(f"/register/{found.number}", 303)


def log_page(visit: Visit) -> Response:
    """``/log``: who looked at what."""
    with visit.collector.store.read() as connection:
        lines = store_register.views(connection)
        whole = store_register.views_are_whole(connection)
    return render(visit, "log.html", lines=lines, whole=whole)


def _entry(
    visit: Visit,
    found: Breach,
    status: int = 200,
    given: str | None = None,
    wrong: str | None = None,
) -> Response:
    with visit.collector.store.read() as connection:
        history = store_register.history(connection, found.id)
        whole = store_register.history_is_whole(connection)
    start = found.aware_at or found.draft.detected_at
    local = start.astimezone(visit.collector.config.zone)
    return render(
        visit,
        "entry.html",
        status,
        breach=found,
        deadline=register.deadline(found, visit.now, visit.collector.clock),
        start=start,
        history=history,
        whole=whole,
        given=given if given is not None else f"{local:%Y-%m-%dT%H:%M}",
        zone=local.tzname(),
        stick=found.draft.kind in sticks.KINDS,
        wrong=wrong,
    )


def _asked(visit: Visit) -> Breach:
    with visit.collector.store.read() as connection:
        found = store_register.breach_numbered(connection, visit.request.path_params["number"])
    if found is None:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    return found


def _local(visit: Visit, text: str) -> datetime | None:
    """A date and time as a person wrote it, in the collector's time zone."""
    try:
        local = datetime.strptime(text.strip(), "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (zone follows)
        zone = visit.collector.config.zone
        return (local.replace(tzinfo=zone) if zone else local.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

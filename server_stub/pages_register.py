"""The console's pages about the breach register and the log."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import (
    pages_duties,
    profiles,
    register,
    sticks,
    store_duties,
    store_mail,
    store_register,
)
from server_stub.duties import dues, next_due
from server_stub.errors import Refused
from server_stub.page import Visit, render
from server_stub.pages import event_asked
from server_stub.pages_duties import Given
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
    """``/register``: every entry with what has to be done next."""
    with visit.collector.store.read() as connection:
        found = store_register.all_breaches(connection)
        profile, marks = profiles.profile_now(connection), store_duties.of_all(connection)
        no_mail_since = store_mail.failing_since(connection)
    rows = [
        (one, next_due(dues(one, profile.times, marks.get(one.id, ()), visit.now))) for one in found
    ]
    return render(visit, "register.html", rows=rows, no_mail_since=no_mail_since)


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


def set_told(visit: Visit) -> Response:
    """``POST /register/{number}/told``: somebody was told, or need not be."""
    found, given = _asked(visit), pages_duties.given_in(visit)
    wrong = pages_duties.note(visit, found, given, _local(visit, given.at))
    if wrong:
        return _entry(visit, found, 422, told=replace(given, wrong=wrong))
    return pages_duties.back_to(found)


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
    told: Given | None = None,
) -> Response:
    local_now = visit.now.astimezone(visit.collector.config.zone)
    told = told or Given(at=f"{local_now:%Y-%m-%dT%H:%M}")
    with visit.collector.store.read() as connection:
        history = store_register.history(connection, found.id)
        whole = store_register.history_is_whole(connection)
        profile = profiles.profile_now(connection)
        board = pages_duties.board(visit, connection, found, profile, told)
    start = found.aware_at or found.draft.detected_at
    local = start.astimezone(visit.collector.config.zone)
    return render(
        visit,
        "entry.html",
        status,
        breach=found,
        deadline=register.deadline(found, visit.now, profile.clock()),
        start=start,
        history=history,
        whole=whole,
        given=given if given is not None else f"{local:%Y-%m-%dT%H:%M}",
        zone=local.tzname(),
        stick=found.draft.kind in sticks.KINDS,
        wrong=wrong,
        board=board,
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

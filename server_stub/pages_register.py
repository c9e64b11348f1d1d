"""The console's pages about the breach register and the log."""

from dataclasses import replace

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import (
    pages_duties,
    pages_entry,
    profiles,
    register,
    register_export,
    sticks,
    store_dossier,
    store_duties,
    store_mail,
    store_register,
)
from server_stub.dossier_questions import QUESTIONS
from server_stub.duties import dues, next_due
from server_stub.errors import Refused
from server_stub.page import Visit, render
from server_stub.pages import event_asked
from server_stub.pages_duties import Given
from server_stub.paper_facts import Teller
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
        told = store_dossier.answers_of(connection, found, ("title", "severity"))
        no_mail_since = store_mail.failing_since(connection)
    rows = [
        (
            one,
            told.get(one.id, {}),
            next_due(dues(one, profile.times, marks.get(one.id, ()), visit.now)),
        )
        for one in found
    ]
    return render(visit, "register.html", rows=rows, no_mail_since=no_mail_since)


def export(visit: Visit) -> Response:
    """``/register/export``: the whole register as a file."""
    chosen = visit.request.query_params.get("format", "")
    if chosen not in register_export.FORMATS:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    media_type, make = register_export.FORMATS[chosen]
    visit.collector.store.write(
        lambda c: store_register.log_view(c, visit.who, "exported-register", chosen, visit.now)
    )
    teller = Teller(wording=visit.wording, zone=visit.collector.config.zone)
    with visit.collector.store.read() as connection:
        content = make(connection, teller, visit.now)
    file = f"register-{visit.now:%Y-%m-%d}.{chosen}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=media_type, headers=headers)


def breach(visit: Visit) -> Response:
    """``/register/{number}``: the clocks of one entry."""
    return _entry(visit, pages_entry.looked_at(visit))


def history(visit: Visit) -> Response:
    """``/register/{number}/history``: what was done with one entry, by whom."""
    found = pages_entry.looked_at(visit)
    with visit.collector.store.read() as connection:
        lines = store_register.history(connection, found.id)
        whole = store_register.history_is_whole(connection)
        entry = pages_entry.entry_of(connection, found)
    return pages_entry.show(visit, entry, "history", lines=lines, whole=whole, questions=QUESTIONS)


def set_aware(visit: Visit) -> Response:
    """``POST /register/{number}/aware``: when the organisation became aware."""
    found, given = pages_entry.asked_open(visit), visit.form.get("aware_at", "")
    moment = visit.moment_in(given)
    wrong = register.why_not_aware(found, moment, visit.now) if moment else "not-a-time"
    if moment is None or wrong:
        return _entry(visit, found, 422, given, wrong)
    if moment == found.aware_at:  # said twice is decided once
        return pages_entry.back_to(found)
    visit.collector.store.write(
        lambda c: store_register.set_aware(c, found, moment, visit.who, visit.now)
    )
    return pages_entry.back_to(found)


def set_told(visit: Visit) -> Response:
    """``POST /register/{number}/told``: somebody was told, or need not be."""
    found, given = pages_entry.asked_open(visit), pages_duties.given_in(visit)
    wrong = pages_duties.note(visit, found, given, visit.moment_in(given.at))
    if wrong:
        return _entry(visit, found, 422, told=replace(given, wrong=wrong))
    return pages_entry.back_to(found)


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
    told = told or Given(at=visit.local(visit.now))
    with visit.collector.store.read() as connection:
        entry = pages_entry.entry_of(connection, found)
        board = pages_duties.board(visit, connection, entry, told)
    start = found.aware_at or found.draft.detected_at
    return pages_entry.show(
        visit,
        entry,
        "clocks",
        status,
        deadline=register.deadline(found, visit.now, entry.profile.clock()),
        start=start,
        given=given if given is not None else visit.local(start),
        zone=start.astimezone(visit.collector.config.zone).tzname(),
        stick=found.draft.kind in sticks.KINDS,
        wrong=wrong,
        board=board,
    )

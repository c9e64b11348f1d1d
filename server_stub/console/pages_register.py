"""The console's pages about the breach register and the log."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import letters, sticks
from server_stub.breaches import entry as entries
from server_stub.breaches import prefill, profiles, register, register_export
from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.breaches.duties import Due, dues, next_due
from server_stub.breaches.paper_facts import Teller
from server_stub.breaches.register import Breach
from server_stub.console import pages_duties, pages_entry, pages_told
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages import event_asked, log, questions
from server_stub.console.pages_duties import Given
from server_stub.storage import (
    store_documents,
    store_dossier,
    store_duties,
    store_history,
    store_mail,
    store_register,
)
from server_stub.storage.store_register import Shown

ENTRIES_A_PAGE = 100
ORDERS_SHOWN = 10
LISTED = ("title", "severity", "persons-min", "persons-max")
"""The answers that the list shows."""


def open_breach(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/breach``: an entry from an event, in one step."""
    stored = event_asked(visit)
    draft = register.draft_from(stored.device, stored.seq, stored.event, stored.received_at)
    subject = f"{stored.device}/{stored.seq}"

    def work(connection: Connection) -> Breach:
        store_history.log_view(connection, visit.who, "opened-breach", subject, visit.now)
        return store_register.open_breach(connection, draft, visit.who, visit.now)

    breach = visit.collector.store.write(work)
    return RedirectResponse(f"/register/{breach.number}", 303)


def breaches(visit: Visit) -> Response:
    """``/register``: entries with what has to be done next, a page at a time."""
    asked = visit.request.query_params
    shown = Shown(asked["show"]) if asked.get("show") in tuple(Shown) else Shown.OPEN
    with visit.collector.store.read() as connection:
        found = store_register.some_breaches(
            connection, shown, _place(asked.get("after", "")), ENTRIES_A_PAGE
        )
        counts = store_register.count_shown(connection)
        rows = _rows(connection, found, visit.now)
        no_mail_since = store_mail.failing_since(connection)
    return render(
        visit,
        "register.html",
        rows=rows,
        shown=shown,
        counts=counts,
        more=_after(found[-1]) if len(found) == ENTRIES_A_PAGE else "",
        begun="after" in asked,
        no_mail_since=no_mail_since,
    )


def export(visit: Visit) -> Response:
    """``/register/export``: the whole register as a file."""
    chosen = visit.request.query_params.get("format", "")
    if chosen not in register_export.FORMATS:
        raise no_page(visit)
    media_type, make = register_export.FORMATS[chosen]
    log(visit, "exported-register", chosen)
    teller = Teller(wording=visit.wording, zone=visit.collector.config.zone)
    with visit.collector.store.read() as connection:
        content = make(connection, teller, visit.now)
    name, ending = ("processors", "csv") if chosen == "processors" else ("register", chosen)
    file = f"{name}-{visit.now:%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=media_type, headers=headers)


def breach(visit: Visit) -> Response:
    """``/register/{number}``: the clocks of one entry."""
    return _entry(visit, pages_entry.looked_at(visit))


def history(visit: Visit) -> Response:
    """``/register/{number}/history``: what was done with one entry, by whom."""
    found = pages_entry.looked_at(visit)
    with visit.collector.store.read() as connection:
        lines = store_history.history(connection, found.id)
        whole = store_history.lines_fit(connection, lines)
        entry = entries.entry_of(connection, found)
        recipients = pages_told.names(connection, visit.wording.language)
    return pages_entry.show(
        visit,
        entry,
        "history",
        lines=lines,
        whole=whole,
        questions=QUESTIONS,
        recipients=recipients,
    )


def set_aware(visit: Visit) -> Response:
    """``POST /register/{number}/aware``: when the organisation became aware."""
    given = visit.form.get("aware_at", "")

    def work(connection: Connection, found: Breach) -> tuple[Breach, str | None]:
        moment = _moment_given(visit, found, given)
        wrong: str | None = visit.why_no_moment(given)
        if moment is not None:
            wrong = register.why_not_aware(found, moment, visit.now)
        if not wrong and moment is not None and moment != found.aware_at:
            store_register.set_aware(connection, found, moment, visit.who, visit.now)
        return found, wrong

    found, wrong = pages_entry.change(visit, work)
    return _entry(visit, found, 422, given, wrong) if wrong else pages_entry.back_to(found)


def _moment_given(visit: Visit, found: Breach, given: str) -> datetime | None:
    """The moment of the form's field; what it was shown with stands for itself, to the second."""
    start, hour = found.aware_at or found.draft.detected_at, visit.form.get("aware_at.hour", "")
    return start if visit.is_shown(given, hour, start) else visit.moment_in(given, hour)


def set_told(visit: Visit) -> Response:
    """``POST /register/{number}/told``: somebody was told, or need not be."""
    given = pages_duties.given_in(visit)
    at = visit.moment_in(given.at, given.hour)
    found, wrong = pages_entry.change(
        visit, lambda c, found: (found, pages_duties.note(c, visit, found, given, at))
    )
    if wrong:
        return _entry(visit, found, 422, told=replace(given, wrong=wrong))
    return pages_entry.back_to(found)


def set_routed(visit: Visit) -> Response:
    """``POST /register/{number}/routed``: somebody of the route was told, or need not be."""
    given = pages_duties.given_in(visit)
    at = visit.moment_in(given.at, given.hour)

    def work(connection: Connection, found: Breach) -> tuple[Breach, str | None]:
        entry = entries.entry_of(connection, found)
        return found, pages_told.note(connection, visit, entry, given, at)

    found, wrong = pages_entry.change(visit, work)
    if wrong:
        return _entry(visit, found, 422, routed=replace(given, wrong=wrong))
    return pages_entry.back_to(found)


def log_page(visit: Visit) -> Response:
    """``/log``: who looked at what."""
    with visit.collector.store.read() as connection:
        lines = store_history.views(connection)
        whole = store_history.views_fit(lines)
    return render(visit, "log.html", lines=lines, whole=whole)


def _rows(
    connection: Connection, found: list[Breach], now: datetime
) -> list[tuple[Breach, dict[str, str], Due | None]]:
    """Each entry with its name and severity, and what is next, which a closed one has not."""
    told = store_dossier.answers_of(connection, found, LISTED)
    marks = store_duties.of_all(connection, found)
    times = profiles.profile_now(connection).times

    def upcoming(one: Breach) -> Due | None:
        return None if one.closed_at else next_due(dues(one, times, marks.get(one.id, ()), now))

    return [(one, prefill.with_known(one, told.get(one.id, {})), upcoming(one)) for one in found]


def _after(last: Breach) -> str:
    moment, number = store_register.place_of(last)
    return f"{moment.isoformat()}_{number}"


def _place(text: str) -> tuple[datetime, int] | None:
    """Where the page before ended; None for the first page, and for what nobody was given."""
    moment, _, number = text.partition("_")
    try:
        place = datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
    return place if place[0].tzinfo is not None and 0 <= place[1] < 2**31 else None


def _entry(
    visit: Visit,
    found: Breach,
    status: int = 200,
    given: str | None = None,
    wrong: str | None = None,
    told: Given | None = None,
    routed: Given | None = None,
) -> Response:
    fresh = Given(at=visit.local(visit.now))
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
        board = pages_duties.board(visit, connection, entry, told or fresh)
        way = pages_told.way(connection, entry, routed or fresh)
        orders = store_documents.all_orders(connection, found.draft.device, ORDERS_SHOWN)
        draft = found.draft
        asked = questions(connection, visit, draft.kind, draft.device, draft.seq)
    start = found.aware_at or found.draft.detected_at
    return pages_entry.show(
        visit,
        entry,
        "clocks",
        status,
        start=start,
        given=given if given is not None else visit.local(start),
        hour=visit.form.get("aware_at.hour") or visit.hour(start),
        zone=start.astimezone(visit.collector.config.zone).tzname(),
        stick=found.draft.kind in sticks.KINDS,
        wrong=wrong,
        board=board,
        way=way,
        orders=orders,
        questions=asked,
        question=letters.Draft(),
        longest_letter=letters.LONGEST_TEXT,
    )

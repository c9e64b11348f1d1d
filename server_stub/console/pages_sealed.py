"""The console's way to sealed details: a reason first, then the page that opens them, or the file.

The collector has no key. What it hands out stays sealed until the officer's browser, or ``age`` on
the officer's computer, opens it; that somebody asked for it, and why, is noted before, and a letter
tells the person concerned.
"""

import base64
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import openings
from server_stub.console import opener, pages_letters
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages import event_asked, log, show_event
from server_stub.openings import Given, Opening, Way
from server_stub.storage import store_history, store_openings
from server_stub.storage.store_events import StoredEvent

# The only page of the console with a script. It may load the console's own files and fetch from the
# console, and nothing may turn text into markup or code.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)


def give_reason(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/opening``: why the details are opened; then on to them."""
    stored = _sealed_asked(visit)
    given = _given(visit)
    due_at, wrong_day = pages_letters.tell_on(visit, given)
    wrong = openings.wrong_with(given.reason, given.text) or wrong_day
    if wrong:
        return show_event(visit, stored, 422, replace(given, wrong=wrong))
    visit.collector.store.write(lambda c: _note(c, visit, stored, given, due_at))
    way = "sealed" if visit.form.get("way") == Way.FILE else "open"
    return RedirectResponse(f"{_path(stored)}/{way}", 303)


def open_here(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/open``: the page in which the browser opens the details."""
    stored = _sealed_asked(visit)
    if not _has_reason(visit, stored):
        return _ask_first(stored)
    reply = render(
        visit,
        "open.html",
        stored=stored,
        sealed=f"{_path(stored)}/sealed",
        texts=opener.texts(visit.wording),
        names=opener.names(visit.wording),
    )
    reply.headers["Content-Security-Policy"] = POLICY
    return reply


def sealed(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/sealed``: the sealed part as it is, once a reason was given."""
    stored = _sealed_asked(visit)
    if not _has_reason(visit, stored):
        return _ask_first(stored)
    log(visit, "fetched-sealed", f"{stored.device}/{stored.seq}")
    name = f'attachment; filename="{stored.device}-{stored.seq}.age"'
    return Response(
        base64.b64decode(stored.event.sealed),
        media_type="application/octet-stream",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


def _sealed_asked(visit: Visit) -> StoredEvent:
    """The event that the path names, if it has a sealed part. Raises Refused."""
    stored = event_asked(visit)
    if not stored.event.sealed:
        raise no_page(visit)
    return stored


def _given(visit: Visit) -> Given:
    """The form as it was sent."""
    form, tell_on = visit.form, visit.form.get("tell_on", "").strip()
    return Given(
        reason=form.get("reason", ""),
        text=form.get("text", "").strip(),
        later=form.get("later") == "yes" or bool(tell_on),  # a day alone must not tell it now
        tell_on=tell_on,
    )


def _note(
    connection: Connection, visit: Visit, stored: StoredEvent, given: Given, due_at: datetime
) -> None:
    subject = f"{stored.device}/{stored.seq}"
    store_history.log_view(connection, visit.who, "opened-sealed", subject, visit.now)
    made = Opening(
        device=stored.device,
        seq=stored.seq,
        who=visit.who,
        reason=given.reason,
        text=given.text,
        at=visit.now,
    )
    letter = pages_letters.tell_of_opening(connection, visit, stored, made, due_at)
    store_openings.add(connection, replace(made, letter=letter))


def _has_reason(visit: Visit, stored: StoredEvent) -> bool:
    since = visit.now - openings.GOOD_FOR
    with visit.collector.store.read() as connection:
        return store_openings.has_reason(connection, stored.device, stored.seq, visit.who, since)


def _ask_first(stored: StoredEvent) -> Response:
    """Back to where the reason is asked."""
    return RedirectResponse(f"{_path(stored)}#sealed", 303)


def _path(stored: StoredEvent) -> str:
    return f"/devices/{stored.device}/{stored.seq}"

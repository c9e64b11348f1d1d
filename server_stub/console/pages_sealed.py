"""The console's way to sealed details: a reason first, then the page that opens them, or the file.

The collector has no key. What it hands out stays sealed until the officer's browser, or ``age`` on
the officer's computer, opens it; that somebody asked for it, and why, is noted before.
"""

import base64

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import openings
from server_stub.console import opener
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
    reason, text = visit.form.get("reason", ""), visit.form.get("text", "").strip()
    wrong = openings.wrong_with(reason, text)
    if wrong:
        return show_event(visit, stored, 422, Given(reason=reason, text=text, wrong=wrong))
    visit.collector.store.write(lambda c: _note(c, visit, stored, reason, text))
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


def _note(
    connection: Connection, visit: Visit, stored: StoredEvent, reason: str, text: str
) -> None:
    subject = f"{stored.device}/{stored.seq}"
    store_history.log_view(connection, visit.who, "opened-sealed", subject, visit.now)
    made = Opening(
        device=stored.device,
        seq=stored.seq,
        who=visit.who,
        reason=reason,
        text=text,
        at=visit.now,
    )
    store_openings.add(connection, made)


def _has_reason(visit: Visit, stored: StoredEvent) -> bool:
    since = visit.now - openings.GOOD_FOR
    with visit.collector.store.read() as connection:
        return store_openings.has_reason(connection, stored.device, stored.seq, visit.who, since)


def _ask_first(stored: StoredEvent) -> Response:
    """Back to where the reason is asked."""
    return RedirectResponse(f"{_path(stored)}#sealed", 303)


def _path(stored: StoredEvent) -> str:
    return f"/devices/{stored.device}/{stored.seq}"

"""The console's way to sealed details: a reason first, then the page that opens them, or the file.

The collector has no key. What it hands out stays sealed until the officer's browser, or ``age`` on
the officer's computer, opens it; that somebody asked for it, and why, is noted before, and a letter
tells the person concerned. Where the organisation says that opening takes two people, a reason
makes a request (``pages_openings``).
"""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.console import opener, opening_steps, pages_letters
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages import event_asked, show_event
from server_stub.openings import Given, Opening, Way
from server_stub.storage.store_events import StoredEvent

# Of the console's pages with a script, which are this one and that of the keys. They may load the
# console's own files and fetch from the console; nothing may turn text into markup or code.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)


def give_reason(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/opening``: why the details are opened; then on to them, or to
    the request that a second person has to answer."""
    stored = _sealed_asked(visit)
    given = _given(visit)
    due_at, wrong_day = pages_letters.tell_on(visit, given)
    wrong, place = visit.collector.store.write(
        lambda c: _take_reason(c, visit, stored, given, wrong_day, due_at)
    )
    if wrong:
        return show_event(visit, stored, 422, replace(given, wrong=wrong))
    return RedirectResponse(place, 303)


def open_here(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/open``: the page in which the browser opens the details."""
    stored = _sealed_asked(visit)
    with visit.collector.store.read() as connection:
        if not opening_steps.may_open(connection, visit, stored):
            return _ask_first(stored)
    sealed = f"{path_of(stored.device, stored.seq)}/sealed"
    return opener_page(visit, "open.html", sealed, stored=stored)


def sealed(visit: Visit) -> Response:
    """``/devices/{device}/{seq}/sealed``: the sealed part as it is, once it may be had."""
    stored = _sealed_asked(visit)
    if not visit.collector.store.write(lambda c: opening_steps.take(c, visit, stored)):
        return _ask_first(stored)
    return as_file(stored.event.sealed, f"{stored.device}-{stored.seq}.age")


def opener_page(visit: Visit, template: str, sealed: str, **values: Any) -> Response:
    """A page whose script fetches a sealed part from an address and opens it."""
    texts, names = opener.texts(visit.wording), opener.names(visit.wording)
    reply = render(visit, template, sealed=sealed, texts=texts, names=names, **values)
    reply.headers["Content-Security-Policy"] = POLICY
    return reply


def as_file(sealed: str, name: str) -> Response:
    """A sealed part, for whoever may have it."""
    return Response(
        base64.b64decode(sealed),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def path_of(device: str, seq: int) -> str:
    """The address of an event."""
    return f"/devices/{device}/{seq}"


def end_for(way: str | None) -> str:
    """Where an event's address leads on to: the page, or the file."""
    return "sealed" if way == Way.FILE else "open"


def _take_reason(
    connection: Connection,
    visit: Visit,
    stored: StoredEvent,
    given: Given,
    wrong_day: str,
    due_at: datetime,
) -> tuple[str, str]:
    """What is wrong with a reason as a closed word, and where it leads to."""
    if wrong := opening_steps.wrong_with(connection, given) or wrong_day:
        return wrong, ""
    if opening_steps.by_two(connection):
        asked = opening_steps.ask(connection, visit, stored, given, due_at)
        return "", f"/openings/{asked}"
    made = Opening(
        device=stored.device,
        seq=stored.seq,
        who=visit.who,
        reason=given.reason,
        text=given.text,
        at=visit.now,
    )
    opening_steps.note(connection, visit, stored, made, due_at)
    return "", f"{path_of(stored.device, stored.seq)}/{end_for(visit.form.get('way'))}"


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
        case=form.get("case", "").strip(),
        later=form.get("later") == "yes" or bool(tell_on),  # a day alone must not tell it now
        tell_on=tell_on,
    )


def _ask_first(stored: StoredEvent) -> Response:
    """Back to where the reason is asked."""
    return RedirectResponse(f"{path_of(stored.device, stored.seq)}#sealed", 303)

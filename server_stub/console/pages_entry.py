"""What the pages of one entry share: which entry is asked for, and what stands above each part."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.breaches.dossier import Question, Shape, moment_of
from server_stub.breaches.entry import Entry, in_words
from server_stub.breaches.register import Breach
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages import log
from server_stub.errors import Refused
from server_stub.logins.auth import Role
from server_stub.storage import store_register

T = TypeVar("T")
PARTS = ("clocks", "dossier", "plan", "papers", "history")
"""The pages of an entry, in the order of work; the first has the entry's own address."""
READERS = "readers"
"""The page about who else reads it, which is the officer's."""


def asked(visit: Visit) -> Breach:
    """The entry that the path names. Raises Refused."""
    with visit.collector.store.read() as connection:
        found = store_register.breach_numbered(connection, visit.request.path_params["number"])
    if found is None:
        raise no_page(visit)
    return found


def asked_open(visit: Visit) -> Breach:
    """The entry that the path names, if it can still be written in. Raises Refused."""
    found = asked(visit)
    if found.closed_at is not None:
        raise Refused(409, "closed-entry", visit.wording.text("error.closed-entry"))
    return found


def change(visit: Visit, work: Callable[[Connection, Breach], T]) -> T:
    """Run ``work`` on the entry that the path names, as it is now and if it is still open.

    Who else works on it may have closed or changed it since the page was shown. Raises Refused.
    """

    def fresh(connection: Connection) -> T:
        found = store_register.breach_numbered(connection, visit.request.path_params["number"])
        if found is None:
            raise no_page(visit)
        if found.closed_at is not None:
            raise Refused(409, "closed-entry", visit.wording.text("error.closed-entry"))
        return work(connection, found)

    return visit.collector.store.write(fresh)


def looked_at(visit: Visit) -> Breach:
    """The entry that the path names; that somebody looked is noted first. Raises Refused."""
    found = asked(visit)
    log(visit, "viewed-breach", found.number)
    return found


def told(visit: Visit, question: Question, answer: str) -> str:
    """An answer for people, in the visitor's language and the collector's time zone."""
    moment = moment_of(answer) if question.shape is Shape.MOMENT else None
    return visit.moment(moment) if moment else in_words(visit.wording, question, answer)


def show(visit: Visit, entry: Entry, part: str, status: int = 200, **values: object) -> Response:
    """One part of an entry, from the template of its name; to a reader without any form."""
    writes = visit.role is Role.OFFICER
    template = "entry.html" if part == PARTS[0] else f"entry_{part}.html"
    return render(
        visit,
        template,
        status,
        entry=entry,
        breach=entry.breach,
        part=part.partition("_")[0],
        parts=(*PARTS, READERS) if writes else PARTS,
        writes=writes,
        told=partial(told, visit),
        **values,
    )


def back_to(found: Breach, part: str = "") -> Response:
    """To a page of the entry, so that loading it again sends nothing twice."""
    return RedirectResponse(f"/register/{found.number}" + (f"/{part}" if part else ""), 303)

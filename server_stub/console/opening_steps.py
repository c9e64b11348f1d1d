"""What an opening goes through in the database: a reason, or a request and its answer; then the one
place that says whether a sealed part is handed out."""

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from server_stub import openings, two_people
from server_stub.console import pages_letters
from server_stub.console.page import Visit
from server_stub.openings import Given, Opening
from server_stub.storage import store_history, store_openings, store_register, store_requests
from server_stub.storage.store_events import StoredEvent
from server_stub.two_people import ANSWER_WITHIN, People, Request, State

_ENTRY = re.compile(r"[0-9]{4}-[0-9]{4,}")


def by_two(connection: Connection) -> bool:
    """Whether opening takes two people."""
    return store_requests.people(connection) is People.TWO


def note(
    connection: Connection, visit: Visit, stored: StoredEvent, made: Opening, tell_at: datetime
) -> None:
    """Note that somebody is about to open a sealed part, before they can; a letter tells the person
    concerned, at a moment."""
    subject = f"{made.device}/{made.seq}"
    store_history.log_view(connection, visit.who, "opened-sealed", subject, visit.now)
    letter = pages_letters.tell_of_opening(connection, visit, stored, made, tell_at)
    store_openings.add(connection, replace(made, letter=letter))


def wrong_with(connection: Connection, given: Given) -> str:
    """Why a reason cannot be taken, as a closed word; empty: it can."""
    wrong = openings.wrong_with(given.reason, given.text)
    if wrong or not by_two(connection):
        return wrong
    wrong = two_people.wrong_case(given.case)
    if wrong or not _ENTRY.fullmatch(given.case):
        return wrong
    return "" if store_register.breach_numbered(connection, given.case) else "no-such-case"


def ask(
    connection: Connection, visit: Visit, stored: StoredEvent, given: Given, tell_at: datetime
) -> int:
    """Ask a second person; the number of the request. Asked twice is asked once."""
    assert visit.session is not None  # only an officer comes here
    user = visit.session.user
    store_requests.expire(connection, visit.now)
    known = store_requests.under_way(connection, stored.device, stored.seq, user.name)
    if known is not None:
        return known.id
    asked = Request(
        device=stored.device,
        seq=stored.seq,
        kind=stored.kind,
        who=user.name,
        sso=user.sso,
        mail=user.mail,
        case=given.case,
        reason=given.reason,
        text=given.text,
        asked_at=visit.now,
        state=State.WAITING,
        until=visit.now + ANSWER_WITHIN,
        tell_at=tell_at,
    )
    store_history.log_view(connection, user.name, "asked-opening", asked.subject, visit.now)
    return store_requests.add(connection, asked)


def may_open(connection: Connection, visit: Visit, stored: StoredEvent) -> bool:
    """Whether this person can have the sealed part now."""
    here = stored.device, stored.seq, visit.who
    if by_two(connection):
        return store_requests.begun(connection, *here, visit.now) is not None
    return store_openings.has_reason(connection, *here, visit.now - openings.GOOD_FOR)


def take(connection: Connection, visit: Visit, stored: StoredEvent) -> bool:
    """Whether the sealed part is handed out now, which uses a request up and is noted."""
    here = stored.device, stored.seq, visit.who
    if by_two(connection):
        found = store_requests.begun(connection, *here, visit.now)
        given = found is not None and store_requests.fetch(connection, found.id, visit.now)
    else:
        given = may_open(connection, visit, stored)
    if given:
        subject = f"{stored.device}/{stored.seq}"
        store_history.log_view(connection, visit.who, "fetched-sealed", subject, visit.now)
    return given

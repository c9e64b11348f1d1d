"""The console's way to write to a laptop: a question about a reported leak, and what an opening
tells the person concerned."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import letters
from server_stub.breaches.register import LEAK
from server_stub.console.page import Visit
from server_stub.console.pages import event_asked, show_event
from server_stub.errors import Refused
from server_stub.letters import Letter, What
from server_stub.openings import Given, Opening
from server_stub.storage import store_history, store_letters, store_register
from server_stub.storage.store_events import StoredEvent


def ask(visit: Visit) -> Response:
    """``POST /devices/{device}/{seq}/question``: ask whoever reported the leak."""
    stored, text = event_asked(visit), letters.written(visit.form.get("text", ""))
    if stored.kind != LEAK:
        raise Refused(400, "wrong-kind", visit.wording.text("error.wrong-kind"))

    def work(connection: Connection) -> str:
        wrong = _why_not_ask(connection, stored, text)
        if not wrong and store_letters.add(
            connection, letter_of(visit, stored, What.QUESTION, text)
        ):
            here = f"{stored.device}/{stored.seq}"
            store_history.log_view(connection, visit.who, "letter-question", here, visit.now)
        return wrong

    wrong = visit.collector.store.write(work)
    if wrong:
        return show_event(visit, stored, 422, question=letters.Draft(text=text, wrong=wrong))
    return RedirectResponse(_back(visit, stored), 303)


def letter_of(
    visit: Visit,
    stored: StoredEvent,
    what: What,
    text: str,
    *,
    purpose: str = "",
    until: str = "",
    due_at: datetime | None = None,
) -> Letter:
    """A letter about an event, as the visitor writes it now."""
    assert visit.role is not None  # nobody without one writes
    return Letter(
        number=str(uuid.uuid4()),
        device=stored.device,
        seq=stored.seq,
        about=stored.event_id,
        kind=stored.kind,
        happened_at=stored.observed_at,
        what=what,
        role=visit.role,
        who=visit.who,
        text=text,
        purpose=purpose,
        until=until,
        at=visit.now,
        due_at=due_at or visit.now,
    )


def tell_on(visit: Visit, given: Given) -> tuple[datetime, str]:
    """When the person concerned is told of an opening; and why the day that was chosen for it
    cannot be taken, as a closed word."""
    if not given.later:
        return visit.now, ""
    today = visit.now.astimezone(visit.collector.config.zone).date()
    day = letters.day_between(given.tell_on, today + timedelta(days=1), today + letters.LATEST)
    begin = visit.moment_in(f"{day}T00:00") if day else None
    return (begin.astimezone(UTC), "") if begin else (visit.now, "tell-when")


def tell_of_opening(
    connection: Connection, visit: Visit, stored: StoredEvent, made: Opening, due_at: datetime
) -> str:
    """Write to the person concerned that details were opened; the letter's number."""
    letter = letter_of(visit, stored, What.OPENED, made.text, purpose=made.reason, due_at=due_at)
    store_letters.add(connection, letter)
    if due_at > visit.now:
        subject = f"{stored.device}/{stored.seq} {due_at:%Y-%m-%d}"
        store_history.log_view(connection, visit.who, "told-later", subject, visit.now)
    return letter.number


def _why_not_ask(connection: Connection, stored: StoredEvent, text: str) -> str:
    if not text:
        return "what-question"
    if wrong := letters.wrong_with(text):
        return wrong
    asked = store_letters.of_event(connection, stored.device, stored.seq, (What.QUESTION,))
    answered = store_letters.answers_to(connection, asked)
    waiting = sum(not answered[one.number] for one in asked)
    return "many-questions" if waiting >= letters.MOST_OPEN else ""


def _back(visit: Visit, stored: StoredEvent) -> str:
    """To the entry made from the event, if the question was asked there; else to the event."""
    if visit.form.get("from") == "entry":
        with visit.collector.store.read() as connection:
            breach = store_register.breach_of(connection, stored.device, stored.seq)
        if breach is not None:
            return f"/register/{breach.number}#questions"
    return f"/devices/{stored.device}/{stored.seq}#questions"

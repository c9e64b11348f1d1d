"""The console's page of what people at laptops asked, and of questions that have no answer yet."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from agent.wire.event import Event
from server_stub import letters, sticks
from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.console.pages_letters import letter_of
from server_stub.letters import What
from server_stub.logins.auth import Role
from server_stub.storage import store_events, store_history, store_letters
from server_stub.storage.store_events import StoredEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What stood in a form, to be shown again where something in it is wrong."""

    place: tuple[str, int] = ("", 0)
    what: str = ""
    text: str = ""
    until: str = ""
    wrong: str = ""


def show(visit: Visit) -> Response:
    """``/requests``: what waits for an answer."""
    return _page(visit)


def answer(visit: Visit) -> Response:
    """``POST /requests``: grant what somebody asked, or refuse it."""
    stored, given = _request(visit), _given(visit)
    wrong = _why_not(visit, given)
    if wrong:
        return _page(visit, 422, given, wrong)
    what = What(given.what)
    until = given.until if what is What.GRANTED else ""
    letter = letter_of(visit, stored, what, given.text, until=until)

    def work(connection: Connection) -> None:
        if store_letters.add(connection, letter):
            here = f"{stored.device}/{stored.seq}"
            store_history.log_view(connection, visit.who, f"letter-{what}", here, visit.now)

    visit.collector.store.write(work)
    return RedirectResponse("/requests", 303)


def _page(visit: Visit, status: int = 200, given: Given | None = None, wrong: str = "") -> Response:
    officer = visit.role is Role.OFFICER
    with visit.collector.store.read() as connection:
        waiting = store_letters.open_requests(connection)
        answered = store_letters.answered_requests(connection)
        questions = store_letters.questions(connection, answered=False) if officer else []
        replied = store_letters.questions(connection, answered=True) if officer else []
        answers = store_letters.answers_to(connection, replied)
    return render(
        visit,
        "requests.html",
        status,
        waiting=[(one, one.event, _end(visit, one)) for one in waiting],
        answered=[(one, asked.event if asked else None) for one, asked in answered],
        questions=questions,
        replied=[(one, answers[one.number]) for one in replied],
        most=store_letters.MOST,
        given=given or Given(),
        wrong=wrong,
        longest=letters.LONGEST_TEXT,
        today=_today(visit),
        last_day=_today(visit) + letters.LONGEST_GRANT,
        line=policy_line,
    )


def policy_line(event: Event, until: str) -> str:
    """The lines of a policy that would let the stick in that somebody asks for; empty if the event
    names no stick. What is not known here, and what IT may not see, is left to who signs it."""
    if sticks.device_of(event) is None:
        return ""
    vendor, product = event.facts.get("vendor"), event.facts.get("product")
    if not isinstance(vendor, int) or not isinstance(product, int):
        return ""
    lines = [
        "[[usb.devices]]",
        f'vendor = "{vendor:04x}"',
        f'product = "{product:04x}"',
        'serial = "…"',
        'treat = "permitted"',
        'name = "…"',
        'purpose = "…"',
        f"until = {until or '…'}",
    ]
    return "\n".join(lines)


def _request(visit: Visit) -> StoredEvent:
    """The request that the form names. Raises Refused."""
    device, seq = _place(visit)
    with visit.collector.store.read() as connection:
        stored = store_events.event_at(connection, device, seq)
    if stored is None or stored.kind != letters.ASKED:
        raise no_page(visit)
    return stored


def _place(visit: Visit) -> tuple[str, int]:
    return visit.form.get("device", ""), whole(visit.form.get("seq", ""))


def _given(visit: Visit) -> Given:
    form = visit.form
    return Given(
        place=_place(visit),
        what=form.get("what", ""),
        text=letters.written(form.get("text", "")),
        until=form.get("until", "").strip(),
    )


def _why_not(visit: Visit, given: Given) -> str:
    """Why this is no answer, as a closed word; empty: it is one."""
    if given.what not in letters.ANSWERS:
        return "which-answer"
    if given.what == What.REFUSED and not given.text:
        return "why-refused"
    if given.what == What.GRANTED and given.until:
        last = _today(visit) + letters.LONGEST_GRANT
        if letters.day_between(given.until, _today(visit), last) is None:
            return "until-when"
    return letters.wrong_with(given.text)


def _end(visit: Visit, stored: StoredEvent) -> str:
    """The last day that somebody asks for, if they named one and it is not over."""
    days = stored.event.facts.get("wanted-days")
    if not isinstance(days, int) or days < 1:
        return ""
    first = stored.observed_at.astimezone(visit.collector.config.zone).date()
    last = first + timedelta(days=min(days, letters.LONGEST_GRANT.days) - 1)
    return last.isoformat() if last >= _today(visit) else ""


def _today(visit: Visit) -> date:
    return visit.now.astimezone(visit.collector.config.zone).date()

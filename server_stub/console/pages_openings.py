"""The pages on which a second person looks at a request to open a sealed part, and answers it.

The second person sees who asks, which event (its kind and its laptop, no details) and why. Whoever
asked sees the answer here, and begins the one opening that an approval is good for.
"""

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import two_people
from server_stub.breaches.dossier import LONGEST_LINE
from server_stub.console import opening_steps
from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.console.pages_sealed import end_for, path_of
from server_stub.errors import Refused
from server_stub.logins.auth import Role
from server_stub.openings import GOOD_FOR, Opening
from server_stub.storage import store_events, store_history, store_requests
from server_stub.storage.store_people import User
from server_stub.two_people import BEGIN_WITHIN, Request, State

_LOGGED = {State.APPROVED: "approved-opening", State.REFUSED: "refused-opening"}


def overview(visit: Visit) -> Response:
    """``/openings``: what waits for this person, what they asked, and what was answered."""
    user = _user(visit)

    def work(connection: Connection) -> tuple[bool, list[Request], list[Request]]:
        store_requests.expire(connection, visit.now)
        waits, rest = store_requests.waiting(connection), store_requests.latest(connection)
        return opening_steps.by_two(connection), waits, rest

    by_two, waits, rest = visit.collector.store.write(work)
    yours = [one for one in waits if two_people.may_answer(one, user)]
    others = [one for one in [*waits, *rest] if one not in yours and _concerns(one, user)]
    return render(visit, "openings.html", by_two=by_two, yours=yours, others=others)


def show(visit: Visit) -> Response:
    """``/openings/{request}``: one request."""
    return _shown(visit, _asked(visit))


def answer(visit: Visit) -> Response:
    """``POST /openings/{request}/answer``: a second person approves, or refuses with a reason."""
    asked, said = _asked(visit), visit.form.get("said", "").strip()
    if not two_people.may_answer(asked, _user(visit)):
        raise Refused(403, "same-person", visit.wording.text("error.same-person"))
    state = State.APPROVED if visit.form.get("answer") == "approve" else State.REFUSED
    wrong = two_people.wrong_answer(state, said)
    if not wrong and not visit.collector.store.write(lambda c: _note(c, visit, asked, state, said)):
        wrong = "not-waiting"
    if wrong:
        return _shown(visit, _asked(visit), 422, wrong, said)
    return RedirectResponse(f"/openings/{asked.id}", 303)


def begin(visit: Visit) -> Response:
    """``POST /openings/{request}/begin``: whoever asked begins the opening that was approved."""
    asked = _asked(visit)
    if asked.who != visit.who:
        raise Refused(403, "another-asked", visit.wording.text("error.another-asked"))
    if not visit.collector.store.write(lambda c: _begin(c, visit, asked)):
        return _shown(visit, _asked(visit), 422, "not-approved")
    end = end_for(visit.form.get("way"))
    return RedirectResponse(f"{path_of(asked.device, asked.seq)}/{end}", 303)


def _shown(
    visit: Visit, asked: Request, status: int = 200, wrong: str = "", said: str = ""
) -> Response:
    with visit.collector.store.read() as connection:
        there = store_events.event_at(connection, asked.device, asked.seq) is not None
        by_two = opening_steps.by_two(connection)
    return render(
        visit,
        "opening.html",
        status,
        asked=asked,
        there=there,
        by_two=by_two,
        may_answer=asked.state == State.WAITING and two_people.may_answer(asked, _user(visit)),
        mine=asked.who == visit.who,
        wrong=wrong,
        said=said,
        longest=LONGEST_LINE,
    )


def _note(connection: Connection, visit: Visit, asked: Request, state: State, said: str) -> bool:
    until = visit.now + BEGIN_WITHIN
    if not store_requests.answer(connection, asked.id, state, visit.who, said, until, visit.now):
        return False
    store_history.log_view(connection, visit.who, _LOGGED[state], asked.subject, visit.now)
    return True


def _begin(connection: Connection, visit: Visit, asked: Request) -> bool:
    stored = store_events.event_at(connection, asked.device, asked.seq)
    if stored is None:
        return False
    if not store_requests.begin(connection, asked.id, visit.now + GOOD_FOR, visit.now):
        return False
    made = Opening(
        device=asked.device,
        seq=asked.seq,
        who=asked.who,
        reason=asked.reason,
        text=asked.text,
        at=visit.now,
    )
    opening_steps.note(connection, visit, stored, made, max(asked.tell_at, visit.now))
    return True


def _asked(visit: Visit) -> Request:
    """The request that the path names, for whom it concerns. Raises Refused."""
    number = whole(visit.request.path_params["request"])

    def work(connection: Connection) -> Request | None:
        store_requests.expire(connection, visit.now)
        return store_requests.numbered(connection, number)

    found = visit.collector.store.write(work)
    if found is None or not _concerns(found, _user(visit)):
        raise no_page(visit)
    return found


def _concerns(asked: Request, user: User) -> bool:
    """An officer sees every request; a second person those they can answer, or did."""
    can = asked.state == State.WAITING and two_people.may_answer(asked, user)
    return can or user.role == Role.OFFICER or asked.second == user.name


def _user(visit: Visit) -> User:
    assert visit.session is not None  # these pages are only shown to a role
    return visit.session.user

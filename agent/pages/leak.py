"""Reporting a data leak: the form, and the number to note down.

Three things have to be said: what kind of thing it was, when it was noticed, and what happened. The
rest can be left to the officer. The report is kept, sealed, before it is handed over, so the number
comes at once, with or without a network.
"""

from datetime import UTC, datetime

from starlette.responses import Response

from agent.control import ControlError
from agent.errors import AgentError
from agent.known_sticks import known_sticks
from agent.leak import LONGEST_LINE, LONGEST_TEXT, WRITTEN, About, LeakKind, Persons, Role
from agent.leak_outbox import LEAKS, LeakOutbox, NobodyToRead, Report
from agent.pages.page import Visit, local_time, render

_CHOICES = {"about": About, "role": Role, "persons": Persons}
_MINUTES = "%Y-%m-%dT%H:%M"


def show(visit: Visit) -> Response:
    """The form, empty."""
    deliver(visit)
    return _form(visit, {"noticed_at": datetime.now(UTC).astimezone().strftime(_MINUTES)}, [])


def take(visit: Visit) -> Response:
    """Keep a report and lead to its number; or the form again, with what is wrong."""
    wrong = [name for name, is_wrong in _wrong(visit).items() if is_wrong]
    if wrong:
        return _form(visit, visit.form, wrong)
    try:
        number = outbox(visit).keep(_report(visit), visit.known.officers).number
    except NobodyToRead:
        return _form(visit, visit.form, ["nobody"])
    except AgentError:
        return _form(visit, visit.form, ["not-kept"])
    deliver(visit)
    return visit.lead_to(f"leak/{number}")


def receipt(visit: Visit) -> Response:
    """The number of one report, and whether it was handed over."""
    deliver(visit)
    found = outbox(visit).receipt(str(visit.request.path_params["number"]))
    if found is None:
        return render(visit, "no_report.html", 404)
    return render(visit, "leak_receipt.html", receipt=found, at=local_time(found.at))


def _form(visit: Visit, given: dict[str, str] | object, wrong: list[str]) -> Response:
    receipts = [(one, local_time(one.at)) for one in outbox(visit).receipts()]
    return render(
        visit,
        "leak.html",
        422 if wrong else 200,
        given=given,
        wrong=wrong,
        kinds=list(LeakKind),
        choices=_CHOICES,
        receipts=receipts,
        sticks=known_sticks(visit.house.socket, visit.house.place),
        latest=datetime.now(UTC).astimezone().strftime(_MINUTES),
        longest=LONGEST_TEXT,
        longest_line=LONGEST_LINE,
    )


def _wrong(visit: Visit) -> dict[str, bool]:
    form = visit.form
    text = form.get("text", "")
    return {
        "kind": form.get("kind") not in tuple(LeakKind),
        "noticed_at": _moment(form.get("noticed_at", "")) is None,
        "text": not text,
        "too-long": len(text) > LONGEST_TEXT
        or any(len(form.get(name, "")) > LONGEST_LINE for name in ("reach", "lost")),
    }


def _report(visit: Visit) -> Report:
    form = visit.form
    noticed = _moment(form["noticed_at"])
    assert noticed is not None
    chosen = {
        name: form[name] for name, words in _CHOICES.items() if form.get(name) in tuple(words)
    }
    return Report(
        at=datetime.now(UTC),
        chosen={
            "kind": form["kind"],
            "noticed_at": noticed.isoformat(),
            "ongoing": form.get("ongoing") == "yes",
            **chosen,
        },
        written={name: form.get(name, "") for name in WRITTEN},
    )


def _moment(given: str) -> datetime | None:
    """A moment of this laptop's clock; None if it is none, or is yet to come."""
    try:
        found = datetime.strptime(given[:16], _MINUTES).astimezone()
        return found if found <= datetime.now(UTC) else None
    except (ValueError, OverflowError):
        return None


def outbox(visit: Visit) -> LeakOutbox:
    """Where reports wait until the agent takes them."""
    return LeakOutbox(visit.house.place / LEAKS)


def deliver(visit: Visit) -> None:
    """Hand over what waits, if the agent answers. What it can never take was not made by a form."""
    if visit.known.status is not None:
        try:
            outbox(visit).deliver(visit.house.socket)
        except ControlError:
            return

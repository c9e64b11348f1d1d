"""What a person can do about one event: ask for the file back, say that it is wrong, object.

A file in its place is opened here, with the person's own rights, and handed over open; an objection
is sealed here and waits in the person's folder until the agent takes it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.responses import Response

from agent import control, disputing
from agent.control import ControlError
from agent.errors import AgentError
from agent.leak import LONGEST_LINE, LONGEST_TEXT
from agent.leak_outbox import NobodyToRead, Report
from agent.own_record import Entry
from agent.own_sentences import Sentences
from agent.pages.mine import event_of, outbox
from agent.pages.page import Visit, render
from agent.said import LONGEST_DISPUTE, LONGEST_REASON
from agent.wire.event import APART

LONGEST = {"back": LONGEST_REASON, "wrong": LONGEST_DISPUTE, "object": LONGEST_TEXT}
"""Characters of what is written."""
DISPUTABLE = "pupil-file-found"
_RECEIPT = re.compile(r"DW-[0-9A-F]{4}-[0-9A-F]{4}")
_KNOWN = ("agreed", "too-many", "offline")
_GONE = ("no-file", "outside", "unknown")


def show(visit: Visit) -> Response:
    """One event, with what can be done about it."""
    return _shown(visit, "", "")


def back(visit: Visit) -> Response:
    """Ask the officer for a file that was put away."""
    return _act(visit, "back", _ask_back)


def wrong(visit: Visit) -> Response:
    """Say that a verdict is wrong."""
    return _act(visit, "wrong", _dispute)


def object_to(visit: Visit) -> Response:
    """Object to the recording of one event."""
    return _act(visit, "object", _object)


def show_general(visit: Visit) -> Response:
    """The form to object in general."""
    return _general(visit, "")


def object_in_general(visit: Visit) -> Response:
    """Object to what is recorded at all."""
    fault = _fault(visit, "object")
    try:
        receipt = "" if fault else _keep(visit, "")
    except AgentError as error:
        fault = _why(error)
    return _general(visit, fault) if fault else _told(visit, "mine/object", "object", receipt)


def _act(visit: Visit, act: str, do: Callable[[Visit, Entry], str]) -> Response:
    fault = _fault(visit, act)
    if fault:
        return _shown(visit, act, fault)
    try:
        entry = event_of(visit)
        if entry is None:
            return render(visit, "mine_no_event.html", 404)
        receipt = do(visit, entry)
    except (AgentError, OSError, ValueError) as error:
        return _shown(visit, act, _why(error))
    return _told(visit, f"mine/{entry.number}", act, receipt)


def _ask_back(visit: Visit, entry: Entry) -> str:
    reason = visit.form["text"]
    told = control.ask(visit.house.socket, "want-back", number=entry.number, reason=reason)
    return str(told["receipt"])


def _dispute(visit: Visit, entry: Entry) -> str:
    text, socket = visit.form.get("text", ""), visit.house.socket
    if entry.sealed_here:
        return disputing.of_sealed(socket, entry.number, "clean", text)["receipt"]
    path = str((entry.details or {}).get("path", ""))
    return disputing.of_file(socket, path, "clean", text)["receipt"]


def _object(visit: Visit, entry: Entry) -> str:
    """To what was told the director nobody else is led: an objection is the officer's to read."""
    if entry.kind in APART:
        raise ControlError("unknown", "what was told the director is not objected to here")
    return _keep(visit, entry.number)


def _keep(visit: Visit, number: str) -> str:
    """Keep an objection, sealed, and hand it over if the agent takes it now."""
    written = {"text": visit.form["text"], "reach": visit.form.get("reach", ""), "event": number}
    about = {"kind": "event" if number else "general"}
    report = Report(at=datetime.now(UTC), verb="objection", chosen=about, written=written)
    waiting = outbox(visit)
    receipt = waiting.keep(report, visit.known.officers)
    waiting.deliver(visit.house.socket)
    return receipt.shown


def _fault(visit: Visit, act: str) -> str:
    text = visit.form.get("text", "")
    if not text and act != "wrong":
        return "text"
    long = len(text) > LONGEST[act] or len(visit.form.get("reach", "")) > LONGEST_LINE
    return "too-long" if long else ""


def _why(error: Exception) -> str:
    if isinstance(error, NobodyToRead):
        return "nobody"
    if isinstance(error, OSError | ValueError):
        return "gone"
    if not isinstance(error, ControlError):
        return "not-kept"
    if error.code in _GONE:
        return "gone"
    return error.code if error.code in _KNOWN else "refused"


def _shown(visit: Visit, act: str, fault: str) -> Response:
    try:
        entry = event_of(visit)
    except AgentError:
        return render(visit, "mine_offline.html", 503)
    if entry is None:
        return render(visit, "mine_no_event.html", 404)
    return render(
        visit,
        "mine_event.html",
        422 if fault else 200,
        one=Sentences(entry, visit.language),
        disputable=_disputable(entry),
        act=act,
        fault=fault,
        longest=LONGEST,
        **_done(visit),
    )


def _general(visit: Visit, fault: str) -> Response:
    status = 422 if fault else 200
    done = _done(visit)
    return render(visit, "mine_object.html", status, fault=fault, longest=LONGEST, **done)


def _disputable(entry: Entry) -> bool:
    """Whether the file can be named: a sealed one by its number, another by its path."""
    known = entry.sealed_here or "path" in (entry.details or {})
    return entry.mine and entry.kind == DISPUTABLE and known


def _told(visit: Visit, page: str, act: str, receipt: str) -> Response:
    return visit.lead_to(f"{page}?told={act}&receipt={receipt}")


def _done(visit: Visit) -> dict[str, str]:
    """What an address says was just done, if it can have been."""
    given = visit.request.query_params
    receipt, told = given.get("receipt", ""), given.get("told", "")
    known = told in LONGEST and _RECEIPT.fullmatch(receipt) is not None
    return {"told": told if known else "", "receipt": receipt if known else ""}

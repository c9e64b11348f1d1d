"""Telling the director of a slip of one's own: to the director alone, sealed, counted by nobody."""

from datetime import UTC, datetime

from starlette.responses import Response

from agent.errors import AgentError
from agent.leak import LONGEST_LINE, LONGEST_TEXT
from agent.leak_outbox import NobodyToRead, Report
from agent.pages.leak import deliver, outbox
from agent.pages.page import Visit, render


def show(visit: Visit) -> Response:
    """The form, empty."""
    return _form(visit)


def take(visit: Visit) -> Response:
    """Keep what was told and lead to its number; or the form again, with what is wrong."""
    form = visit.form
    text, reach = form.get("text", ""), form.get("reach", "")
    if not text:
        return _form(visit, "text")
    if len(text) > LONGEST_TEXT or len(reach) > LONGEST_LINE:
        return _form(visit, "too-long")
    now = datetime.now(UTC)
    slip = Report(
        at=now,
        verb="slip-report",
        chosen={"noticed_at": now.isoformat()},
        written={"text": text, "reach": reach},
    )
    try:
        kept = outbox(visit).keep(slip, visit.known.directors)
    except NobodyToRead:
        return _form(visit, "nobody")
    except AgentError:
        return _form(visit, "not-kept")
    deliver(visit)
    return visit.lead_to(f"leak/{kept.number}")


def _form(visit: Visit, wrong: str = "") -> Response:
    return render(
        visit,
        "slip.html",
        422 if wrong else 200,
        given=visit.form,
        wrong=wrong,
        there=bool(visit.known.directors),
        longest=LONGEST_TEXT,
        longest_line=LONGEST_LINE,
    )

"""The pages on which the officer reads and writes what is known of a breach."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection
from starlette.responses import Response

from server_stub.breaches import dossier, severity
from server_stub.breaches import entry as entries
from server_stub.breaches.dossier import Question, Section, Shape
from server_stub.breaches.dossier_questions import INCIDENTS, SECTIONS, section_named
from server_stub.breaches.entry import Entry
from server_stub.breaches.register import Breach, draft_by_hand
from server_stub.console import pages_entry
from server_stub.console.page import Visit, render
from server_stub.errors import Refused
from server_stub.storage import store_dossier, store_history, store_register


def new(visit: Visit) -> Response:
    """``/register/new``: the form for a breach that somebody came to tell of."""
    return _new(visit, visit.local(visit.now))


def make(visit: Visit) -> Response:
    """``POST /register/new``: an entry made by hand."""
    incident, given = visit.form.get("incident", ""), visit.form.get("noticed_at", "")
    moment = visit.moment_in(given)
    noticed = dossier.written_moment(moment) if moment else "?"
    question = Question("noticed-at", Shape.MOMENT)
    wrong = "which" if incident not in INCIDENTS else dossier.why_not(question, noticed, visit.now)
    if wrong or moment is None:
        return _new(visit, given, incident, wrong or "not-a-time", 422)
    draft = draft_by_hand(incident, moment, visit.now)

    def work(connection: Connection) -> Breach:
        made = store_register.open_breach(connection, draft, visit.who, visit.now)
        store_history.log_view(connection, visit.who, "opened-breach", made.number, visit.now)
        return made

    return pages_entry.back_to(visit.collector.store.write(work), "dossier")


def show(visit: Visit) -> Response:
    """``/register/{number}/dossier``: every section with its answers."""
    found = pages_entry.looked_at(visit)
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
    return pages_entry.show(
        visit,
        entry,
        "dossier",
        sections=[(one, dossier.count_answered(one, entry.answers)) for one in SECTIONS],
        computed=severity.severity_of(entry.answers),
    )


def edit(visit: Visit) -> Response:
    """``/register/{number}/dossier/{section}``: the questions of one section."""
    section, found = _section(visit), pages_entry.asked_open(visit)
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
    return _form(visit, entry, section, entry.answers)


def save(visit: Visit) -> Response:
    """``POST /register/{number}/dossier/{section}``: note the answers that are new."""
    section, found = _section(visit), pages_entry.asked_open(visit)
    given = {one.name: _given(visit, one) for one in section.questions}
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
    wrong = _wrong(section, dict(entry.answers), given, visit.now)
    if wrong:
        return _form(visit, entry, section, given, wrong)
    new = dossier.changed(entry.answers, given.items())
    if new:
        visit.collector.store.write(
            lambda c: store_dossier.write(c, found, new, visit.who, visit.now)
        )
    return pages_entry.back_to(found, f"dossier#{section.name}")


def _new(
    visit: Visit, noticed_at: str, incident: str = "", wrong: str = "", status: int = 200
) -> Response:
    return render(
        visit,
        "entry_new.html",
        status,
        incidents=INCIDENTS,
        noticed_at=noticed_at,
        incident=incident,
        wrong=wrong,
    )


def _form(
    visit: Visit,
    entry: Entry,
    section: Section,
    given: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
) -> Response:
    proposed = severity.proposed(entry.answers) if section.name == "severity" else {}
    return pages_entry.show(
        visit,
        entry,
        "dossier_section",
        422 if wrong else 200,
        section=section,
        given=proposed | dict(given),
        wrong=wrong or {},
        proposed=sorted(name for name in proposed if not given.get(name)),
    )


def _section(visit: Visit) -> Section:
    found = section_named(visit.request.path_params["section"])
    if found is None:
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    return found


def _given(visit: Visit, question: Question) -> str:
    """The answer that the form gives, written as answers are; a moment that is none stays."""
    if question.shape is Shape.SOME:
        return " ".join(one for one in question.words if visit.form.get(f"{question.name}.{one}"))
    text = visit.form.get(question.name, "").strip().replace("\r\n", "\n")
    if question.shape is Shape.MOMENT and text:
        moment = visit.moment_in(text)
        return dossier.written_moment(moment) if moment else text
    return text


def _wrong(
    section: Section, answers: dict[str, str], given: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """What is wrong, by question; answers of other sections count where two go together."""
    found = {
        one.name: wrong
        for one in section.questions
        if (wrong := dossier.why_not(one, given[one.name], now))
    }
    together = dossier.why_not_together(answers | dict(given))
    if not found and together and any(one.name == together[0] for one in section.questions):
        found[together[0]] = together[1]
    return found

"""The pages on which the officer reads and writes what is known of a breach."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection
from starlette.responses import Response

from server_stub.breaches import dossier, processors, severity
from server_stub.breaches import entry as entries
from server_stub.breaches.dossier import Answers, Question, Section, Shape
from server_stub.breaches.dossier_questions import INCIDENTS, SECTIONS, section_named
from server_stub.breaches.entry import Entry
from server_stub.breaches.processors import Doubt, Processor
from server_stub.breaches.register import Breach, draft_by_hand
from server_stub.console import pages_entry
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.storage import store_dossier, store_history, store_processors, store_register

ONE_PRESS = timedelta(minutes=1)
"""A button pressed twice makes one entry."""


def new(visit: Visit) -> Response:
    """``/register/new``: the form for a breach that somebody came to tell of."""
    return _new(visit, visit.local(visit.now))


def make(visit: Visit) -> Response:
    """``POST /register/new``: an entry made by hand."""
    incident, given = visit.form.get("incident", ""), visit.form.get("noticed_at", "")
    moment = visit.moment_in(given, visit.form.get("noticed_at.hour", ""))
    noticed = dossier.written_moment(moment) if moment else "?"
    question = Question("noticed-at", Shape.MOMENT)
    wrong = "which" if incident not in INCIDENTS else dossier.why_not(question, noticed, visit.now)
    if wrong or moment is None:
        wrong = wrong if moment else visit.why_no_moment(given)
        return _new(visit, given, incident, wrong or "which", 422)
    draft = draft_by_hand(incident, moment, visit.now)

    def work(connection: Connection) -> Breach:
        same = store_register.made_just_now(connection, draft, visit.who, visit.now - ONE_PRESS)
        if same is not None:
            return same
        made = store_register.open_breach(connection, draft, visit.who, visit.now)
        store_history.log_view(connection, visit.who, "opened-breach", made.number, visit.now)
        return made

    return pages_entry.back_to(visit.collector.store.write(work), "dossier")


def show(visit: Visit) -> Response:
    """``/register/{number}/dossier``: every section with its answers."""
    found = pages_entry.looked_at(visit)
    with visit.collector.store.read() as connection:
        entry = entries.entry_of(connection, found)
        known = store_processors.all_processors(connection)
    return pages_entry.show(
        visit,
        entry,
        "dossier",
        doubts=_doubts(known, entry),
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
    """``POST /register/{number}/dossier/{section}``: note the answers that were changed here."""
    section = _section(visit)

    def work(connection: Connection, found: Breach) -> tuple[Entry, Answers, dict[str, str]]:
        entry = entries.entry_of(connection, found)
        given = {one.name: _given(visit, one, entry.answers) for one in section.questions}
        mine = _changed_here(visit, entry.answers, given)
        wrong = _meanwhile(visit, entry.answers, mine)
        wrong = wrong or _wrong(section, dict(entry.answers), given, visit.now)
        wrong |= {name: "which-hour" for name in wrong if visit.twice(given[name])}
        if not wrong and mine:
            store_dossier.write(connection, found, mine, visit.who, visit.now)
        return entry, given, wrong

    entry, given, wrong = pages_entry.change(visit, work)
    if wrong:
        return _form(visit, entry, section, given, wrong)
    return pages_entry.back_to(entry.breach, f"dossier#{section.name}")


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
    known: list[Processor] = []
    if any(one.name == processors.PROCESSOR for one in section.questions):
        with visit.collector.store.read() as connection:
            known = store_processors.all_processors(connection)
    return pages_entry.show(
        visit,
        entry,
        "dossier_section",
        422 if wrong else 200,
        section=section,
        given=proposed | dict(given),
        wrong=wrong or {},
        proposed=sorted(name for name in proposed if not given.get(name)),
        offers=processors.offered(known),
        seen={one.name: _shown(visit, one.name, entry.answers, wrong) for one in section.questions},
    )


def _doubts(known: list[Processor], entry: Entry) -> list[Doubt]:
    """What the entry's processors give reason to ask."""
    day = processors.day_of(entry.answers, entry.breach.draft.detected_at)
    return processors.doubts(known, entry.answers, day)


def _shown(visit: Visit, name: str, answers: Answers, wrong: Mapping[str, str] | None) -> str:
    """The mark that goes with the form: after a refusal that of before, but where somebody else
    changed the answer, and is shown with it, that of now."""
    now = dossier.mark_of(answers.get(name, ""))
    if not wrong or wrong.get(name) == "changed-meanwhile":
        return now
    return _seen(visit, name, answers)


def _section(visit: Visit) -> Section:
    found = section_named(visit.request.path_params["section"])
    if found is None:
        raise no_page(visit)
    return found


def _given(visit: Visit, question: Question, answers: Answers) -> str:
    """The answer that the form gives, written as answers are; a moment that is none stays.

    A field has minutes and an answer may have seconds: what was not touched stays as it was.
    """
    if question.shape is Shape.SOME:
        return " ".join(one for one in question.words if visit.form.get(f"{question.name}.{one}"))
    text = visit.form.get(question.name, "").strip().replace("\r\n", "\n")
    if question.shape is Shape.MOMENT and text:
        before = answers.get(question.name, "")
        hour, known = visit.form.get(f"{question.name}.hour", ""), dossier.moment_of(before)
        if known is not None and visit.is_shown(text, hour, known):
            return before
        moment = visit.moment_in(text, hour)
        return dossier.written_moment(moment) if moment else text
    return text


def _seen(visit: Visit, name: str, answers: Answers) -> str:
    """The mark of the answer that the form was shown with; that of now for a form without one."""
    return visit.form.get(f"seen.{name}") or dossier.mark_of(answers.get(name, ""))


def _changed_here(visit: Visit, answers: Answers, given: Answers) -> dict[str, str]:
    """What was changed on this form; another's change since is not taken back with it."""
    return {
        name: answer
        for name, answer in given.items()
        if answer != answers.get(name, "")
        and dossier.mark_of(answer) != _seen(visit, name, answers)
    }


def _meanwhile(visit: Visit, answers: Answers, mine: Answers) -> dict[str, str]:
    """Answers that somebody else has changed since this form was shown."""
    return {
        name: "changed-meanwhile"
        for name in mine
        if dossier.mark_of(answers.get(name, "")) != _seen(visit, name, answers)
    }


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

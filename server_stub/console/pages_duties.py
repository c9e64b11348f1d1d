"""The form of an entry by which the officer notes that somebody was told, or need not be."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from server_stub.breaches import dossier, duties, profiles
from server_stub.breaches.advice import Advice, advice
from server_stub.breaches.duties import Duty, Mark
from server_stub.breaches.entry import Entry
from server_stub.breaches.register import Breach
from server_stub.console.page import Visit
from server_stub.storage import store_duties


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What stood in the form, to be shown again where something in it is wrong."""

    duty: str = ""
    done: bool = True
    at: str = ""
    hour: str = ""
    """Which of two hours, where the time came twice."""
    reason: str = ""
    wrong: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The duties of an entry as its page shows them."""

    dues: list[duties.Due]
    report: duties.Reported | None
    """How the report within the organisation went; None where there is no time for it."""
    advice: dict[Duty, Advice]
    authority: str
    source: str
    given: Given = field(default_factory=Given)


def board(visit: Visit, connection: Connection, entry: Entry, given: Given) -> Board:
    """How the duties of an entry stand."""
    found, profile = entry.breach, entry.profile
    marks = store_duties.of(connection, found)
    return Board(
        dues=duties.dues(found, profile.times, marks, visit.now),
        report=_report(entry),
        advice=advice(entry.answers, profile.threshold),
        authority=profile.names.get(visit.wording.language, ""),
        source=profile.source,
        given=given,
    )


def given_in(visit: Visit) -> Given:
    """The form as it was sent."""
    form = visit.form
    return Given(
        duty=form.get("duty", ""),
        done=form.get("how") != "not-needed",
        at=form.get("at", ""),
        hour=form.get("at.hour", ""),
        reason=form.get("reason", "").strip(),
    )


def note(
    connection: Connection, visit: Visit, found: Breach, given: Given, at: datetime | None
) -> str | None:
    """Note it; why it cannot be, as a closed word. ``at`` is the form's moment, None if none."""
    if given.duty not in tuple(Duty):
        return "which"
    if given.done and at is None:
        return visit.why_no_moment(given.at)
    moment, duty = at if given.done else None, Duty(given.duty)
    times = profiles.profile_now(connection).times
    if duty not in times:
        return "which"
    if wrong := duties.why_not(found, times[duty], moment, given.reason, visit.now):
        return wrong
    mark = Mark(duty=duty, at=moment, reason=given.reason, who=visit.who, noted_at=visit.now)
    store_duties.add(connection, found, mark)
    return None


def _report(entry: Entry) -> duties.Reported | None:
    noticed = dossier.moment_of(entry.answers.get("noticed-at", ""))
    told = dossier.moment_of(entry.answers.get("reported-at", ""))
    return duties.reported(noticed, told, entry.profile.report)

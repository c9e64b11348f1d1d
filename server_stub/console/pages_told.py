"""The part of an entry about who is told of it within the organisation, in order, and its form."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from server_stub.breaches import dossier, routing
from server_stub.breaches.entry import Entry
from server_stub.breaches.routing import Stop, Told
from server_stub.console.page import Visit
from server_stub.console.pages_duties import Given
from server_stub.storage import store_routing


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """The route of an entry as its page shows it."""

    stops: list[Stop]
    source: str
    given: Given = field(default_factory=Given)

    def name_of(self, stop: Stop, language: str) -> str:
        """What a recipient is called."""
        return stop.recipient.called(language) or stop.name


def way(connection: Connection, entry: Entry, given: Given) -> Way:
    """Who is told of an entry, and how that stands."""
    found = store_routing.now(connection)
    answers, breach = entry.answers, entry.breach
    about, role = answers.get(routing.ABOUT, ""), answers.get(routing.ROLE, "")
    route = found.route(about, role)
    noticed = dossier.moment_of(answers.get("noticed-at", "")) or breach.draft.detected_at
    sent = store_routing.sent(connection, breach, found)
    stops = routing.stops(found, route, noticed, sent, store_routing.marks(connection, breach))
    return Way(stops=stops, source=route.source, given=given)


def names(connection: Connection, language: str) -> dict[str, str]:
    """What every recipient is called."""
    found = store_routing.now(connection).recipients
    return {name: one.called(language) or name for name, one in found.items()}


def note(
    connection: Connection, visit: Visit, entry: Entry, given: Given, at: datetime | None
) -> str | None:
    """Note that somebody was told, or need not be; why it cannot be, as a closed word."""
    if given.done and at is None:
        return visit.why_no_moment(given.at)
    moment = at if given.done else None
    found = {one.name: one for one in way(connection, entry, given).stops}
    stop = found.get(given.duty)
    if wrong := routing.why_not(stop, moment, given.reason, visit.now):
        return wrong
    mark = Told(
        recipient=given.duty,
        at=moment,
        reason=given.reason,
        who=visit.who,
        noted_at=visit.now,
    )
    store_routing.note(connection, entry.breach, mark)
    return None

"""What is recorded about the person: every event, month by month, to the byte, and to be saved.

What other pieces bring to this page stands in ``PARTS``: each gives the values of a template of its
own, which the page shows below the events.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from starlette.responses import Response

from agent.control import ControlError
from agent.errors import AgentError
from agent.leak_outbox import OBJECTIONS, LeakOutbox
from agent.own_month import Month, advice, counted, month_named, month_of
from agent.own_record import Entry, Record, exported, record, whole
from agent.own_sentences import Sentences
from agent.pages.page import Visit, render
from agent.printable import printable

Part = Callable[[Visit], tuple[str, Mapping[str, object]]]
PARTS: tuple[Part, ...] = ()
MONTHS_SHOWN = 3
_COVERED = ("usb", "stick_files", "ports", "session", "leaving", "posture")
"""The collectors that have a sentence; files are told by their folders."""


def show(visit: Visit) -> Response:
    """The newest events, and all around them."""
    try:
        _deliver(visit)
        found = _page(visit)
        sealed = record(visit.house.socket, visit.house.place, sealed=True)
    except AgentError:
        return render(visit, "mine_offline.html", 503)
    now = month_of(datetime.now(UTC))
    return render(
        visit,
        "mine.html",
        found=found,
        mine=said(visit, [one for one in found.entries if one.mine]),
        laptops=said(visit, [one for one in found.entries if not one.mine]),
        sealed=said(visit, [one for one in sealed.entries if one.sealed_here]),
        months=[now.moved(-back) for back in range(MONTHS_SHOWN)],
        month_name=lambda month: _name(visit, month),
        later="before" in visit.request.query_params,
        looks=_looks(visit, found.looks),
        key_since=_moment(found.key_since),
        objections=[(one, one.at.astimezone()) for one in outbox(visit).receipts()],
        parts=[part(visit) for part in PARTS],
    )


def month(visit: Visit) -> Response:
    """What happened in a month, counted, with what helps."""
    try:
        wanted = month_named(str(visit.request.path_params["month"]))
        after, before = wanted.moved(1), wanted.moved(-1)
    except ValueError:
        return render(visit, "mine_no_event.html", 404)
    span = {"since": wanted.begin.timestamp(), "until": after.begin.timestamp()}
    try:
        found = whole(visit.house.socket, visit.house.place, **span)
    except AgentError:
        return render(visit, "mine_offline.html", 503)
    counts = counted(found.entries)
    return render(
        visit,
        "mine_month.html",
        title=_name(visit, wanted),
        counts=counts,
        advice=advice(counts),
        before=before,
        after=after if after <= month_of(datetime.now(UTC)) else None,
        events=said(visit, [one for one in found.entries if one.mine]),
    )


def export(visit: Visit) -> Response:
    """Everything, to be saved."""
    try:
        found = whole(visit.house.socket, visit.house.place)
    except AgentError:
        return render(visit, "mine_offline.html", 503)
    day = datetime.now(UTC).astimezone().date()
    return saved(exported(found), f"dossierwacht-{day}.json")


def left(visit: Visit) -> Response:
    """The bytes of one event, as they left."""
    try:
        found = event_of(visit)
    except AgentError:
        return render(visit, "mine_offline.html", 503)
    if found is None or not found.body:
        return render(visit, "mine_no_event.html", 404)
    return saved(found.body, f"{found.number}.json")


def event_of(visit: Visit) -> Entry | None:
    """The event of the address, if it is the person's or the laptop's. Raises AgentError."""
    number = str(visit.request.path_params["number"])
    found = record(visit.house.socket, visit.house.place, number=number)
    return next((one for one in found.entries if one.number == number), None)


def said(visit: Visit, entries: list[Entry]) -> list[Sentences]:
    """Events in the person's language."""
    return [Sentences(one, visit.language) for one in entries]


def outbox(visit: Visit) -> LeakOutbox:
    """Where objections wait until the agent takes them."""
    return LeakOutbox(visit.house.place / OBJECTIONS)


def saved(text: str, name: str) -> Response:
    """A file to be saved, never shown."""
    told = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8"), media_type="application/json", headers=told)


def _deliver(visit: Visit) -> None:
    """Hand over objections that wait. What can never be taken was not made by a form."""
    with suppress(ControlError):
        outbox(visit).deliver(visit.house.socket)


def _page(visit: Visit) -> Record:
    before = visit.request.query_params.get("before", "")
    wanted = {"before": int(before)} if before.isascii() and before.isdigit() else {}
    return record(visit.house.socket, visit.house.place, **wanted)


def _name(visit: Visit, wanted: Month) -> str:
    return visit.say(f"own-month-{wanted.month}", year=wanted.year)


def _looks(visit: Visit, looks: Mapping[str, object]) -> dict[str, object]:
    """What is looked at, in sentences."""
    running = looks.get("collectors")
    given = looks.get("roots")
    status = visit.known.status or {}
    gaps = status.get("coverage", {})
    return {
        **looks,
        "roots": [printable(str(root)) for root in given] if isinstance(given, list) else [],
        "watches": [
            (name, running[name])
            for name in _COVERED
            if isinstance(running, dict) and name in running
        ],
        "gaps": sorted(set(map(str, gaps.values()))) if isinstance(gaps, dict) else [],
    }


def _moment(given: str) -> str:
    return datetime.fromisoformat(given).astimezone().strftime("%d-%m-%Y %H:%M") if given else ""

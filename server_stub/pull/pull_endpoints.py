"""What IT's own programs pull, with a bearer token: ``/api/v1/...``, as one table.

The table makes the routes and the OpenAPI document alike, so neither can promise what the other
does not keep. A pull reads its question into a type, reads a page in one moment of the database,
and answers in the form that was asked for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.wire.messages import Device
from server_stub.collector import Collector, collector_of
from server_stub.errors import Refused
from server_stub.intake import pace
from server_stub.logins import auth
from server_stub.logins.auth import Scope
from server_stub.pull import cursors, pull_formats, pull_models, pull_rows
from server_stub.pull.pull_rows import About
from server_stub.storage.store_events import Wanted

_Id = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_About = tuple[Device, Annotated[str, msgspec.Meta(max_length=48)]]
_PLACE = re.compile(r" - at `\$\.([a-z]+)")
_CODES = {
    "format": "no-format",
    "cursor": "no-cursor",
    "since": "no-moment",
    "until": "no-moment",
    "device": "no-device",
    "kind": "no-kind",
    "limit": "no-limit",
}
Answer = Callable[["Pull", Request, Collector, Any], Response]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pull:
    """One address: which scope a token needs, what may be asked, what is answered and by whom.
    ``row`` is the type of one row where the answer has pages."""

    path: str
    scope: Scope
    question: type[msgspec.Struct]
    page: type[msgspec.Struct]
    answer: Answer
    row: type[msgspec.Struct] | None = None
    summary: str

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of its answer; JSON comes first."""
        return pull_formats.forms_of(self.question)

    def __call__(self, request: Request) -> Response:
        """Answer a request. Raises Refused."""
        collector = collector_of(request)
        token = auth.check_bearer(collector.store, request.headers.get("authorization"), self.scope)
        collector.pace.take(token.id)
        return self.answer(self, request, collector, read_question(request, self.question))


def _devices(pull: Pull, request: Request, at: Collector, asked: pull_models.Paged) -> Response:
    after = _after(pull, asked, Device, "")
    with at.store.read() as connection:
        found = pull_rows.devices(connection, after, asked.limit, at.now())
    more = cursors.write(pull.path, found.last) if found.more else None
    page = pull_models.DevicePage(devices=found.rows, next=more)
    return _paged(pull, request, asked, page, more)


def _device(pull: Pull, request: Request, at: Collector, asked: pull_models.Alone) -> Response:
    name = request.path_params["device"]
    with at.store.read() as connection:
        found = pull_rows.device(connection, name, at.now()) if _is_name(name) else None
    if found is None:
        raise Refused(404, "unknown-device", "no laptop of this name is enrolled here")
    return pull_formats.alone(pull_models.OneDevicePage(device=found[0], faults=found[1]))


def _events(pull: Pull, request: Request, at: Collector, asked: pull_models.OfEvents) -> Response:
    after = _after(pull, asked, _Id, 0)
    wanted = Wanted(
        device=asked.device or None,
        kinds=tuple(asked.kind),
        since=None if asked.since is msgspec.UNSET else read_moment(asked.since),
        until=None if asked.until is msgspec.UNSET else read_moment(asked.until),
    )
    with at.store.read() as connection:
        found = pull_rows.events(connection, after, asked.limit, wanted)
    resume = cursors.write(pull.path, found.last) if found.last else None
    more = resume if found.more else None
    page = pull_models.EventPage(events=found.rows, next=more, resume=resume)
    return _paged(pull, request, asked, page, more, resume)


def _about(listing: Callable[..., pull_rows.Page[Any, About]]) -> Answer:
    def answer(pull: Pull, request: Request, at: Collector, asked: Any) -> Response:
        after = _after(pull, asked, _About, ("", ""))
        with at.store.read() as connection:
            found = listing(connection, after, asked.limit, asked.device or None)
        more = cursors.write(pull.path, found.last) if found.more else None
        page = pull.page(**{pull.page.__struct_fields__[0]: found.rows, "next": more})
        return _paged(pull, request, asked, page, more)

    return answer


PULLS = (
    Pull(
        path="/api/v1/devices",
        scope=Scope.DEVICES,
        question=pull_models.Paged,
        page=pull_models.DevicePage,
        row=pull_models.DeviceRow,
        answer=_devices,
        summary="Every laptop: last contact, versions, standing, open faults",
    ),
    Pull(
        path="/api/v1/devices/{device}",
        scope=Scope.DEVICES,
        question=pull_models.Alone,
        page=pull_models.OneDevicePage,
        answer=_device,
        summary="One laptop, with its newest faults",
    ),
    Pull(
        path="/api/v1/posture",
        scope=Scope.POSTURE,
        question=pull_models.OfDevice,
        page=pull_models.PosturePage,
        row=pull_models.PostureRow,
        answer=_about(pull_rows.posture),
        summary="Each laptop's newest answer of each check of how it is set up",
    ),
    Pull(
        path="/api/v1/coverage",
        scope=Scope.COVERAGE,
        question=pull_models.OfDevice,
        page=pull_models.CoveragePage,
        row=pull_models.CoverageRow,
        answer=_about(pull_rows.coverage),
        summary="What laptops do not watch and have not said is watched again",
    ),
    Pull(
        path="/api/v1/events",
        scope=Scope.EVENTS,
        question=pull_models.OfEvents,
        page=pull_models.EventPage,
        row=pull_models.EventRow,
        answer=_events,
        summary="Events in the order of receipt, without their sealed parts",
    ),
    Pull(
        path="/api/v1/reports",
        scope=Scope.REPORTS,
        question=pull_models.OfDevice,
        page=pull_models.ReportPage,
        row=pull_models.ReportRow,
        answer=_about(pull_rows.reports),
        summary="How each laptop's agent said it was, when it was last ordered to say so",
    ),
)
"""Every address that is pulled."""


def routes() -> list[Route]:
    """The routes of the table."""
    return [Route(one.path, pace.few_at_once(one), methods=["GET"]) for one in PULLS]


def read_question(request: Request, kind: type[msgspec.Struct]) -> Any:
    """What a request asks, as its type. Raises Refused, which names the parameter."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given and name != "kind":
            raise Refused(400, "no-parameter", f"{name[:40]!r} is given twice")
        given[name] = [*given.get(name, []), value] if name == "kind" else value
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind) from error


def read_moment(text: str) -> datetime:
    """A moment in ISO 8601; without a zone it is taken as UTC. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(
            400, "no-moment", f"{text[:40]!r} is no moment: write 2026-11-23T14:05:00Z"
        ) from error


def _explained(error: str, kind: type[msgspec.Struct]) -> Refused:
    found = _PLACE.search(error)
    name = found[1] if found else ""
    code = _CODES.get(name, "no-parameter")
    if not name:
        error = f"{error}; what may be asked is: {', '.join(kind.__struct_fields__)}"
    return Refused(400, code, f"{name or 'the question'}: {error[:300]}")


def _is_name(text: str) -> bool:
    try:
        msgspec.convert(text, type=Device)
    except msgspec.ValidationError:
        return False
    return True


def _after(pull: Pull, asked: pull_models.Listed, kind: Any, start: Any) -> Any:
    return cursors.read(asked.cursor, pull.path, kind) if asked.cursor else start


def _paged(
    pull: Pull,
    request: Request,
    asked: pull_models.Paged | pull_models.OfEvents,
    page: msgspec.Struct,
    more: str | None,
    resume: str | None = None,
) -> Response:
    assert pull.row is not None  # only what has pages comes here
    form = pull_formats.chosen(request, asked.format, pull.forms)
    return pull_formats.answer(request, form, pull.row, page, more=more, resume=resume)

"""What IT's own programs pull, with a bearer token: ``/api/v1/devices`` and ``/api/v1/events``."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from server_stub import auth, report, store_devices, store_disputes, store_events
from server_stub.auth import Scope
from server_stub.collector import collector_of
from server_stub.errors import Refused
from server_stub.store import Store
from server_stub.store_events import StoredEvent


def get_devices(request: Request) -> Response:
    """``GET /api/v1/devices?cursor=&format=json|csv``."""
    store = collector_of(request).store
    auth.check_bearer(store, request.headers.get("authorization"), Scope.DEVICES)
    kind, skip = _format(request), _number(request, "cursor")
    rows = device_rows(store, skip)
    cursor = skip + len(rows) if len(rows) == report.PAGE else None
    if kind == "csv":
        return _csv(report.to_csv(report.DEVICE_COLUMNS, rows), cursor)
    return Response(report.to_json("devices", rows, cursor), media_type="application/json")


def get_events(request: Request) -> Response:
    """``GET /api/v1/events?device=&since=&cursor=&format=json|csv``."""
    store = collector_of(request).store
    auth.check_bearer(store, request.headers.get("authorization"), Scope.EVENTS)
    kind, given = _format(request), _number(request, "cursor")
    since = request.query_params.get("since")
    moment = read_moment(since) if since else None
    found = event_page(store, given, request.query_params.get("device"), moment)
    rows = event_rows(store, found)
    cursor = found[-1].id if len(found) == report.PAGE else None
    if kind == "csv":
        return _csv(report.to_csv(report.EVENT_COLUMNS, rows), cursor)
    return Response(report.to_json("events", rows, cursor), media_type="application/json")


def device_rows(store: Store, skip: int) -> list[dict[str, object]]:
    """A page of laptops with their number of faults."""
    with store.read() as connection:
        found = store_devices.all_devices(connection, skip=skip, most=report.PAGE)
        faults = store_devices.fault_counts(connection, [one.name for one in found])
    return [report.device_row(one, faults.get(one.name, 0)) for one in found]


def event_page(
    store: Store, cursor: int, device: str | None, since: datetime | None
) -> list[StoredEvent]:
    """A page of events in the order of receipt."""
    with store.read() as connection:
        return store_events.events_after(connection, cursor, report.PAGE, device, since)


def event_rows(store: Store, found: list[StoredEvent]) -> list[dict[str, object]]:
    """Events as they are pulled, with what officers said of them."""
    with store.read() as connection:
        reasons = store_disputes.reasons(connection, found)
    return [report.event_row(one, reasons.get((one.device, one.seq))) for one in found]


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


def _csv(text: str, cursor: int | None) -> Response:
    headers = {"X-Next-Cursor": str(cursor)} if cursor is not None else {}
    return Response(text, media_type="text/csv", headers=headers)


def _format(request: Request) -> str:
    kind = request.query_params.get("format", "json")
    if kind not in ("json", "csv"):
        raise Refused(400, "no-format", f"{kind[:20]!r} is no format: ask for json or csv")
    return kind


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name) or "0"
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Refused(400, "no-cursor", f"{name} is a number from an earlier answer")
    return int(text)

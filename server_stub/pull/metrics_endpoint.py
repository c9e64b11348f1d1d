"""``GET /metrics``: what the collector counts, as Prometheus reads it, with a token for it."""

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from starlette.requests import Request
from starlette.responses import Response

from server_stub.collector import Collector, collector_of
from server_stub.logins import auth
from server_stub.logins.auth import Scope
from server_stub.pull.metrics import Together
from server_stub.pull.metrics_readings import readings
from server_stub.storage import store_events

PATH = "/metrics"
MEDIA = ("text/plain", "application/openmetrics-text")


def get_metrics(request: Request) -> Response:
    """``GET /metrics``, in the older text form unless OpenMetrics is asked for. Raises Refused."""
    collector = collector_of(request)
    token = auth.check_bearer(collector.store, request.headers.get("authorization"), Scope.METRICS)
    collector.pace.take(token.id)
    everything = gathered(collector)
    if MEDIA[1] in request.headers.get("accept", ""):
        body = openmetrics.generate_latest(everything)  # type: ignore[no-untyped-call]
        return Response(body, headers={"Content-Type": openmetrics.CONTENT_TYPE_LATEST})
    body = exposition.generate_latest(everything)
    return Response(body, headers={"Content-Type": exposition.CONTENT_TYPE_PLAIN_0_0_4})


def gathered(collector: Collector) -> Together:
    """The counters brought up to date, and what is read of the database."""
    metrics = collector.metrics
    known = next(iter(collector.languages.values())).kinds
    with metrics.counting() as counted, collector.store.read() as connection:
        last = store_events.last_id(connection)
        kinds = store_events.count_between(connection, counted, last)
        metrics.count_events(kinds.items(), last, known)
        return Together(metrics.registry, readings(connection, collector.now()))

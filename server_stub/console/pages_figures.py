"""The console's page of figures, and the plots on it; the tables beside them say the same."""

from datetime import UTC

from starlette.responses import Response

from server_stub.console import figures, plots
from server_stub.console.asked import no_page
from server_stub.console.figures import Series
from server_stub.console.page import Visit, render
from server_stub.logins.auth import Role
from server_stub.storage import store_daily


def show(visit: Visit) -> Response:
    """``/figures``: counts of the whole organisation; small ones blurred for management."""
    laptops, events = _read(visit)
    return render(
        visit,
        "figures.html",
        laptops=laptops,
        events=events,
        plotted=events[: figures.PLOTTED],
        rough=_rough(visit),
    )


def laptops_plot(visit: Visit) -> Response:
    """``/figures/laptops.svg``."""
    return _plot(visit, _read(visit)[0])


def events_plot(visit: Visit) -> Response:
    """``/figures/events/{kind}.svg``: the weeks of one kind."""
    kind = visit.request.path_params["kind"]
    for one in _read(visit)[1]:
        if one.kind == kind:
            return _plot(visit, one)
    raise no_page(visit)


def _read(visit: Visit) -> tuple[Series, list[Series]]:
    today = visit.now.astimezone(UTC).date()
    with visit.collector.store.read() as connection:
        counts = store_daily.counts_since(connection, figures.first_day(today))
    return figures.laptops(counts, today), figures.events(counts, today)


def _plot(visit: Visit, series: Series) -> Response:
    drawn = plots.bars(series.values, rough=_rough(visit))
    return Response(drawn, media_type="image/svg+xml")


def _rough(visit: Visit) -> bool:
    return visit.role is Role.MANAGEMENT

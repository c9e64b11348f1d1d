"""The console's buttons about a laptop: listen to it, or believe it no more."""

from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page
from server_stub.console.page import Visit
from server_stub.intake import admission
from server_stub.intake.admission import Change


def approve(visit: Visit) -> Response:
    """``POST /devices/{device}/admission/approve``."""
    return _change(visit, admission.approve, "approved-device")


def revoke(visit: Visit) -> Response:
    """``POST /devices/{device}/admission/revoke``."""
    return _change(visit, admission.revoke, "revoked-device")


def _change(visit: Visit, change: Change, act: str) -> Response:
    name = str(visit.request.path_params["device"])
    if not visit.collector.store.write(
        lambda c: admission.changed(c, change, name, visit.who, act, visit.now)
    ):
        raise no_page(visit)
    return RedirectResponse(f"/devices/{name}", 303)

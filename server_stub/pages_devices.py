"""The console's buttons about a laptop: listen to it, or believe it no more."""

from collections.abc import Callable

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub import admission, store_register
from server_stub.errors import Refused
from server_stub.page import Visit


def approve(visit: Visit) -> Response:
    """``POST /devices/{device}/admission/approve``."""
    return _change(visit, admission.approve, "approved-device")


def revoke(visit: Visit) -> Response:
    """``POST /devices/{device}/admission/revoke``."""
    return _change(visit, admission.revoke, "revoked-device")


def _change(visit: Visit, change: Callable[[Connection, str], bool], act: str) -> Response:
    name = str(visit.request.path_params["device"])

    def work(connection: Connection) -> bool:
        if not change(connection, name):
            return False
        store_register.log_view(connection, visit.who, act, name, visit.now)
        return True

    if not visit.collector.store.write(work):
        raise Refused(404, "no-page", visit.wording.text("error.404"))
    return RedirectResponse(f"/devices/{name}", 303)

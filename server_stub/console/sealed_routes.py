"""The addresses at which sealed parts are asked for and had, and nothing else hands one out; and
that of the keys that open them."""

from starlette.routing import Route

from server_stub.console import pages_keys, pages_openings, pages_sealed, pages_slips
from server_stub.console.page import View, shown
from server_stub.logins.auth import Role
from server_stub.two_people import ANSWERS

_OFFICER, _DIRECTOR = (Role.OFFICER,), (Role.DIRECTOR,)
_EVENT, _REQUEST, _SLIP = "/devices/{device}/{seq}", "/openings/{request}", "/slips/{slip}"
PAGES: tuple[tuple[str, str, View, tuple[Role, ...]], ...] = (
    (f"{_EVENT}/opening", "POST", pages_sealed.give_reason, _OFFICER),
    (f"{_EVENT}/open", "GET", pages_sealed.open_here, _OFFICER),
    (f"{_EVENT}/sealed", "GET", pages_sealed.sealed, _OFFICER),
    ("/keys", "GET", pages_keys.show, _OFFICER),
    ("/keys", "POST", pages_keys.enter, _OFFICER),
    ("/openings", "GET", pages_openings.overview, ANSWERS),
    (_REQUEST, "GET", pages_openings.show, ANSWERS),
    (f"{_REQUEST}/answer", "POST", pages_openings.answer, ANSWERS),
    (f"{_REQUEST}/begin", "POST", pages_openings.begin, _OFFICER),
    ("/slips", "GET", pages_slips.overview, _DIRECTOR),
    (f"{_SLIP}/open", "GET", pages_slips.open_here, _DIRECTOR),
    (f"{_SLIP}/sealed", "GET", pages_slips.sealed, _DIRECTOR),
    (f"{_SLIP}/talked", "POST", pages_slips.talked, _DIRECTOR),
)


def routes() -> list[Route]:
    """The routes of the table."""
    return [Route(path, shown(view, *who), methods=[how]) for path, how, view, who in PAGES]

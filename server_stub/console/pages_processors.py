"""The pages of the organisation's processors: the officer writes the list, IT reads it."""

from collections.abc import Mapping

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server_stub.breaches import dossier, processors
from server_stub.breaches.processors import FIELDS, Processor
from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render, shown
from server_stub.logins.auth import Role
from server_stub.storage import store_processors

EMPTY = dict.fromkeys(FIELDS, "") | {"agreement": "unknown"}
"""What the form for a new one holds."""


def routes() -> list[Route]:
    """The addresses of the list: the officer's, and to look at IT's as well."""
    number = "/processors/{processor}"
    pages_of = [
        ("/processors", "GET", show, (Role.OFFICER, Role.IT)),
        ("/processors/new", "GET", new, (Role.OFFICER,)),
        ("/processors/new", "POST", make, (Role.OFFICER,)),
        (number, "GET", one, (Role.OFFICER, Role.IT)),
        (number, "POST", save, (Role.OFFICER,)),
        (f"{number}/remove", "POST", remove, (Role.OFFICER,)),
    ]
    return [Route(path, shown(view, *roles), methods=[how]) for path, how, view, roles in pages_of]


def show(visit: Visit) -> Response:
    """``/processors``: the list, and how each agreement stands today."""
    with visit.collector.store.read() as connection:
        found = store_processors.all_processors(connection)
        fits = store_processors.history_is_whole(connection)
    today = f"{visit.now:%Y-%m-%d}"
    rows = [(one, one.standing(today)) for one in found]
    return render(
        visit, "processors.html", rows=rows, whole=fits, writes=visit.role is Role.OFFICER
    )


def new(visit: Visit) -> Response:
    """``/processors/new``: the form for one more."""
    return _page(visit, None, EMPTY)


def make(visit: Visit) -> Response:
    """``POST /processors/new``: take one into the list."""
    given = _given(visit)

    def work(connection: Connection) -> dict[str, str]:
        known = store_processors.all_processors(connection)
        wrong = processors.wrongs(given, [one.name for one in known])
        if not wrong:
            store_processors.add(connection, given, visit.who, visit.now)
        return wrong

    wrong = visit.collector.store.write(work)
    return _page(visit, None, given, wrong) if wrong else _back()


def one(visit: Visit) -> Response:
    """``/processors/{processor}``: what is written about one, and since when."""
    with visit.collector.store.read() as connection:
        found = _asked(visit, connection)
    return _page(visit, found, found.fields)


def save(visit: Visit) -> Response:
    """``POST /processors/{processor}``: write what was changed."""
    given = _given(visit)

    def work(connection: Connection) -> tuple[Processor, dict[str, str]]:
        found = _asked(visit, connection)
        others = [one for one in store_processors.all_processors(connection) if one.id != found.id]
        wrong = processors.wrongs(given, [one.name for one in others])
        if visit.form.get("seen", mark_of(found)) != mark_of(found):
            wrong = {"seen": "changed-meanwhile"} | wrong
        if not wrong:
            store_processors.change(connection, found, given, visit.who, visit.now)
        return found, wrong

    found, wrong = visit.collector.store.write(work)
    return _page(visit, found, given, wrong) if wrong else _back()


def remove(visit: Visit) -> Response:
    """``POST /processors/{processor}/remove``: take one out of the list."""

    def work(connection: Connection) -> None:
        store_processors.remove(connection, _asked(visit, connection), visit.who, visit.now)

    visit.collector.store.write(work)
    return _back()


def mark_of(found: Processor) -> str:
    """By which a form tells later which state it was shown with."""
    return dossier.mark_of("\n".join(found.fields.values()))


def _asked(visit: Visit, connection: Connection) -> Processor:
    """The processor that the path names. Raises Refused."""
    number = whole(visit.request.path_params["processor"], digits=9)
    found = store_processors.numbered(connection, number)
    if found is None:
        raise no_page(visit)
    return found


def _given(visit: Visit) -> dict[str, str]:
    """The form; the names of sub-processors one on a line, without empty lines."""
    given = {name: visit.form.get(name, "").strip().replace("\r\n", "\n") for name in FIELDS}
    lines = [line.strip() for line in given["sub_processors"].splitlines()]
    return given | {
        "name": " ".join(given["name"].split()),
        "sub_processors": "\n".join(line for line in lines if line),
    }


def _page(
    visit: Visit,
    found: Processor | None,
    given: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
) -> Response:
    lines = []
    if found is not None:
        with visit.collector.store.read() as connection:
            lines = store_processors.history(connection, found.id)
    return render(
        visit,
        "processor.html",
        422 if wrong else 200,
        found=found,
        given=given,
        wrong=wrong or {},
        seen=mark_of(found) if found else "",
        lines=lines,
        fields=FIELDS,
        agreements=processors.AGREEMENT,
        longest=processors.LONGEST,
        standing=found.standing(f"{visit.now:%Y-%m-%d}") if found else "",
        writes=visit.role is Role.OFFICER,
    )


def _back() -> Response:
    return RedirectResponse("/processors", 303)

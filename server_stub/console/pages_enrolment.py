"""The console's page about who comes in: tokens for laptops and tokens for programs.

A secret is shown in the answer to the form that made it, and never again.
"""

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from server_stub.console.asked import no_page, whole
from server_stub.console.page import Visit, render
from server_stub.logins import auth, tokens
from server_stub.logins.auth import Scope
from server_stub.logins.tokens import Wish, Wrong
from server_stub.storage import store_people, store_tokens

LISTED = 100
"""Enrolment tokens on the page; the newest."""
_SCOPE = "scope."
_FOR_LAPTOPS = {"uses": "1", "hours": "24"}
_FOR_PROGRAMS = {_SCOPE + scope: "on" for scope in auth.USUAL_SCOPES}
USUAL = _FOR_LAPTOPS | _FOR_PROGRAMS
"""What the forms hold before anybody wrote in them."""


def show(visit: Visit) -> Response:
    """``/enrolment``: the forms and the lists."""
    return _page(visit, given=USUAL)


def make(visit: Visit) -> Response:
    """``POST /enrolment/token``: a token for laptops, and the command that uses it."""
    form, config = visit.form, visit.collector.config
    wish = Wish(
        uses=whole(form.get("uses", ""), digits=9),
        hours=whole(form.get("hours", ""), digits=9),
        group=form.get("group", "").strip(),
        approve="approve" in form,
    )
    if wrongs := wish.wrongs():
        return _page(visit, 422, wrongs=wrongs, given=_FOR_PROGRAMS | form)
    token = visit.collector.store.write(
        lambda c: tokens.make(c, config.state, wish, visit.who, visit.now)
    )
    return _page(visit, command=tokens.command(visit.collector.url, token), given=USUAL)


def withdraw(visit: Visit) -> Response:
    """``POST /enrolment/withdraw``: end an enrolment token."""
    number = whole(visit.form.get("number", ""), digits=9)
    return _taken_back(
        visit,
        visit.collector.store.write(lambda c: tokens.withdraw(c, number, visit.who, visit.now)),
    )


def make_program(visit: Visit) -> Response:
    """``POST /enrolment/program``: a token for a program that pulls."""
    name = visit.form.get("name", "").strip()
    scopes = [scope.value for scope in Scope if _SCOPE + scope in visit.form]

    def work(connection: Connection) -> str | list[Wrong]:
        wrongs = tokens.api_wrongs(connection, name, scopes)
        return wrongs or tokens.make_api(connection, name, scopes, visit.who, visit.now)

    made = visit.collector.store.write(work)
    if isinstance(made, list):
        return _page(visit, 422, wrongs=made, given=_FOR_LAPTOPS | visit.form)
    return _page(visit, secret=made, given=USUAL)


def revoke_program(visit: Visit) -> Response:
    """``POST /enrolment/program-revoke``: take a program's token back."""
    name = visit.form.get("name", "")
    return _taken_back(
        visit,
        visit.collector.store.write(lambda c: tokens.revoke_api(c, name, visit.who, visit.now)),
    )


def _taken_back(visit: Visit, done: bool) -> Response:
    if not done:
        raise no_page(visit)
    return RedirectResponse("/enrolment", 303)


def _page(
    visit: Visit,
    status: int = 200,
    *,
    given: dict[str, str],
    wrongs: list[Wrong] | None = None,
    command: str = "",
    secret: str = "",
) -> Response:
    with visit.collector.store.read() as connection:
        for_laptops = store_tokens.tokens(connection, LISTED)
        for_programs = store_people.all_api_tokens(connection)
    return render(
        visit,
        "enrolment.html",
        status,
        tokens=for_laptops,
        programs=for_programs,
        scopes=tuple(Scope),
        given=given,
        wrongs=wrongs or [],
        command=command,
        secret=secret,
        most={"uses": tokens.MOST_USES, "hours": tokens.LONGEST_HOURS},
    )

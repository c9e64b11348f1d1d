"""What all console pages share: who asks, in which language, and how a page is made.

A page is a plain function from ``Visit`` to a reply. ``shown`` puts it behind the login, its role
and, for forms, behind the checks that the form came from this console and this login.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from anyio import CapacityLimiter, to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server_stub import wording
from server_stub.collector import Collector, collector_of
from server_stub.console.times import InZone
from server_stub.errors import ConfigError, Refused
from server_stub.intake import exchange
from server_stub.logins import auth, login_settings
from server_stub.logins.auth import Role
from server_stub.storage.store_people import Session
from server_stub.wording import Wording

log = logging.getLogger(__name__)
LARGEST_FORM = 65_536
MOST_FIELDS = 80
MOST_VISITS_AT_ONCE = 8
"""Of the threads that answer; a crowd at the login must leave the others to the laptops."""
FEW = 4
"""Up to here a count might point at somebody."""
LANGUAGE_COOKIE = "language"
FORMS = (
    "/aware",
    "/told",
    "/routed",
    "/dispute",
    "/opening",
    "/question",
    "/admission/approve",
    "/admission/revoke",
    "/call",
    "/step",
    "/close",
    "/reopen",
    "/task",
    "/task-done",
    "/password",
    "/others",
    "/off",
    "/sso/done",
    "/readers/remove",
    "/remove",
    "/token",
    "/withdraw",
    "/program",
    "/program-revoke",
    "/answer",
    "/begin",
    "/talked",
)
"""Ends of addresses that only take forms."""
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["number"] = lambda text: int(text) if text else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit(InZone):
    """One request to the console. ``session`` is None where no login is needed."""

    request: Request
    collector: Collector
    wording: Wording
    session: Session | None
    now: datetime
    form: dict[str, str] = field(default_factory=dict)

    def here_in(self, language: str) -> str:
        """The address of this page in another language, with what was asked of it.

        What an address asks that has no page of its own, such as the answer of an identity
        provider, is for that one time.
        """
        own = self.request.method == "GET" and self.here == self.request.url.path
        asked = dict(self.request.query_params) if own else {}
        return f"{self.here}?{urlencode(asked | {'lang': language})}"

    @property
    def who(self) -> str:
        """The name of the person who is logged in, or still has to show the second factor."""
        return self.session.user.name if self.session else ""

    @property
    def role(self) -> Role | None:
        """The role of the person who is logged in."""
        whole = self.session is not None and not self.session.waiting
        return Role(self.session.user.role) if self.session and whole else None

    @property
    def must_set_up(self) -> bool:
        """Whether this person must have a second factor and has none. Raises Refused."""
        if self.session is None or self.session.user.factor is not None:
            return False
        return self.session.user.role in self.login_settings.require_factor

    @property
    def login_settings(self) -> login_settings.Settings:
        """How people log in. Raises Refused if that cannot be read: then nobody does."""
        try:
            return login_settings.read(self.collector.config.state)
        except ConfigError as error:
            log.error("%s", error)
            raise Refused(503, "login-settings", "nobody can tell who may come in") from error

    @property
    def address(self) -> str:
        """Where the caller sits."""
        client = self.request.client
        return client.host if client else "unknown"

    @property
    def here(self) -> str:
        """The address at which this page can be loaded anew; a refused form has none itself.

        One slash at the beginning: a browser takes ``//name`` for another host.
        """
        path = self.request.url.path.lstrip("/\\")
        for form in FORMS:
            path = path.removesuffix(form)
        return "/" + path

    def blurred(self, count: int) -> str:
        """A count; for management small ones only roughly, so that they point at nobody."""
        return f"1–{FEW}" if self.role is Role.MANAGEMENT and 1 <= count <= FEW else str(count)

    def moment(self, value: datetime) -> Markup:
        """A moment for people, in the collector's time zone, with the zone's name."""
        local = value.astimezone(self.collector.config.zone)
        return Markup('<time datetime="{}">{} <small>{}</small></time>').format(
            value.isoformat(), f"{local:%Y-%m-%d %H:%M}", local.tzname()
        )

    @property
    def zone(self) -> tzinfo | None:
        """That in which times are shown and written; None for the machine's own."""
        return self.collector.config.zone


View = Callable[[Visit], Response]


def shown(view: View, *roles: Role, sets_up: bool = False) -> Callable[[Request], Any]:
    """An endpoint that shows a page to these roles; without roles to everybody.

    ``sets_up`` is for the pages that who must have a second factor sees without one."""

    async def endpoint(request: Request) -> Response:
        form = await _read_form(request) if request.method == "POST" else {}
        return await to_thread.run_sync(
            _answer, request, view, roles, sets_up, form, limiter=_limiter(request)
        )

    return endpoint


def render(visit: Visit, template: str, status: int = 200, **values: object) -> Response:
    """A page from a template."""
    text = template_named(template).render(
        visit=visit,
        w=visit.wording,
        languages=visit.collector.languages.values(),
        role=visit.role,
        **values,
    )
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def template_named(name: str) -> Template:
    """A template, which takes every value as text and nothing that is not there."""
    return _TEMPLATES.get_template(name)


def visit_of(request: Request, session: Session | None, form: dict[str, str]) -> Visit:
    """A request as pages get it."""
    collector = collector_of(request)
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    accepted = request.headers.get("accept-language")
    return Visit(
        request=request,
        collector=collector,
        wording=wording.choose(collector.languages, chosen, accepted),
        session=session,
        now=collector.now(),
        form=form,
    )


def _limiter(request: Request) -> CapacityLimiter:
    """One for the whole collector; it can only be made once an event loop runs."""
    kept = request.app.state
    if not hasattr(kept, "visits"):
        kept.visits = CapacityLimiter(MOST_VISITS_AT_ONCE)
    limiter = kept.visits
    assert isinstance(limiter, CapacityLimiter)
    return limiter


def _answer(
    request: Request, view: View, roles: tuple[Role, ...], sets_up: bool, form: dict[str, str]
) -> Response:
    collector = collector_of(request)
    session = auth.session_of(collector.store, request.cookies.get(auth.COOKIE), collector.now())
    visit = visit_of(request, session, form)
    if roles and (place := _led_to(visit, sets_up)):
        return RedirectResponse(place, 303)
    if roles and (visit.role not in roles or _of_another_case(visit)):
        raise Refused(403, "wrong-role", visit.wording.text("error.403"))
    if request.method == "POST":
        auth.check_origin(request.headers.get("origin"), request.headers.get("host"))
        if session is not None:
            auth.check_csrf(session, form.get("csrf", ""))
    return _keep_language(request, view(visit), visit)


def _led_to(visit: Visit, sets_up: bool) -> str:
    """Where somebody has to go before they see a page; empty if they may see it now."""
    if visit.session is None:
        return "/login"
    if visit.session.waiting:
        return "/login/code"
    return "/account/factor" if not sets_up and visit.must_set_up else ""


def _of_another_case(visit: Visit) -> bool:
    """Whether a reader asks for another entry than theirs, be it there or not."""
    if visit.session is None or visit.role is not Role.READER:
        return False
    asked = visit.request.path_params
    return "number" in asked and asked["number"] != visit.session.user.reads


async def _read_form(request: Request) -> dict[str, str]:
    body = await exchange.read_body(request, LARGEST_FORM)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Refused(400, "malformed", "the form cannot be read") from error
    if any("\0" in word for pair in pairs for word in pair):  # PostgreSQL takes none in a text
        raise Refused(400, "malformed", "the form holds a NUL")
    return dict(pairs)


def _keep_language(request: Request, reply: Response, visit: Visit) -> Response:
    """Remember a language that was just chosen."""
    if request.query_params.get("lang") == visit.wording.language:
        reply.set_cookie(
            LANGUAGE_COOKIE,
            visit.wording.language,
            max_age=31_536_000,
            secure=True,
            httponly=True,
            samesite="lax",
        )
    return reply

"""Routes to functions, and what holds for every request: headers, and an answer to every error."""

import logging
import traceback
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

from h11 import LocalProtocolError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.wire import messages
from agent.wire.contact import CONTACT_PATH
from server_stub.collector import Collector, collector_of
from server_stub.console import (
    login_routes,
    pages,
    pages_calls,
    pages_devices,
    pages_disputes,
    pages_dossier,
    pages_enrolment,
    pages_entry,
    pages_events,
    pages_figures,
    pages_fleet,
    pages_letters,
    pages_overview,
    pages_papers,
    pages_plan,
    pages_policy,
    pages_processors,
    pages_readers,
    pages_register,
    pages_requests,
    pages_sticks,
    sealed_routes,
)
from server_stub.console.page import render, shown, visit_of
from server_stub.errors import Refused, StoreError
from server_stub.intake import exchange, pace, wire_endpoints
from server_stub.logins.auth import Role
from server_stub.pull import metrics_endpoint, openapi, pull_endpoints

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "console" / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that a browser would not say which page a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LOOKS = (Role.IT, Role.OFFICER)
_COUNTS = (*_LOOKS, Role.MANAGEMENT)


def routes() -> list[Route | Mount]:
    """Every address of the collector."""
    event = "/devices/{device}/{seq}"
    return [
        Route(messages.CA_PATH, wire_endpoints.get_ca, methods=["GET"]),
        Route(messages.ENROL_PATH, wire_endpoints.post_enrol, methods=["POST"]),
        Route(messages.EVENTS_PATH, wire_endpoints.post_events, methods=["POST"]),
        Route(CONTACT_PATH, wire_endpoints.post_contact, methods=["POST"]),
        Route(messages.ROTATE_PATH, wire_endpoints.post_rotate, methods=["POST"]),
        *pull_endpoints.routes(),
        Route(openapi.PATH, openapi.get_document, methods=["GET"]),
        Route(
            metrics_endpoint.PATH, pace.few_at_once(metrics_endpoint.get_metrics), methods=["GET"]
        ),
        Route("/", shown(pages.home, *Role), methods=["GET"]),
        *login_routes.routes(),
        Route("/overview", shown(pages_overview.overview, *_COUNTS), methods=["GET"]),
        *_figures(),
        Route("/faults/{number}/seen", shown(pages_overview.mark_seen, *_LOOKS), methods=["POST"]),
        Route("/devices", shown(pages_fleet.devices, *_LOOKS), methods=["GET"]),
        Route("/devices/{device}", shown(pages.device, *_LOOKS), methods=["GET"]),
        Route(
            "/devices/{device}/admission/approve",
            shown(pages_devices.approve, Role.IT),
            methods=["POST"],
        ),
        Route(
            "/devices/{device}/admission/revoke",
            shown(pages_devices.revoke, Role.IT),
            methods=["POST"],
        ),
        Route(event, shown(pages.event, *_LOOKS), methods=["GET"]),
        Route(f"{event}/stick", shown(pages_sticks.stick, *_LOOKS), methods=["GET"]),
        Route(f"{event}/breach", shown(pages_register.open_breach, Role.OFFICER), methods=["POST"]),
        Route(f"{event}/question", shown(pages_letters.ask, Role.OFFICER), methods=["POST"]),
        Route(f"{event}/dispute", shown(pages_disputes.mark, Role.OFFICER), methods=["POST"]),
        Route("/events", shown(pages_events.by_receipt, *_LOOKS), methods=["GET"]),
        Route("/events/{event}", shown(pages_events.by_number, *_LOOKS), methods=["GET"]),
        Route("/requests", shown(pages_requests.show, *_LOOKS), methods=["GET"]),
        Route("/requests", shown(pages_requests.answer, *_LOOKS), methods=["POST"]),
        Route("/disputes", shown(pages_disputes.overview, *_LOOKS), methods=["GET"]),
        Route("/policy", shown(pages_policy.show, *_LOOKS), methods=["GET"]),
        *sealed_routes.routes(),
        *_enrolment(),
        *pages_processors.routes(),
        *_register(),
        Route("/calls/{call}", shown(pages_calls.show, *_COUNTS), methods=["GET"]),
        Route("/calls/{call}", shown(pages_calls.answer, *_COUNTS), methods=["POST"]),
        Route("/log", shown(pages_register.log_page, Role.OFFICER), methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _figures() -> list[Route]:
    """The addresses of the counts of the organisation, and of their plots."""
    pages_of = [
        ("/figures", pages_figures.show),
        ("/figures/laptops.svg", pages_figures.laptops_plot),
        ("/figures/events/{kind}.svg", pages_figures.events_plot),
    ]
    return [Route(path, shown(view, *_COUNTS), methods=["GET"]) for path, view in pages_of]


def _enrolment() -> list[Route]:
    """The addresses of the tokens, which are IT's."""
    pages_of = [
        ("/enrolment", "GET", pages_enrolment.show),
        ("/enrolment/token", "POST", pages_enrolment.make),
        ("/enrolment/withdraw", "POST", pages_enrolment.withdraw),
        ("/enrolment/program", "POST", pages_enrolment.make_program),
        ("/enrolment/program-revoke", "POST", pages_enrolment.revoke_program),
    ]
    return [Route(path, shown(view, Role.IT), methods=[how]) for path, how, view in pages_of]


def _register() -> list[Route]:
    """The addresses of the breach register: the officer's, and of one entry to its readers."""
    entry = "/register/{number}"
    pages_of = [
        ("/register", "GET", pages_register.breaches),
        ("/register/export", "GET", pages_register.export),
        ("/register/new", "GET", pages_dossier.new),
        ("/register/new", "POST", pages_dossier.make),
        (entry, "GET", pages_register.breach),
        (f"{entry}/aware", "POST", pages_register.set_aware),
        (f"{entry}/told", "POST", pages_register.set_told),
        (f"{entry}/routed", "POST", pages_register.set_routed),
        (f"{entry}/history", "GET", pages_register.history),
        (f"{entry}/dossier", "GET", pages_dossier.show),
        (f"{entry}/dossier/{{section}}", "GET", pages_dossier.edit),
        (f"{entry}/dossier/{{section}}", "POST", pages_dossier.save),
        (f"{entry}/papers", "GET", pages_papers.show),
        (f"{entry}/papers/{{form}}", "GET", pages_papers.one),
        (f"{entry}/plan", "GET", pages_plan.show),
        (f"{entry}/plan/call", "POST", pages_calls.call),
        (f"{entry}/plan/step", "POST", pages_plan.note_step),
        (f"{entry}/plan/close", "POST", pages_plan.close_phase),
        (f"{entry}/plan/reopen", "POST", pages_plan.reopen),
        (f"{entry}/plan/task", "POST", pages_plan.give_task),
        (f"{entry}/plan/task-done", "POST", pages_plan.end_task),
        (f"{entry}/readers", "GET", pages_readers.show),
        (f"{entry}/readers", "POST", pages_readers.add),
        (f"{entry}/readers/remove", "POST", pages_readers.remove),
    ]
    read = {entry, *(f"{entry}/{part}" for part in pages_entry.PARTS)}
    return [
        Route(
            path,
            shown(view, Role.OFFICER, *((Role.READER,) if how == "GET" and path in read else ())),
            methods=[how],
        )
        for path, how, view in pages_of
    ]


def make_app(collector: Collector) -> ASGIApp:
    """The collector as an ASGI application."""
    app = Starlette(
        routes=routes(),
        exception_handlers={Refused: _refused, StoreError: _store_failed, HTTPException: _http},
    )
    app.state.collector = collector
    # Starlette would lead to the host that the caller names, which need not be this one.
    app.router.redirect_slashes = False
    return Guard(app, HEADERS | _keep_to_https(collector.url))


class Guard:
    """Round every request: the security headers, and an answer when something unforeseen fails."""

    def __init__(self, app: Starlette, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["app"] = self.app
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(scope["path"], MutableHeaders(raw=message["headers"]))
            await send(message)

        try:
            if _holds_nul(scope):
                reply = _fail(Request(scope, receive), 400, "malformed", "the address holds a NUL")
                await reply(scope, receive, send_on)
                return
            await self.app(scope, receive, send_on)
        except (ClientDisconnect, LocalProtocolError):
            # Gone in the middle, or its body was no HTTP and uvicorn has answered it already.
            log.info("a caller broke off in the middle of a request")
        except Exception as error:
            # Neither the request nor the error's own text, which may hold part of it.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("unforeseen %s in the collector:\n%s", type(error).__name__, place)
            if not started:
                reply = _fail(Request(scope, receive), 500, "fault", "the collector failed")
                await reply(scope, receive, send_on)

    def _add_headers(self, path: str, headers: MutableHeaders) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        # What a laptop shared by many keeps of a reply is the style sheet and nothing else.
        headers.setdefault(
            "Cache-Control", "no-cache" if path.startswith("/static/") else "no-store"
        )
        headers.setdefault("Date", formatdate(usegmt=True))


def _holds_nul(scope: Scope) -> bool:
    """Whether an address holds what no name here has, and PostgreSQL takes in no text."""
    return "\0" in scope["path"] or b"%00" in scope["query_string"]


def _keep_to_https(url: str) -> dict[str, str]:
    """Browsers remember it for the whole host, so never for one that others share."""
    shared = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    return {} if shared else {"Strict-Transport-Security": "max-age=31536000"}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    reply = _fail(request, error.status, error.code, error.message)
    if error.retry_after is not None:
        reply.headers["Retry-After"] = str(error.retry_after)
    return reply


async def _store_failed(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    reply = _fail(request, 503, "storage", "the collector's database cannot answer: try later")
    reply.headers["Retry-After"] = "60"
    return reply


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "no-page", 405: "no-method"}.get(error.status_code, "refused")
    reply = _fail(request, error.status_code, code, error.detail)
    reply.headers.update(error.headers or {})
    return reply


def _fail(request: Request, status: int, code: str, message: str) -> Response:
    """An answer to what went wrong: a signed Problem for programs, a page for people."""
    collector = collector_of(request)
    if request.url.path.startswith(("/v1/", "/api/", metrics_endpoint.PATH)):
        body = exchange.problem(code, message)
        return exchange.reply(request, collector.reply_key, collector.now(), status, body)
    visit = visit_of(request, None, {})
    texts = visit.wording.texts
    text = texts.get(f"error.{code}") or texts.get(f"error.{status}") or texts["error.500"]
    return render(visit, "error.html", status, text=text)

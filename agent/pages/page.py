"""What every page shares: the visit, the form that came with it, and how it is drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from agent import person
from agent.pages.upload import Received, Sent, receive
from agent.person import Known
from agent.texts import has, language_for, say

LARGEST_FORM = 128 * 1024
"""Bytes."""
MOST_FIELDS = 50
MENU = ("leak", "letters", "mine", "protect", "ask", "notice")
"""The pages that every page leads to; ``page-`` and the word is the key of its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What the pages stand on: the agent's socket, the person's folder, and their language."""

    socket: Path
    place: Path
    wished: str | None

    @property
    def uploads(self) -> Path:
        """The folder in which files lie, without a name, while they are worked on."""
        return self.place / "protect"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request as a page gets it; ``trouble`` says why files that came with it are not whole."""

    request: Request
    house: House
    known: Known
    form: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Sent] = ()
    trouble: str = ""

    @property
    def language(self) -> str:
        """The person's own language, else the organisation's, else English."""
        return language_for(self.house.wished, self.known.language)

    def say(self, key: str, **values: str | int) -> str:
        """A sentence in the person's language."""
        return say(self.language, key, **values)

    def path(self, page: str) -> str:
        """The path of a page."""
        return f"{self.request.scope['root_path']}/{page}"

    def lead_to(self, page: str) -> Response:
        """Go on to another page, after a form was taken."""
        return RedirectResponse(self.path(page), 303)


View = Callable[[Visit], Response]


def shown(view: View) -> Callable[[Request], "object"]:
    """A view as an endpoint: it may wait for the agent, and so works in a thread."""

    async def endpoint(request: Request) -> Response:
        try:
            form = await _form(request) if request.method == "POST" else {}
        except (ValueError, ClientDisconnect):
            return _unreadable()
        return await run_in_threadpool(_answer, view, request, Received(fields=form))

    return endpoint


def shown_with_files(view: View) -> Callable[[Request], "object"]:
    """The same for a form that brings files; they are gone when the view has answered."""

    async def endpoint(request: Request) -> Response:
        try:
            received = await receive(request, request.app.state.house.uploads)
        except (ValueError, ClientDisconnect):
            return _unreadable()
        try:
            return await run_in_threadpool(_answer, view, request, received)
        finally:
            received.close()

    return endpoint


def _unreadable() -> Response:
    return PlainTextResponse("the form cannot be read\n", 400)


def render(visit: Visit, template: str, status: int = 200, **values: object) -> Response:
    """A page from its template, which takes every value as text."""
    given = {
        "visit": visit,
        "say": visit.say,
        "has": has,
        "path": visit.path,
        "contact": visit.known.contact,
        "pages": MENU,
    }
    text = _templates().get_template(template).render(**given, **values)
    return HTMLResponse(text, status)


def local_time(moment: datetime | str) -> str:
    """A moment by this laptop's clock, for people."""
    given = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{given.astimezone():%d-%m-%Y %H:%M}"


def _answer(view: View, request: Request, given: Received) -> Response:
    house = request.app.state.house
    assert isinstance(house, House)
    known = person.known(house.socket, house.place)
    visit = Visit(
        request=request,
        house=house,
        known=known,
        form=given.fields,
        files=given.files,
        trouble=given.trouble,
    )
    return view(visit)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, the last of a name. Raises ValueError if it is none, or too long."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            raise ValueError("too long")
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    return {name: text.replace("\r\n", "\n").strip() for name, text in pairs}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("agent.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

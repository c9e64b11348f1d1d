"""Every page, by its address. A page is a module with a view, and a line here."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agent.pages import leak
from agent.pages.page import House, shown

STATIC = Path(__file__).parent / "static"
PAGES = ("leak",)
"""The pages that can be opened by their name."""


def make_app(house: House) -> Starlette:
    """The pages; they stand behind a ``Door``."""
    routes = [
        Route("/leak", shown(leak.show), methods=["GET"]),
        Route("/leak", shown(leak.take), methods=["POST"]),
        Route("/leak/{number}", shown(leak.receipt), methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(routes=routes)
    app.state.house = house
    app.router.redirect_slashes = False
    return app

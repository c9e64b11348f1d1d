"""Every page, by its address. A page is a module with a view, and a line here."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agent.pages import leak, mine, mine_acts
from agent.pages.page import House, shown

STATIC = Path(__file__).parent / "static"
PAGES = ("leak", "mine")
"""The pages that can be opened by their name."""


def make_app(house: House) -> Starlette:
    """The pages; they stand behind a ``Door``."""
    routes = [
        Route("/leak", shown(leak.show), methods=["GET"]),
        Route("/leak", shown(leak.take), methods=["POST"]),
        Route("/leak/{number}", shown(leak.receipt), methods=["GET"]),
        Route("/mine", shown(mine.show), methods=["GET"]),
        Route("/mine/everything.json", shown(mine.export), methods=["GET"]),
        Route("/mine/month/{month}", shown(mine.month), methods=["GET"]),
        Route("/mine/object", shown(mine_acts.show_general), methods=["GET"]),
        Route("/mine/object", shown(mine_acts.object_in_general), methods=["POST"]),
        Route("/mine/{number}", shown(mine_acts.show), methods=["GET"]),
        Route("/mine/{number}/left.json", shown(mine.left), methods=["GET"]),
        Route("/mine/{number}/back", shown(mine_acts.back), methods=["POST"]),
        Route("/mine/{number}/wrong", shown(mine_acts.wrong), methods=["POST"]),
        Route("/mine/{number}/object", shown(mine_acts.object_to), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(routes=routes)
    app.state.house = house
    app.router.redirect_slashes = False
    return app

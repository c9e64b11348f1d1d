"""Every page, by its address. A page is a module with a view, and a line here."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from agent.pages import ask, leak, letters, mine, mine_acts, notice, protect, slip
from agent.pages.page import House, shown, shown_with_files
from agent.pages.waiting import Waiting

STATIC = Path(__file__).parent / "static"


def routes() -> list[Route]:
    """The address of every page."""
    return [
        Route("/leak", shown(leak.show), methods=["GET"]),
        Route("/leak", shown(leak.take), methods=["POST"]),
        Route("/leak/{number}", shown(leak.receipt), methods=["GET"]),
        Route("/slip", shown(slip.show), methods=["GET"]),
        Route("/slip", shown(slip.take), methods=["POST"]),
        Route("/letters", shown(letters.show), methods=["GET"]),
        Route("/letters/{number}", shown(letters.answer), methods=["POST"]),
        Route("/ask", shown(ask.show), methods=["GET"]),
        Route("/ask", shown(ask.take), methods=["POST"]),
        Route("/ask/{receipt}", shown(ask.asked), methods=["GET"]),
        Route("/notice", shown(notice.show), methods=["GET"]),
        Route("/notice", shown(notice.take), methods=["POST"]),
        Route("/protect", shown(protect.show), methods=["GET"]),
        Route("/protect", shown_with_files(protect.take), methods=["POST"]),
        Route("/protect/{word}", shown(protect.ready), methods=["GET"]),
        Route("/protect/{word}/copy", shown(protect.download), methods=["GET"]),
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
    ]


def make_app(house: House) -> Starlette:
    """The pages; they stand behind a ``Door``."""
    app = Starlette(routes=[*routes(), Mount("/static", StaticFiles(directory=STATIC))])
    app.state.house = house
    app.state.waiting = Waiting()
    app.router.redirect_slashes = False
    return app

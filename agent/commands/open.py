"""``dossierwacht open``: a page of the staff member's own, in their browser."""

import argparse
import os
from pathlib import Path

from agent import person
from agent.errors import AgentError
from agent.texts import language_of

PAGES = ("leak", "slip", "mine", "letters", "protect", "ask", "notice")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht open``."""
    parser.add_argument("page", choices=PAGES, help="which page")
    parser.add_argument("--print", action="store_true", help="print the address, start no browser")


def main(arguments: argparse.Namespace) -> int:
    """Open a page and serve it while it is used; 1 if no browser was found."""
    try:
        from agent.pages.page import House
        from agent.pages.serve import open_page
    except ImportError as error:
        raise AgentError(
            f"the pages are not installed ({error.name} is missing); "
            "use `dossierwacht leak report` or `dossierwacht protect` in a terminal"
        ) from error
    house = House(socket=arguments.socket, place=person.folder(), wished=language_of(os.environ))
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) if runtime.startswith("/") else None
    return open_page(house, arguments.page, folder, show=not arguments.print)

"""What the entries of the menu begin: a page in the browser, a form in a terminal, a lock.

Nobody who chose an entry is left without an answer: where the page does not open, the form in a
terminal does; where there is no terminal, the words to type are told.
"""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from agent import control
from agent.texts import say
from agent.tray.view import (
    DISPUTE_COMMAND,
    LEAK_COMMAND,
    OVERRIDE_COMMAND,
    WANT_BACK_COMMAND,
    Notice,
)

if sys.platform == "linux":
    from agent.tray.entries_linux import start_in_terminal, start_page
else:
    raise ImportError(f"the tray does not run on {sys.platform} yet")

log = logging.getLogger(__name__)

PAGES = {
    "tray-report-leak": "leak",
    "tray-letters": "letters",
    "tray-notice": "notice",
    "tray-mine": "mine",
    "tray-protect": "protect",
    "tray-ask": "ask",
}
"""Entries that open a page, and what ``dossierwacht open`` calls it."""
FORMS = {
    "tray-dispute": DISPUTE_COMMAND,
    "tray-want-back": WANT_BACK_COMMAND,
    "tray-override": OVERRIDE_COMMAND,
}
"""Entries that open a form in a terminal."""
TERMINAL_INSTEAD = {"leak": LEAK_COMMAND}
"""The form that does what a page would have done."""


class Begun:
    """Begins what was chosen, and tells through ``tell`` what came of it."""

    def __init__(
        self,
        socket: Path,
        tell: Callable[[Notice], None],
        language: Callable[[], str],
        contact: Callable[[], str],
    ) -> None:
        self._socket = socket
        self._tell = tell
        self._language = language
        self._contact = contact

    def table(self) -> Mapping[str, Callable[[], None]]:
        """Each entry's key and what it begins; none of it keeps the caller waiting."""
        works: dict[str, Callable[[], None]] = {"tray-walk-away": self.walk_away}
        works |= {key: partial(self.open, page) for key, page in PAGES.items()}
        works |= {key: partial(self.in_terminal, words) for key, words in FORMS.items()}
        return {key: partial(_beside, key, work) for key, work in works.items()}

    def open(self, page: str) -> None:
        """Open a page in the browser, or what there is in its place."""
        if start_page(["open", page, "--socket", str(self._socket)]):
            return
        log.info("the page '%s' did not open", page)
        if page in TERMINAL_INSTEAD:
            self.in_terminal(TERMINAL_INSTEAD[page])
        else:
            contact = self._contact() or "IT"
            self._tell(Notice("page", say(self._language(), "tray-no-page", contact=contact)))

    def hand_over(self) -> None:
        """Have what waited for the agent given to it, beside all else."""
        _beside("hand-over", lambda: start_page(["hand-over", "--socket", str(self._socket)]))

    def show_notice(self) -> None:
        """Open the notice to the staff, which this person has not read yet."""
        _beside("notice", partial(self.open, "notice"))

    def in_terminal(self, words: str) -> None:
        """Open a form in a terminal, or tell the words to type."""
        if not start_in_terminal([*words.split()[1:], "--socket", str(self._socket)]):
            text = say(self._language(), "tray-leak-command", command=words)
            self._tell(Notice(words, text))

    def walk_away(self) -> None:
        """Lock the screen now; say so if it did not come to that."""
        try:
            locked = control.ask(self._socket, "walk-away").get("locked") is True
        except control.ControlError as error:
            log.info("the screen was not locked: %s", error)
            locked = False
        if not locked:
            self._tell(Notice("lock", say(self._language(), "tray-not-locked")))


def _beside(key: str, work: Callable[[], object]) -> None:
    log.info("chosen: %s", key)
    threading.Thread(target=work, daemon=True).start()

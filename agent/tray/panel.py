"""``dossierwacht tray``: the agent's face in the staff member's session.

A process of its own with the person's own rights. It waits at the control socket for news, shows an
icon, and tells by notification when something was put away, blocked or is about to be locked. It
sleeps unless the agent, the desktop or the person says something.
It holds no data and decides nothing: an agent that is gone turns the icon grey, a desktop without
a panel still gets the messages, one without notifications still gets the icon, and what the icon
offers can be had on the command line too.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from agent import control, session_bus
from agent.texts import language_for, language_of, say
from agent.tray.entries import Begun
from agent.tray.item_on_bus import ItemOnBus
from agent.tray.place import Icon, Place
from agent.tray.view import (
    ENTRIES,
    LEAK_COMMAND,
    Notice,
    Status,
    View,
    contact_of,
    lock_notice,
    messages_in,
    notices,
    view_of,
)

if sys.platform == "linux":
    from agent.tray.panel_linux import find_icon, has_screen
else:
    raise ImportError(f"the tray does not run on {sys.platform} yet")

log = logging.getLogger(__name__)

PANEL_SECONDS = 30.0
"""After these the person is told that there is no place for the icon: panels start late."""
LONGEST_WAIT = 300.0
"""Seconds for which the agent is asked to wait for a change."""
ANSWER_SECONDS = 15.0
"""The agent may take so much longer to answer."""
PAUSE = 0.5
"""Seconds between two questions at the least."""
FIRST_RETRY, LAST_RETRY = 1.0, 30.0
"""Seconds before an agent that does not answer is asked again; doubled each time."""

Ask = Callable[[str, float, str], Status]
"""Asks for another status than that of a revision, for so long, and says where the icon is."""


class Tray:
    """What is known between two looks at the agent."""

    def __init__(
        self,
        ask: Ask,
        icon: Icon,
        notify: Callable[..., int],
        wished: str | None,
        clock: Callable[[], float] = time.monotonic,
        arrived: Callable[[], None] = lambda: None,
        show_notice: Callable[[], None] = lambda: None,
    ) -> None:
        self.ask = ask
        self.icon = icon
        self.notify = notify
        self.wished = wished
        self.language = language_for(wished, "")
        self.shown: dict[str, int] = {}
        self.seen: set[str] | None = None
        self.view: View | None = None
        self.contact = ""
        self.revision = ""
        self.failures = 0
        self.clock = clock
        self.began = clock()
        self.told_nowhere = False
        self.arrived = arrived
        self.show_notice = show_notice
        self.notice_shown = False

    def look(self) -> float:
        """Wait for news, show and tell them; seconds to pause before the next look."""
        try:
            status = self.ask(self.revision, self._wait(), self._place())
        except control.ControlError as error:
            return self._unanswered(error)
        if not self.revision:  # the first answer, or the first after the agent was away
            self.arrived()
        self.failures = 0
        self.revision = str(status.get("revision", ""))
        self.language = language_for(self.wished, str(status.get("language", "")))
        self.contact = contact_of(status)
        self._show(view_of(status, self.language))
        for notice in self._news(messages_in(status)):
            self.tell(notice)
        warning = lock_notice(status, self.language)
        if warning is not None:
            self.tell(warning)
        self._show_notice_once(status)
        self._tell_if_nowhere()
        return PAUSE

    def keep_looking(self, stop: threading.Event, screen: Callable[[], bool]) -> None:
        """Look until told to stop, or until nobody can see it."""
        while not stop.is_set() and screen():
            stop.wait(self.look())

    def tell(self, notice: Notice) -> None:
        """Show a notification in the place of the last one of its topic, if anybody shows any."""
        title = say(self.language, "tray-title")
        try:
            replaces = self.shown.get(notice.topic, 0)
            self.shown[notice.topic] = self.notify(
                title, notice.text, replaces=replaces, lasts=notice.lasts
            )
        except session_bus.BusError as error:
            log.info("not shown: %s (%s)", notice.text, error)

    def _unanswered(self, error: control.ControlError) -> float:
        """An agent that takes up another policy is back at once, so only the second time counts."""
        log.info("%s", error)
        self.revision = ""
        self.failures += 1
        if self.failures > 1:
            self.language = language_for(self.wished, "")
            self._show(view_of(None, self.language))
        self._tell_if_nowhere()
        return float(min(FIRST_RETRY * 2 ** (self.failures - 1), LAST_RETRY))

    def _show(self, view: View) -> None:
        if view != self.view or not self.icon.placed():
            self.view = view
            self.icon.show(view, self.language)

    def _news(self, messages: Mapping[str, Mapping[str, Any]]) -> list[Notice]:
        """What was not told yet. Of what happened before the tray ran, the last alone."""
        if self.seen is None:
            new = list(messages.values())[-1:]
        else:
            new = [message for key, message in messages.items() if key not in self.seen]
        self.seen = set(messages)
        return notices(new, self.language)

    def _show_notice_once(self, status: Status) -> None:
        """Once in a session, and again only for a notice that came meanwhile."""
        unread = status.get("notice_unread") is True
        if unread and not self.notice_shown:
            self.show_notice()
        self.notice_shown = unread

    def _nowhere(self) -> bool:
        return self.clock() - self.began >= PANEL_SECONDS and not self.icon.placed()

    def _place(self) -> str:
        return "none" if self._nowhere() else "panel"

    def _wait(self) -> float:
        """Not past the moment at which a desktop without a place is told of."""
        left = self.began + PANEL_SECONDS - self.clock()
        return LONGEST_WAIT if self.icon.placed() or left <= 0 else left

    def _tell_if_nowhere(self) -> None:
        """Once, and only when the panel has had time to start."""
        if self._nowhere() and not self.told_nowhere:
            self.told_nowhere = True
            self.tell(Notice("panel", say(self.language, "tray-no-panel", command=LEAK_COMMAND)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht tray``."""
    parser.add_argument("--verbose", action="store_true", help="say more about what is done")


def main(arguments: argparse.Namespace) -> int:
    """Show the icon until SIGTERM or the end of the session; 1 if there is no screen."""
    level = logging.INFO if arguments.verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="tray: %(message)s")
    wished = language_of(os.environ)
    if not has_screen():
        print(say(wished or "en", "tray-no-display"), file=sys.stderr)
        return 1
    stop = threading.Event()
    begun: dict[str, Callable[[], None]] = {}
    icon = Place(_on_bus(begun), partial(find_icon, begun), has_screen)
    tray = Tray(partial(_status, arguments.socket), icon, session_bus.notify, wished)
    entries = Begun(arguments.socket, tray.tell, lambda: tray.language, lambda: tray.contact)
    begun |= entries.table()
    tray.arrived, tray.show_notice = entries.hand_over, entries.show_notice

    def end(*_: object) -> None:
        stop.set()
        icon.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=_look, args=(tray, stop, icon), daemon=True).start()
    icon.run()
    return 0


def _look(tray: Tray, stop: threading.Event, icon: Place) -> None:
    try:
        tray.keep_looking(stop, has_screen)
    finally:
        icon.stop()


def _on_bus(begun: Mapping[str, Callable[[], None]]) -> ItemOnBus:
    return ItemOnBus(lambda: begun[ENTRIES[0]](), lambda key: begun[key]())


def _status(socket: Path, revision: str, wait: float, place: str) -> Status:
    timeout = wait + ANSWER_SECONDS
    return control.ask(socket, "watch", timeout=timeout, revision=revision, wait=wait, place=place)

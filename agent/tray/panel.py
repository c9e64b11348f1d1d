"""``dossierwacht tray``: the agent's face in the staff member's session.

A process of its own with the person's own rights. It asks the agent over the control socket, shows
an icon, and tells by notification when something was put away, blocked or is about to be locked.
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
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agent import control, own_key, person, session_bus
from agent.texts import language_of, say
from agent.tray.view import (
    DISPUTE_COMMAND,
    LEAK_COMMAND,
    OVERRIDE_COMMAND,
    WANT_BACK_COMMAND,
    Notice,
    Status,
    View,
    language_for,
    lock_notice,
    messages_in,
    notices,
    view_of,
)

if sys.platform == "linux":
    from agent.tray.panel_linux import find_icon, has_screen, start_in_terminal
else:
    raise ImportError(f"the tray does not run on {sys.platform} yet")

log = logging.getLogger(__name__)

SECONDS = 2.0
"""Between two questions to the agent."""
SECONDS_COUNTING = 1.0
"""The same while the screen is about to lock."""
ASK_SECONDS = 5.0
LOOKS_WITHOUT_PANEL = 15
"""Looks before the person is told that there is no place for the icon: panels start late."""


class Icon(Protocol):
    """A place on the desktop for the icon, or the lack of one."""

    def show(self, view: View, language: str) -> None: ...

    def placed(self) -> bool:
        """Whether the desktop has taken it in, as far as that can be told."""
        ...

    def run(self, look: Callable[[], None]) -> None:
        """Start ``look`` in a thread of its own and serve the icon until ``stop``."""
        ...

    def stop(self) -> None: ...


class Tray:
    """What is known between two looks at the agent."""

    def __init__(
        self,
        ask: Callable[[], Status],
        icon: Icon,
        notify: Callable[..., int],
        wished: str | None,
    ) -> None:
        self.ask = ask
        self.icon = icon
        self.notify = notify
        self.wished = wished
        self.language = language_for(wished, None)
        self.shown: dict[str, int] = {}
        self.seen: set[str] | None = None
        self.view: View | None = None
        self.looks = 0

    def look(self) -> float:
        """Ask once, show and tell what is new; seconds until the next look."""
        try:
            status: Status | None = self.ask()
        except control.ControlError:
            status = None
        self.language = language_for(self.wished, status)
        self._show(view_of(status, self.language))
        if status is not None:
            for notice in self._news(messages_in(status)):
                self.tell(notice)
        warning = lock_notice(status, self.language)
        if warning is not None:
            self.tell(warning)
        self._tell_if_nowhere()
        return SECONDS if warning is None else SECONDS_COUNTING

    def keep_looking(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            stop.wait(self.look())

    def report_leak(self, socket: Path) -> None:
        """The menu's entry: the form in a terminal, or the words to type."""
        self._in_terminal(LEAK_COMMAND, socket, "leak")

    def dispute(self, socket: Path) -> None:
        """The menu's entry for a verdict that is wrong, likewise."""
        self._in_terminal(DISPUTE_COMMAND, socket, "dispute")

    def override(self, socket: Path) -> None:
        """The menu's entry for a stick that was blocked and can be had for a reason, likewise."""
        self._in_terminal(OVERRIDE_COMMAND, socket, "override")

    def want_back(self, socket: Path) -> None:
        """The menu's entry for a file that was put away and is needed, likewise."""
        self._in_terminal(WANT_BACK_COMMAND, socket, "want-back")

    def walk_away(self, socket: Path) -> None:
        """The menu's entry to lock the screen now; says so if it did not come to that."""
        try:
            locked = control.ask(socket, "walk-away").get("locked") is True
        except control.ControlError as error:
            log.info("the screen was not locked: %s", error)
            locked = False
        if not locked:
            self.tell(Notice("lock", say(self.language, "tray-not-locked")))

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

    def _in_terminal(self, words: str, socket: Path, topic: str) -> None:
        program, *rest = words.split()
        command = [str(Path(sys.executable).with_name(program)), *rest]
        if not start_in_terminal([*command, "--socket", str(socket)]):
            self.tell(Notice(topic, say(self.language, "tray-leak-command", command=words)))

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

    def _tell_if_nowhere(self) -> None:
        """Once, and only when the panel has had time to start."""
        self.looks += 1
        if self.looks == LOOKS_WITHOUT_PANEL and not self.icon.placed():
            self.tell(Notice("panel", say(self.language, "tray-no-panel", command=LEAK_COMMAND)))


def _beside(entry: Callable[[], None]) -> None:
    """What takes a while, so that the icon goes on meanwhile."""
    threading.Thread(target=entry, daemon=True).start()


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
    socket: Path = arguments.socket
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    entries: dict[str, Callable[[], None]] = {}
    icon = find_icon(stop, entries)
    tray = Tray(lambda: _status(socket), icon, session_bus.notify, wished)
    entries["tray-report-leak"] = partial(tray.report_leak, socket)
    entries["tray-dispute"] = partial(tray.dispute, socket)
    entries["tray-override"] = partial(tray.override, socket)
    entries["tray-want-back"] = partial(tray.want_back, socket)
    entries["tray-walk-away"] = partial(_beside, partial(tray.walk_away, socket))

    def look() -> None:
        _beside(partial(own_key.bring_own, socket, person.folder()))
        try:
            tray.keep_looking(stop)
        finally:
            icon.stop()

    icon.run(look)
    stop.set()
    return 0


def _status(socket: Path) -> Status:
    return control.ask(socket, "status", timeout=ASK_SECONDS)

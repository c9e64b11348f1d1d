"""The icon on the desktop's bus: registered with whoever watches for icons, again and again.

The watcher belongs to the panel. It may come later than we do, go and come back, or never come; the
bus itself may end. One thread waits for the bus and for nothing else: it wakes only when spoken to.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    message_bus,
    new_method_call,
    new_signal,
)
from jeepney.io.blocking import DBusConnection
from jeepney.low_level import SizeLimitError

from agent import session_bus
from agent.tray.bus_objects import PROPERTIES, Objects, is_call
from agent.tray.item import CHANGES, ITEM, ITEM_PATH, MENU_PATH, Item
from agent.tray.menu import MENU, ROOT, Begin, Menu
from agent.tray.view import View

log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
_WATCHER = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)
_WATCHER_PROPERTIES = DBusAddress("/StatusNotifierWatcher", WATCHER, PROPERTIES)
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds before a bus that is gone is tried again; doubled each time up to the longest."""
_LOST = (OSError, session_bus.BusError, RuntimeError, ValueError, SizeLimitError)


class ItemOnBus:
    """The item, its menu, and whether a panel shows them; ``changed`` is told when that changes."""

    def __init__(self, clicked: Callable[[], None], begin: Begin) -> None:
        self._item = Item(clicked)
        self._menu = Menu(begin)
        self._objects = Objects(
            {ITEM_PATH: self._item.interface(), MENU_PATH: self._menu.interface()}
        )
        self._bus: DBusConnection | None = None
        self._sending = threading.Lock()
        self._asked: dict[int, Callable[[Message], None]] = {}
        self._placed = False
        self._refused = False
        self._ended = threading.Event()
        self._changed: Callable[[], None] = lambda: None

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to serve the bus in a thread of its own, until ``stop``."""
        self._changed = changed
        threading.Thread(target=self._keep, name="bus", daemon=True).start()

    def stop(self) -> None:
        """Leave the bus for good."""
        self._ended.set()
        bus = self._bus
        if bus is not None:
            with contextlib.suppress(OSError):
                bus.sock.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who waits in it

    def placed(self) -> bool:
        """Whether a panel has taken the icon in."""
        return self._placed

    def refused(self) -> bool:
        """Whether it is known that no panel takes icons here now."""
        return self._refused

    def show(self, view: View, language: str) -> None:
        """Show a view; called from any thread."""
        first, other = self._item.shown is None, self._item.shown != (view, language)
        self._item.shown = (view, language)
        menu = self._menu.show(view, language)
        with contextlib.suppress(*_LOST):  # whoever is on the bus next asks for the newest anyway
            if first:
                self._register()
            for change in CHANGES if other and not first else ():
                self._signal(ITEM_PATH, ITEM, change)
            if menu:
                self._signal(MENU_PATH, MENU, "LayoutUpdated", "ui", (self._menu.revision, ROOT))

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                with session_bus.connected() as bus:
                    self._serve(bus)
            except _LOST as error:
                log.info("no bus for the icon: %s", error)
            self._bus = None
            self._asked.clear()
            self._set_placed(False)
            lived = time.monotonic() - began
            pause = FIRST_PAUSE if lived > pause else min(2 * pause, LONGEST_PAUSE)
            self._ended.wait(pause)

    def _serve(self, bus: DBusConnection) -> None:
        for rule in _rules():
            bus.send(message_bus.AddMatch(rule))
        bus.send(message_bus.RequestName(_own_name()))
        self._bus = bus
        if self._ended.is_set():
            return
        if self._item.shown is not None:
            self._register()
        while True:
            self._take(bus.receive())

    def _take(self, message: Message) -> None:
        if is_call(message):
            reply = self._objects.reply_to(message)
            if reply is not None:
                self._send(reply)
        elif message.header.message_type is MessageType.signal:
            self._heard(message)
        elif (serial := message.header.fields.get(HeaderFields.reply_serial)) in self._asked:
            self._asked.pop(serial)(message)

    def _heard(self, message: Message) -> None:
        """Of the bus, who owns the watcher's name now; of the watcher, whether a panel is there."""
        member = message.header.fields.get(HeaderFields.member)
        if member == "NameOwnerChanged" and message.body[:1] == (WATCHER,):
            self._set_placed(False)
            if message.body[2]:
                self._register()
        elif member in ("StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"):
            self._register()

    def _register(self) -> None:
        """Ask to be shown; what is not known yet is not shown half."""
        if self._item.shown is not None:
            call = new_method_call(_WATCHER, "RegisterStatusNotifierItem", "s", (_own_name(),))
            self._ask(call, self._registered)

    def _registered(self, answer: Message) -> None:
        if answer.header.message_type is MessageType.error:
            log.info("no icon on the bus: %s", answer.body)
            self._set_placed(False)
            return
        body = (WATCHER, "IsStatusNotifierHostRegistered")
        self._ask(new_method_call(_WATCHER_PROPERTIES, "Get", "ss", body), self._hosted)

    def _hosted(self, answer: Message) -> None:
        """A watcher that cannot say whether there is a panel is taken for one that has one."""
        known = answer.header.message_type is not MessageType.error and answer.body
        self._set_placed(not known or answer.body[0] != ("b", False))

    def _set_placed(self, placed: bool) -> None:
        """Tell of a change, and of the first answer also where it is no."""
        if placed != self._placed or not (placed or self._refused):
            log.info("icon on the bus: %s", "shown" if placed else "not shown")
            self._placed, self._refused = placed, not placed
            self._changed()

    def _signal(self, path: str, name: str, member: str, kind: str = "", body: Any = ()) -> None:
        self._send(new_signal(DBusAddress(path, interface=name), member, kind or None, body))

    def _ask(self, call: Message, then: Callable[[Message], None]) -> None:
        self._send(call, then)

    def _send(self, message: Message, then: Callable[[Message], None] | None = None) -> None:
        """Send as one piece, whichever thread does; nothing without a bus."""
        bus = self._bus
        if bus is None:
            return
        with self._sending:
            serial = next(bus.outgoing_serial)
            if then is not None:
                self._asked[serial] = then
            bus.send(message, serial=serial)


def _own_name() -> str:
    return f"{ITEM}-{os.getpid()}-1"


def _rules() -> tuple[MatchRule, ...]:
    owner = MatchRule(
        type="signal",
        sender=message_bus.bus_name,
        interface=message_bus.interface,
        member="NameOwnerChanged",
    )
    owner.add_arg_condition(0, WATCHER)
    return owner, MatchRule(type="signal", sender=WATCHER, interface=WATCHER)

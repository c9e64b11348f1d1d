# ruff: noqa: F821  (on this bus, an annotation is a signature)
"""The part of a panel that icons register with, on a private bus, and what a panel asks of them."""

import asyncio
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.service import PropertyAccess, ServiceInterface, dbus_method, dbus_property
from dbus_fast.service import dbus_signal as signal

from tests.buses import Services

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM, MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"
PATHS = {ITEM: "/StatusNotifierItem", MENU: "/MenuBar"}


class Watcher(ServiceInterface):
    """org.kde.StatusNotifierWatcher that remembers who registered."""

    def __init__(self, *, host: bool = True) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []
        self.host = host

    @dbus_method()
    def RegisterStatusNotifierItem(self, service: "s"):  # type: ignore[no-untyped-def]
        self.items.append(service)

    @dbus_property(access=PropertyAccess.READ)
    def IsStatusNotifierHostRegistered(self) -> "b":
        return self.host

    @signal()
    def StatusNotifierHostRegistered(self) -> None:
        return None


class PanelOnBus:
    """A panel that icons can register with; ``asked`` puts a question to the icon."""

    def __init__(self, running: Services, *, host: bool = True) -> None:
        self.running = running
        self.watcher = Watcher(host=host)
        self.heard: list[str] = []
        running.bus.add_message_handler(self._hear)
        running._run(
            self._call(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                None,
                "AddMatch",
                "s",
                [f"type='signal',interface='{ITEM}'"],
            )
        )
        running._run(
            self._call(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                None,
                "AddMatch",
                "s",
                [f"type='signal',interface='{MENU}'"],
            )
        )
        running.offer(WATCHER, {"/StatusNotifierWatcher": self.watcher})

    def get(self, name: str) -> Any:
        """One property of the icon."""
        words = ("org.freedesktop.DBus.Properties", "Get", "ss", [ITEM, name])
        return self.asked(ITEM, *words).body[0].value

    def menu(self) -> dict[int, dict[str, Any]]:
        """The rows of the menu, by their numbers."""
        _, (_, _, rows) = self.asked(MENU, MENU, "GetLayout", "iias", [0, -1, []]).body
        return {
            row.value[0]: {name: one.value for name, one in row.value[1].items()} for row in rows
        }

    def asked(self, which: str, *words: Any) -> Message:
        """A question to the icon or its menu, by interface, method, signature and body."""
        reply: Message = self.running._run(self._call(self.watcher.items[-1], PATHS[which], *words))
        return reply

    def host_comes(self) -> None:
        async def come() -> None:
            self.watcher.host = True
            self.watcher.StatusNotifierHostRegistered()

        self.running._run(come())

    async def _call(
        self, to: str, path: str, interface: str | None, member: str, kind: str, body: list[Any]
    ) -> Message:
        call = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=kind,
            body=body,
        )
        reply = await asyncio.wait_for(self.running.bus.call(call), 20)
        assert reply is not None
        return reply

    def _hear(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface in PATHS:
            self.heard.append(message.member)

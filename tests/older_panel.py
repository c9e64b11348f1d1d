"""A panel of the older kind, as the system tray protocol of X asks for."""

from typing import Any


class XembedPanel:
    """It takes in icons, and looks at their pixels."""

    def __init__(self, display: str) -> None:
        from Xlib import X
        from Xlib.display import Display
        from Xlib.protocol.event import ClientMessage

        self.x = Display(display)
        screen = self.x.screen()
        self.window = screen.root.create_window(
            0, 0, 32, 32, 0, screen.root_depth, event_mask=X.SubstructureNotifyMask
        )
        self.window.map()
        self.opcode = self.x.intern_atom("_NET_SYSTEM_TRAY_OPCODE")
        selection = self.x.intern_atom("_NET_SYSTEM_TRAY_S0")
        self.window.set_selection_owner(selection, X.CurrentTime)
        manager = ClientMessage(
            window=screen.root,
            client_type=self.x.intern_atom("MANAGER"),
            data=(32, (X.CurrentTime, selection, self.window.id, 0, 0)),
        )
        screen.root.send_event(manager, event_mask=X.StructureNotifyMask)
        self.x.sync()
        self.icon: Any = None

    def colour(self) -> tuple[int, int, int] | None:
        """The colour at the corner of the icon that was taken in; None while there is none."""
        from Xlib import X, error

        while self.x.pending_events():
            event = self.x.next_event()
            if event.type == X.ClientMessage and event.client_type == self.opcode:
                self.icon = self.x.create_resource_object("window", event.data[1][2])
                self.icon.reparent(self.window, 0, 0)
                self.icon.configure(width=32, height=32)
                self.icon.map()
                self.x.sync()
        if self.icon is None:
            return None
        try:
            raw = self.icon.get_image(1, 1, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        except (error.BadMatch, error.BadDrawable):
            return None
        return raw[2], raw[1], raw[0]

    def click(self) -> None:
        """Press and release the left button on the icon."""
        from Xlib import X
        from Xlib.ext import xtest

        xtest.fake_input(self.x, X.MotionNotify, x=16, y=16)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self.x, kind, 1)
        self.x.sync()

    def close(self) -> None:
        self.x.close()

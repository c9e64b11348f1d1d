"""The tray: what it shows worked out by itself, and the process on a real display with a panel."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import ImageStat

from agent import session_bus
from agent.control import ControlError
from agent.texts import LANGUAGES, say
from agent.tray import panel_linux as tray_linux
from agent.tray.icon import draw
from agent.tray.panel import LOOKS_WITHOUT_PANEL, Tray
from agent.tray.panel_linux import PystrayIcon
from agent.tray.view import (
    ALWAYS,
    OVERRIDE_COMMAND,
    State,
    View,
    language_for,
    lock_notice,
    messages_in,
    notices,
    view_of,
)
from tests.buses import IdleMonitor, Notifications, PrivateBus, Services, private_bus, services
from tests.displays import x_server

FINE: dict[str, Any] = {
    "state": "fine",
    "mode": "enforce",
    "language": "nl",
    "pending": 3,
    "contact": {"name": "Mevr. De Wit", "phone": "012-3456789", "mail": ""},
    "messages": [],
    "lock_in_seconds": None,
}
SEALED = {"id": "1", "kind": "pupil-file-found", "action": "seal-file", "at": "2026-11-23T09:00"}
BLOCKED = {"id": "2", "kind": "usb-storage-attached", "action": "block-usb"}
PATIENCE = 90.0


# --- what to show ---------------------------------------------------------------------------------


def test_the_menu_says_how_things_are_and_whom_to_ask() -> None:
    assert view_of(FINE, "nl") == View(
        State.FINE,
        (
            "Alles is in orde",
            "Dossierwacht beschermt deze laptop",
            "Wacht op verzending: 3",
            "Contactpersoon: Mevr. De Wit 012-3456789",
        ),
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("fine", State.FINE),
        ("look", State.LOOK),
        ("blocked", State.BLOCKED),
        ("offline", State.NO_CONTACT),
        ("something-new", State.LOOK),
    ],
)
def test_the_agents_word_becomes_a_state(word: str, state: State) -> None:
    assert view_of({**FINE, "state": word}, "en").state is state


def test_an_agent_that_does_not_answer_is_offline() -> None:
    assert view_of(None, "da") == View(State.OFFLINE, ("Dossierwacht svarer ikke",))


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"state": 7, "pending": "many", "messages": "none", "contact": [], "mode": None},
        {"messages": [1, {}, {"id": None}], "lock_in_seconds": "soon", "contact": {"name": None}},
    ],
)
def test_an_odd_answer_breaks_nothing(status: dict[str, Any]) -> None:
    assert view_of(status, "en").lines
    notices(list(messages_in(status).values()), "en")
    assert lock_notice(status, "en") is None


def test_a_message_says_what_happened_and_what_was_done() -> None:
    (notice,) = notices([SEALED], "nl")
    assert notice.text == f"{say('nl', 'pupil-file-found')} {say('nl', 'seal-file')}"


def test_an_action_that_failed_is_not_called_done() -> None:
    (notice,) = notices([{**BLOCKED, "result": "failed"}], "en")
    assert say("en", "block-usb-failed") in notice.text
    assert say("en", "block-usb") not in notice.text


def test_a_blocked_stick_comes_with_what_to_use_instead_in_the_organisations_words() -> None:
    instead = "Use your folder on the network."
    (notice,) = notices([{**BLOCKED, "instead": instead}], "en")
    assert notice.text.endswith(f"{say('en', 'block-usb')} {instead}")
    (notice,) = notices([{**BLOCKED, "instead": "x" * 900}], "en")
    assert len(notice.text) < 500
    for nothing in ("", None, 7):
        (notice,) = notices([{**BLOCKED, "instead": nothing}], "en")
        assert notice.text.endswith(say("en", "instead-of-usb"))


def test_a_blocked_stick_that_can_be_had_for_a_reason_is_told_with_the_way_to_it() -> None:
    wanted = say("en", "override-usb", minutes=30, command=OVERRIDE_COMMAND)
    (notice,) = notices([{**BLOCKED, "override": 30}], "en")
    assert notice.text.endswith(f"{say('en', 'instead-of-usb')} {wanted}")
    for other in ({"override": 0}, {"override": "30"}, {"override": 30, "result": "failed"}):
        (notice,) = notices([{**BLOCKED, **other}], "en")
        assert OVERRIDE_COMMAND not in notice.text


@pytest.mark.parametrize(
    ("action", "result", "offered"),
    [("seal-file", "done", True), ("seal-file", "failed", False), ("lock-session", "done", False)],
)
def test_a_file_can_be_asked_for_only_after_one_was_put_away(
    action: str, result: str, offered: bool
) -> None:
    message = {"id": "1", "action": action, "result": result}
    view = view_of({**FINE, "messages": [message]}, "nl")
    assert view.offers == ((*ALWAYS, "tray-want-back") if offered else ALWAYS)


@pytest.mark.parametrize(
    ("told", "offered"),
    [
        ({"minutes": 30, "devices": ["1-2"]}, True),
        ({"minutes": 30, "devices": []}, False),
        ({"minutes": 0}, False),
        (None, False),
        (["1-2"], False),
    ],
)
def test_the_menu_offers_a_stick_for_a_reason_while_there_is_one(
    told: object, offered: bool
) -> None:
    view = view_of({**FINE, "override": told}, "nl")
    assert view.offers == ((*ALWAYS, "tray-override") if offered else ALWAYS)


class Menuless:
    """In the place of one of pystray's backends."""

    def Icon(self, name: str, title: str) -> Any:
        return SimpleNamespace(name=name, title=title)


@pytest.mark.parametrize("devices", [[], ["1-2"]])
def test_an_entry_of_the_menu_begins_what_it_says(
    devices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    begun: list[str] = []
    keys = (*ALWAYS, "tray-override")
    icon = PystrayIcon(Menuless(), {key: partial(begun.append, key) for key in keys})
    icon.show(view_of({**FINE, "override": {"devices": devices}}, "en"), "en")
    entries = [item for item in icon._icon.menu if item.enabled]
    offered = keys if devices else ALWAYS
    assert [item.text for item in entries if item.text != "- - - -"] == [
        say("en", key) for key in offered
    ]
    assert [item.text for item in entries if item.default] == [say("en", "tray-report-leak")]
    entries[-1](icon)
    assert begun == [offered[-1]]


def test_a_stick_that_may_be_used_is_not_announced_and_one_that_could_not_be_is() -> None:
    allowed = {**BLOCKED, "action": "allow-usb", "result": "done"}
    assert notices([allowed], "nl") == []
    assert notices([{**allowed, "result": "failed", "reason": "changed"}], "nl") == []
    (notice,) = notices([{**allowed, "result": "failed", "reason": "refused"}], "nl")
    assert say("nl", "allow-usb-failed") in notice.text


def test_twenty_alike_become_one_notification() -> None:
    assert len(notices([SEALED] * 20 + [BLOCKED], "en")) == 2


def test_what_was_only_noted_down_is_not_announced() -> None:
    assert notices([{**SEALED, "action": "report"}], "en") == []


def test_a_message_nobody_has_words_for_is_still_told() -> None:
    (notice,) = notices([{"id": "9", "kind": "brand-new", "action": "brand-new"}], "en")
    assert notice.text == say("en", "tray-message")


def test_the_persons_language_comes_before_the_organisations() -> None:
    assert language_for("da", FINE) == "da"
    assert language_for(None, FINE) == "nl"
    assert language_for(None, {"language": "xx"}) == "en"
    assert language_for(None, None) == "en"


def test_each_state_has_an_icon_that_differs_without_colour() -> None:
    grey = [draw(state).convert("L").point(lambda v: 255 * (v > 200)) for state in State]
    assert len({image.tobytes() for image in grey}) == len(State)
    assert all(10 < ImageStat.Stat(image).mean[0] < 245 for image in grey)


# --- one look after another -----------------------------------------------------------------------


class Panel:
    """A place for the icon that remembers what it was shown."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.views: list[View] = []

    def show(self, view: View, language: str) -> None:
        self.views.append(view)

    def placed(self) -> bool:
        return self.there

    def run(self, look: Callable[[], None]) -> None: ...

    def stop(self) -> None: ...


class Desk:
    """An agent whose answer the test sets, and a desktop that remembers its notifications."""

    def __init__(self, *, panel: bool = True, daemon: bool = True) -> None:
        self.status: dict[str, Any] | None = dict(FINE)
        self.told: list[tuple[str, int]] = []
        self.daemon = daemon
        self.panel = Panel(there=panel)
        self.tray = Tray(self.ask, self.panel, self.notify, "en")

    def ask(self) -> dict[str, Any]:
        if self.status is None:
            raise ControlError("offline", "no agent answers")
        return self.status

    def notify(self, title: str, text: str, *, replaces: int = 0, lasts: float = 0) -> int:
        if not self.daemon:
            raise session_bus.BusError("nobody shows notifications")
        self.told.append((text, replaces))
        return replaces or len(self.told)


def test_a_message_is_told_once() -> None:
    desk = Desk()
    desk.tray.look()
    desk.status = {**FINE, "messages": [SEALED]}
    for _ in range(3):
        desk.tray.look()
    assert len(desk.told) == 1


def test_of_what_happened_before_the_tray_ran_the_last_alone_is_told() -> None:
    desk = Desk()
    desk.status = {**FINE, "messages": [SEALED, BLOCKED]}
    desk.tray.look()
    assert [text for text, _ in desk.told] == [notices([BLOCKED], "en")[0].text]


def test_a_message_that_comes_again_replaces_the_one_on_the_screen() -> None:
    desk = Desk()
    desk.tray.look()
    for number in ("1", "2"):
        desk.status = {**FINE, "messages": [{**SEALED, "id": number}]}
        desk.tray.look()
    assert [replaces for _, replaces in desk.told] == [0, 1]


def test_the_countdown_is_renewed_in_place_and_looked_at_more_often() -> None:
    desk = Desk()
    usual = desk.tray.look()
    for seconds in (20, 19):
        desk.status = {**FINE, "lock_in_seconds": seconds}
        assert desk.tray.look() < usual
    assert [replaces for _, replaces in desk.told] == [0, 1]
    assert "19" in desk.told[-1][0]


def test_an_agent_that_goes_and_comes_back_is_shown_and_nothing_is_told_twice() -> None:
    desk = Desk()
    desk.status = {**FINE, "messages": [SEALED]}
    desk.tray.look()
    desk.status = None
    desk.tray.look()
    desk.status = {**FINE, "messages": [SEALED]}
    desk.tray.look()
    states = [view.state for view in desk.panel.views]
    assert states == [State.FINE, State.OFFLINE, State.FINE]
    assert len(desk.told) == 1


def test_a_desktop_that_shows_no_notifications_costs_nothing_else() -> None:
    desk = Desk(daemon=False)
    desk.status = {**FINE, "messages": [SEALED], "lock_in_seconds": 5}
    desk.tray.look()
    assert desk.panel.views[-1].state is State.FINE


def test_a_desktop_without_a_place_for_the_icon_is_said_once() -> None:
    desk = Desk(panel=False)
    for _ in range(LOOKS_WITHOUT_PANEL * 2):
        desk.tray.look()
    assert len(desk.told) == 1
    assert "dossierwacht leak report" in desk.told[0][0]


def test_the_way_to_a_blocked_stick_is_told_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_linux, "_TERMINALS", (("/nowhere/terminal", "-e"),))
    desk = Desk()
    desk.tray.override(Path("unused"))
    assert "dossierwacht usb override" in desk.told[0][0]
    desk.tray.want_back(Path("unused"))
    assert "dossierwacht sealed ask" in desk.told[1][0]


def test_without_a_terminal_the_words_to_type_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_linux, "_TERMINALS", (("/nowhere/terminal", "-e"),))
    desk = Desk()
    desk.tray.report_leak(Path("unused"))
    assert "dossierwacht leak report" in desk.told[0][0]


def test_a_wrong_verdict_is_told_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_linux, "_TERMINALS", (("/nowhere/terminal", "-e"),))
    desk = Desk()
    desk.tray.dispute(Path("unused"))
    assert "dossierwacht dispute report" in desk.told[0][0]


def test_the_form_is_started_in_a_terminal_and_its_words_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "words"
    terminal = tmp_path / "terminal"
    terminal.write_text(f'#!/bin/sh\nshift\nexec "$@" >"{out}" </dev/null\n')
    terminal.chmod(0o755)
    monkeypatch.setattr(tray_linux, "_TERMINALS", ((str(terminal), "-e"),))
    assert tray_linux.start_in_terminal(["/usr/bin/printf", "%s|", "a b", "$(id)", "'; id"])
    assert wait_for(lambda: "[Enter]" in (out.read_text() if out.exists() else ""))
    assert out.read_text().splitlines()[0] == "a b|$(id)|'; id|"
    assert wait_for(lambda: all(child.poll() is not None for child in tray_linux._started))


# --- the desktop's own bus ------------------------------------------------------------------------


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBus]:
    with private_bus(tmp_path / "bus") as running:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.address)
        yield running


@pytest.fixture
def desktop(bus: PrivateBus) -> Iterator[Services]:
    with services(bus) as running:
        yield running


def offer_notifications(desktop: Services) -> Notifications:
    daemon = Notifications()
    desktop.offer("org.freedesktop.Notifications", {"/org/freedesktop/Notifications": daemon})
    return daemon


def test_a_notification_is_shown_and_replaced(desktop: Services) -> None:
    daemon = offer_notifications(desktop)
    number = session_bus.notify("Dossierwacht", "eerst")
    assert session_bus.notify("Dossierwacht", "daarna", replaces=number) == number
    assert [text for _, _, text in daemon.shown] == ["eerst", "daarna"]


def test_a_bus_without_a_notification_daemon_is_an_error_one_can_live_with(
    bus: PrivateBus,
) -> None:
    with pytest.raises(session_bus.BusError):
        session_bus.notify("Dossierwacht", "niemand")


def test_a_notification_daemon_that_hangs_is_not_waited_for(desktop: Services) -> None:
    offer_notifications(desktop)
    go_on = threading.Event()
    desktop.loop.call_soon_threadsafe(go_on.wait)
    try:
        with pytest.raises(session_bus.BusError):
            session_bus.notify("Dossierwacht", "hangt", seconds=0.3)
    finally:
        go_on.set()


def test_a_session_without_a_bus_is_an_error_one_can_live_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in ("unix:path=/nowhere", "nonsense"):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(session_bus.BusError):
            session_bus.notify("Dossierwacht", "niemand")


def test_the_idle_time_is_asked_of_the_desktop(desktop: Services) -> None:
    monitor = {"/org/gnome/Mutter/IdleMonitor/Core": IdleMonitor(61_500)}
    desktop.offer("org.gnome.Mutter.IdleMonitor", monitor)
    assert session_bus.session_idle() == (61.5, "mutter")


# --- the process on a display ---------------------------------------------------------------------


def wait_for(happened: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with x_server() as name:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield name


class XembedPanel:
    """A panel as the system tray protocol asks for: it takes in icons and looks at their pixels."""

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

    def close(self) -> None:
        self.x.close()


class Agent:
    """A control socket that answers ``status``; it can be stopped and started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = dict(FINE)
        self.asked = 0
        self.keys: list[str] = []
        self.listener: socket.socket | None = None
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.thread = threading.Thread(target=self._serve, args=(self.listener,))
        self.thread.start()

    def stop(self) -> None:
        if self.listener is not None and self.thread is not None:
            self.path.unlink()
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.thread.join(10)
            self.listener = None

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                question = json.loads(connection.makefile("rb").readline())
                if question["verb"] == "mine-key":
                    self.keys.append(question["arguments"]["key"])
                    connection.sendall(b"{}\n")
                    continue
                assert question["verb"] == "status"
                self.asked += 1
                connection.sendall(json.dumps(self.status).encode() + b"\n")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "control.sock")
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


@contextlib.contextmanager
def running(agent: Agent, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "agent", "tray", "--verbose", "--socket", str(agent.path)]
    home = {"XDG_DATA_HOME": str(agent.path.parent / "data")}
    env = {**os.environ, "LANG": "nl_NL.UTF-8", **home, **environment}
    env.pop("LC_ALL", None)
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def end(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said.decode()


def tile(state: State) -> tuple[int, int, int]:
    pixel = draw(state).getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def test_the_icon_follows_the_agent_through_its_restart(
    display: str, agent: Agent, bus: PrivateBus
) -> None:
    panel = XembedPanel(display)
    with running(agent) as process, contextlib.closing(panel):
        assert wait_for(lambda: panel.colour() == tile(State.FINE))
        agent.stop()
        assert wait_for(lambda: panel.colour() == tile(State.OFFLINE))
        agent.status["state"] = "look"
        agent.start()
        assert wait_for(lambda: panel.colour() == tile(State.LOOK))
        code, said = end(process)
        assert code == 0, said
        assert "Traceback" not in said


def test_a_panel_that_starts_after_the_tray_still_gets_the_icon(
    display: str, agent: Agent, bus: PrivateBus
) -> None:
    with running(agent) as process:
        assert wait_for(lambda: agent.asked >= 1)
        for _ in range(2):  # the second time after a panel that took the icon's window along
            with contextlib.closing(XembedPanel(display)) as panel:
                assert wait_for(lambda at=panel: at.colour() == tile(State.FINE))
        code, said = end(process)
        assert (code, "Traceback" in said) == (0, False), said


def test_without_panel_and_without_notification_daemon_the_process_lives_on(
    display: str, agent: Agent, bus: PrivateBus
) -> None:
    with running(agent) as process:
        assert wait_for(lambda: agent.asked >= 1)
        agent.status["messages"] = [SEALED]
        asked = agent.asked
        assert wait_for(lambda: agent.asked >= asked + 2)
        code, said = end(process)
        assert (code, "Traceback" in said) == (0, False), said
        assert say("nl", "seal-file") in said


def test_what_was_done_is_told_by_notification_in_the_persons_language(
    display: str, agent: Agent, desktop: Services
) -> None:
    daemon = offer_notifications(desktop)
    with running(agent) as process:
        assert wait_for(lambda: agent.asked >= 1)
        agent.status["messages"] = [SEALED]
        assert wait_for(lambda: bool(daemon.shown))
        (_, title, text) = daemon.shown[0]
        assert (title, text) == ("Dossierwacht", notices([SEALED], "nl")[0].text)
        assert end(process)[0] == 0


def test_the_end_of_the_display_ends_the_process(
    agent: Agent, bus: PrivateBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("Xvfb", path="/usr/bin:/bin")
    if program is None:
        pytest.skip("needs Xvfb")
    server = subprocess.Popen(
        [program, "-displayfd", "1", "-screen", "0", "640x200x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert server.stdout is not None
    display = f":{server.stdout.readline().decode().strip()}"
    with running(agent, DISPLAY=display, WAYLAND_DISPLAY="") as process:
        assert wait_for(lambda: agent.asked >= 1)
        server.kill()
        server.communicate(timeout=10)
        assert wait_for(lambda: process.poll() is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_screen_the_other_ways_in_are_named(agent: Agent, language: str) -> None:
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "LANG": f"{language}_XX.UTF-8"}
    with running(agent, **nowhere) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "dossierwacht leak report" in said.decode()
    assert say(language, "tray-no-display").splitlines()[0] in said.decode()


def test_a_display_without_x_shows_messages_and_no_icon(agent: Agent, desktop: Services) -> None:
    """As under Wayland without X and without introspection: no backend of any icon works."""
    daemon = offer_notifications(desktop)
    with running(agent, DISPLAY="", WAYLAND_DISPLAY="wayland-0") as process:
        assert wait_for(lambda: agent.asked >= 1)
        agent.status["messages"] = [BLOCKED]
        assert wait_for(lambda: bool(daemon.shown))
        assert wait_for(lambda: bool(agent.keys)), "the person's own key was brought"
        assert end(process)[0] == 0

"""The tray: what it shows worked out by itself, and the process on a real display with a panel."""

import contextlib
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

import psutil
import pytest

from agent import session_bus
from agent.control import ControlError
from agent.texts import LANGUAGES, language_for, say
from agent.tray import entries_linux
from agent.tray.entries import Begun
from agent.tray.icon import COLOURS, picture
from agent.tray.panel import PANEL_SECONDS, Tray
from agent.tray.panel_linux import PystrayIcon
from agent.tray.view import (
    ENTRIES,
    LINE,
    OVERRIDE_COMMAND,
    State,
    View,
    lock_notice,
    messages_in,
    notices,
    offered,
    view_of,
)
from tests.buses import IdleMonitor, Notifications, PrivateBus, Services, private_bus, services
from tests.displays import x_server
from tests.older_panel import XembedPanel
from tests.tray_agent import FINE, StatusAgent

ALWAYS = offered(frozenset())
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_warning_before_a_lock_tells_to_clear_the_desk(language: str) -> None:
    warning = lock_notice({**FINE, "lock_in_seconds": 20}, language)
    assert warning is not None
    assert "20" in warning.text
    assert warning.text.endswith(say(language, "tray-clear-desk"))


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
    ("action", "result", "there"),
    [("seal-file", "done", True), ("seal-file", "failed", False), ("lock-session", "done", False)],
)
def test_a_file_can_be_asked_for_only_after_one_was_put_away(
    action: str, result: str, there: bool
) -> None:
    message = {"id": "1", "action": action, "result": result}
    view = view_of({**FINE, "messages": [message]}, "nl")
    assert (("tray-want-back" in view.offers), "tray-override" in view.offers) == (there, False)


@pytest.mark.parametrize(
    ("told", "there"),
    [
        ({"minutes": 30, "devices": ["1-2"]}, True),
        ({"minutes": 30, "devices": []}, False),
        ({"minutes": 0}, False),
        (None, False),
        (["1-2"], False),
    ],
)
def test_the_menu_offers_a_stick_for_a_reason_while_there_is_one(told: object, there: bool) -> None:
    view = view_of({**FINE, "override": told}, "nl")
    assert (("tray-override" in view.offers), "tray-want-back" in view.offers) == (there, False)


class Menuless:
    """In the place of one of pystray's backends."""

    def Icon(self, name: str, title: str) -> Any:
        return SimpleNamespace(name=name, title=title)


@pytest.mark.parametrize("devices", [[], ["1-2"]])
def test_an_entry_of_the_menu_begins_what_it_says(devices: list[str]) -> None:
    begun: list[str] = []
    icon = PystrayIcon(Menuless(), {key: partial(begun.append, key) for key in ENTRIES})
    icon.show(view_of({**FINE, "override": {"devices": devices}}, "en"), "en")
    entries = [item for item in icon._icon.menu if item.enabled and item.text != "- - - -"]
    keys = [key for key in offered(frozenset({"tray-override"} if devices else ())) if key != LINE]
    assert [item.text for item in entries] == [say("en", key) for key in keys]
    assert [item.text for item in entries if item.default] == [say("en", "tray-report-leak")]
    for entry in entries:
        entry(icon)
    assert begun == keys


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
    assert language_for("da", str(FINE["language"])) == "da"
    assert language_for(None, str(FINE["language"])) == "nl"
    assert language_for(None, "xx") == "en"
    assert language_for(None, "") == "en"


@pytest.mark.parametrize("side", [16, 64])
def test_each_state_has_an_icon_that_differs_without_colour(side: int) -> None:
    def shape(state: State) -> bytes:
        pixels = picture(state, side)
        return bytes(min(pixels[at : at + 3]) > 200 for at in range(0, len(pixels), 4))

    shapes = {shape(state) for state in State}
    assert len(shapes) == len(State)
    assert all(0.1 < sum(one) / len(one) < 0.9 for one in shapes)


def test_an_icon_is_see_through_at_its_corners_only_where_panels_can_have_it_so() -> None:
    plain, opaque = picture(State.FINE, 22), picture(State.FINE, 22, opaque=True)
    assert (plain[3], plain[4 * 22 * 11 + 44 + 3]) == (0, 255)
    assert set(opaque[3::4]) == {255}
    assert tuple(opaque[:3]) == COLOURS[State.FINE]


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

    def run(self) -> None: ...

    def stop(self) -> None: ...


class Desk:
    """An agent whose answer the test sets, and a desktop that remembers its notifications."""

    def __init__(self, *, panel: bool = True, daemon: bool = True) -> None:
        self.status: dict[str, Any] | None = dict(FINE)
        self.told: list[tuple[str, int]] = []
        self.asked: list[tuple[str, float, str]] = []
        self.now = 0.0
        self.daemon = daemon
        self.panel = Panel(there=panel)
        self.tray = Tray(self.ask, self.panel, self.notify, "en", lambda: self.now)
        self.begun = Begun(Path("/nowhere"), self.tray.tell, lambda: "en", lambda: "Mevr. De Wit")

    def ask(self, revision: str, wait: float, place: str) -> dict[str, Any]:
        self.asked.append((revision, wait, place))
        if self.status is None:
            raise ControlError("offline", "no agent answers")
        return {**self.status, "revision": str(len(self.asked))}

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


def test_the_countdown_is_renewed_in_place() -> None:
    desk = Desk()
    desk.tray.look()
    for seconds in (20, 19):
        desk.status = {**FINE, "lock_in_seconds": seconds}
        assert desk.tray.look() < 1
    assert [replaces for _, replaces in desk.told] == [0, 1]
    assert "19" in desk.told[-1][0]


def test_the_agent_is_asked_for_another_status_than_the_last_and_to_take_its_time() -> None:
    desk = Desk()
    for _ in range(2):
        desk.tray.look()
    assert desk.asked == [("", 300.0, "panel"), ("1", 300.0, "panel")]


def test_an_agent_that_is_back_at_once_was_never_gone() -> None:
    desk = Desk()
    desk.tray.look()
    status, desk.status = desk.status, None
    desk.tray.look()
    desk.status = status
    desk.tray.look()
    assert [view.state for view in desk.panel.views] == [State.FINE]
    assert desk.asked[-1][0] == "", "nothing is taken for known of an agent that began anew"


def test_an_agent_that_goes_and_comes_back_is_shown_and_nothing_is_told_twice() -> None:
    desk = Desk()
    desk.status = {**FINE, "messages": [SEALED]}
    desk.tray.look()
    desk.status = None
    pauses = [desk.tray.look() for _ in range(8)]
    desk.status = {**FINE, "messages": [SEALED]}
    desk.tray.look()
    states = [view.state for view in desk.panel.views]
    assert states == [State.FINE, State.OFFLINE, State.FINE]
    assert len(desk.told) == 1
    assert pauses == sorted(pauses) and pauses[-1] == 30, "asked less and less often"


def test_a_desktop_that_shows_no_notifications_costs_nothing_else() -> None:
    desk = Desk(daemon=False)
    desk.status = {**FINE, "messages": [SEALED], "lock_in_seconds": 5}
    desk.tray.look()
    assert desk.panel.views[-1].state is State.FINE


def test_a_desktop_without_a_place_for_the_icon_is_said_once_and_the_agent_hears_of_it() -> None:
    desk = Desk(panel=False)
    desk.tray.look()
    assert desk.asked[-1][1:] == (PANEL_SECONDS, "panel"), "panels start late"
    desk.now = PANEL_SECONDS
    for _ in range(3):
        desk.tray.look()
    assert len(desk.told) == 1
    assert "dossierwacht leak report" in desk.told[0][0]
    assert desk.asked[-1][1:] == (300.0, "none")


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_linux, "TERMINALS", (("/nowhere/terminal", "-e"),))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tray-override", "dossierwacht usb override"),
        ("tray-want-back", "dossierwacht sealed ask"),
        ("tray-dispute", "dossierwacht dispute report"),
    ],
)
def test_without_a_terminal_the_words_to_type_are_told(
    no_terminal: None, key: str, words: str
) -> None:
    desk = Desk()
    desk.begun.table()[key]()
    assert wait_for(lambda: bool(desk.told))
    assert words in desk.told[0][0]


def test_every_entry_begins_something() -> None:
    assert set(Desk().begun.table()) == set(ENTRIES)


def test_where_no_page_opens_a_leak_is_reported_in_a_terminal_and_of_others_it_is_said(
    no_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    desk = Desk()
    desk.begun.open("leak")
    desk.begun.open("mine")
    assert "dossierwacht leak report" in desk.told[0][0]
    assert desk.told[1][0] == say("en", "tray-no-page", contact="Mevr. De Wit")


def test_a_page_that_opens_is_not_talked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >"{tmp_path}/words"\nexit 0\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    desk = Desk()
    desk.begun.open("protect")
    assert desk.told == []
    assert (tmp_path / "words").read_text() == "-P|-m|agent|open|protect|--socket|/nowhere|"


def test_a_page_whose_command_goes_on_has_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nread -r _ <&9 9<>/dev/null; exec tail -f /dev/null\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert entries_linux.start_page(["open", "leak"], seconds=0.2)
    assert entries_linux.still_running() == 1
    entries_linux._started[0].kill()
    assert wait_for(lambda: entries_linux.still_running() == 0)


def test_a_form_is_started_in_a_terminal_and_its_words_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "words"
    program, terminal = tmp_path / "python", tmp_path / "terminal"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    terminal.write_text(f'#!/bin/sh\nshift\nexec "$@" >"{out}" </dev/null\n')
    for one in (program, terminal):
        one.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    words = ["a b", "$(id)", "'; id"]
    assert entries_linux.start_in_terminal(words, [(str(terminal), "-e")])
    assert wait_for(lambda: "[Enter]" in (out.read_text() if out.exists() else ""))
    assert out.read_text().splitlines()[0] == "-P|-m|agent|a b|$(id)|'; id|"
    assert wait_for(lambda: entries_linux.still_running() == 0)


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


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[StatusAgent]:
    agent = StatusAgent(tmp_path / "control.sock")
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


@contextlib.contextmanager
def running(agent: StatusAgent, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "agent", "tray", "--verbose", "--socket", str(agent.path)]
    home = {"XDG_DATA_HOME": str(agent.path.parent / "data")}
    env = {**os.environ, "LANG": "nl_NL.UTF-8", **home, **environment}
    env.pop("LC_ALL", None)
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        end_what_it_began(agent.path)
        process.communicate(timeout=10)


def end_what_it_began(socket: Path) -> None:
    """Pages and forms that a click began outlive the icon, as they should, and not the test."""
    for one in psutil.process_iter(["cmdline"]):
        if str(socket) in (one.info["cmdline"] or ()) and one.pid != os.getpid():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


def end(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said.decode()


def tile(state: State) -> tuple[int, int, int]:
    return COLOURS[state]


def test_the_icon_follows_the_agent_through_its_restart(
    display: str, agent: StatusAgent, bus: PrivateBus
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


def test_a_click_on_an_icon_without_menu_reports_a_leak(
    display: str, agent: StatusAgent, bus: PrivateBus
) -> None:
    panel = XembedPanel(display)
    with running(agent, PATH="/nowhere") as process, contextlib.closing(panel):
        assert wait_for(lambda: panel.colour() == tile(State.FINE))
        panel.click()
        assert process.stderr is not None
        said = iter(process.stderr.readline, b"")
        assert any(b"chosen: tray-report-leak" in line for line in said)


def test_a_panel_that_starts_after_the_tray_still_gets_the_icon(
    display: str, agent: StatusAgent, bus: PrivateBus
) -> None:
    with running(agent) as process:
        assert wait_for(lambda: agent.asked >= 1)
        for _ in range(2):  # the second time after a panel that took the icon's window along
            with contextlib.closing(XembedPanel(display)) as panel:
                assert wait_for(lambda at=panel: at.colour() == tile(State.FINE))
        code, said = end(process)
        assert (code, "Traceback" in said) == (0, False), said


def test_without_panel_and_without_notification_daemon_the_process_lives_on(
    display: str, agent: StatusAgent, bus: PrivateBus
) -> None:
    with running(agent) as process:
        assert wait_for(lambda: agent.asked >= 2)
        agent.status["messages"] = [SEALED]
        assert wait_for(lambda: agent.asked >= 3)  # it goes on, having tried to tell
        code, said = end(process)
        assert (code, "Traceback" in said) == (0, False), said
        assert say("nl", "seal-file") in said


def test_what_was_done_is_told_by_notification_in_the_persons_language(
    display: str, agent: StatusAgent, desktop: Services
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
    agent: StatusAgent, bus: PrivateBus, monkeypatch: pytest.MonkeyPatch
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
def test_without_a_screen_the_other_ways_in_are_named(agent: StatusAgent, language: str) -> None:
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "LANG": f"{language}_XX.UTF-8"}
    with running(agent, **nowhere) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "dossierwacht leak report" in said.decode()
    assert say(language, "tray-no-display").splitlines()[0] in said.decode()


def test_a_display_without_x_shows_messages_and_no_icon(
    agent: StatusAgent, desktop: Services, tmp_path: Path
) -> None:
    """As under Wayland without X and without introspection: no backend of any icon works."""
    daemon = offer_notifications(desktop)
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(tmp_path / "wayland-0"))
        compositor.listen()
        with running(agent, DISPLAY="", WAYLAND_DISPLAY=str(tmp_path / "wayland-0")) as process:
            assert wait_for(lambda: agent.asked >= 1)
            agent.status["messages"] = [BLOCKED]
            assert wait_for(lambda: bool(daemon.shown))
            assert wait_for(lambda: bool(agent.keys)), "the person's own key was brought"
            assert end(process)[0] == 0

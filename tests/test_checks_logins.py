"""Login screens: settings and drop-ins as LightDM, GDM and SDDM read them."""

from pathlib import Path

import pytest

from collectors.checks.logins_linux import automatic_login, guest_account
from collectors.checks.told import Why
from tests.made_up_system import MadeUp


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path)


def test_without_a_login_screen_there_is_nothing_to_judge(system: MadeUp) -> None:
    assert automatic_login(system.root).why is Why.NOT_THERE
    assert guest_account(system.root).why is Why.NOT_THERE


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=anna\n"),
        ("/etc/lightdm/lightdm.conf.d/50-x.conf", "[SeatDefaults]\nautologin-user = anna\n"),
        ("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-guest=true\n"),
        ("/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLoginEnable = True\nAutomaticLogin = anna\n"),
        ("/etc/gdm3/custom.conf", "[daemon]\nTimedLoginEnable=true\nTimedLogin=anna\n"),
        ("/etc/sddm.conf", "[Autologin]\nUser=anna\nSession=plasma\n"),
        ("/etc/sddm.conf.d/kde_settings.conf", "[Autologin]\nUser=anna\n"),
    ],
)
def test_automatic_login_is_found(system: MadeUp, place: str, content: str) -> None:
    system.write(place, content)
    assert automatic_login(system.root).why is Why.LOGIN_NOT_ASKED


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("/etc/lightdm/lightdm.conf", "[Seat:*]\n#autologin-user=anna\nautologin-user=\n"),
        ("/etc/lightdm/lightdm.conf", "[LightDM]\nautologin-user=anna\n"),
        ("/etc/gdm3/daemon.conf", "[daemon]\n# AutomaticLoginEnable = true\nAutomaticLogin=anna\n"),
        ("/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLoginEnable=false\nAutomaticLogin=anna\n"),
        ("/etc/sddm.conf", "[Autologin]\nSession=plasma\n[Users]\nUser=anna\n"),
        ("/etc/sddm.conf.d/kde_settings.conf", b"\xff\xfe\x00[Autologin\nUser"),
    ],
)
def test_a_login_that_is_asked_for_is_fine(
    system: MadeUp, place: str, content: str | bytes
) -> None:
    system.write(place, content)
    assert automatic_login(system.root).why is Why.LOGIN_ASKED


def test_the_last_that_is_read_decides(system: MadeUp) -> None:
    system.write("/usr/share/lightdm/lightdm.conf.d/50.conf", "[Seat:*]\nautologin-user=anna\n")
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=\n")
    assert automatic_login(system.root).why is Why.LOGIN_ASKED


def test_settings_of_a_login_screen_that_is_not_used_do_not_count(system: MadeUp) -> None:
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=anna\n")
    system.write("/etc/X11/default-display-manager", "/usr/sbin/gdm3\n")
    assert automatic_login(system.root).why is Why.LOGIN_ASKED
    system.write("/etc/X11/default-display-manager", "/usr/sbin/lightdm\n")
    assert automatic_login(system.root).why is Why.LOGIN_NOT_ASKED


def test_the_login_screen_may_be_named_by_its_unit(system: MadeUp) -> None:
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=anna\n")
    units = system.root / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "display-manager.service").symlink_to("/usr/lib/systemd/system/sddm.service")
    assert automatic_login(system.root).why is Why.LOGIN_ASKED


def test_an_unknown_login_screen_is_unknown(system: MadeUp) -> None:
    system.write("/etc/X11/default-display-manager", "/usr/sbin/invented\n")
    assert automatic_login(system.root).why is Why.NOT_TOLD
    assert guest_account(system.root).why is Why.NOT_TOLD


def test_a_terminal_that_logs_in_by_itself_is_found(system: MadeUp) -> None:
    place = "/etc/systemd/system/getty@tty1.service.d/autologin.conf"
    system.write(place, "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin anna %I\n")
    assert automatic_login(system.root).why is Why.LOGIN_NOT_ASKED


def test_a_guest_needs_leave_and_a_script(system: MadeUp) -> None:
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nallow-guest=true\n")
    assert guest_account(system.root).why is Why.NO_GUEST
    system.write("/usr/sbin/guest-account")
    assert guest_account(system.root).why is Why.GUEST_ALLOWED
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\n")
    assert guest_account(system.root).why is Why.GUEST_ALLOWED
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nallow-guest=false\n")
    assert guest_account(system.root).why is Why.NO_GUEST


def test_only_lightdm_has_guests(system: MadeUp) -> None:
    system.write("/etc/gdm3/daemon.conf")
    assert guest_account(system.root).why is Why.NO_GUEST

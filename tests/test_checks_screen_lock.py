"""The screen lock: what GNOME, XFCE and KDE keep in files, and what people put there instead."""

from pathlib import Path

import pytest

from collectors.checks.screen_lock_linux import screen_lock
from collectors.checks.told import State, Told, Why
from tests.made_up_system import MadeUp

XFCE = ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"
KDE = ".config/kscreenlockerrc"
SESSION, SCREENSAVER = "org/gnome/desktop/session", "org/gnome/desktop/screensaver"
LOCKS = f"/{SESSION}/idle-delay\n/{SCREENSAVER}/lock-enabled\n/{SCREENSAVER}/lock-delay\n"


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    """A laptop with the homes of two people."""
    made = MadeUp(tmp_path)
    made.person("anna", 1000)
    made.person("bo", 1001)
    return made


def told(system: MadeUp, most: int = 15) -> Told:
    return screen_lock(system.root, ["/home/anna", "/home/bo"], most)


def desktop(system: MadeUp, name: str) -> None:
    system.write(f"/usr/share/xsessions/{name}.desktop")


def gnome(system: MadeUp, keys: str, locks: str = LOCKS) -> None:
    desktop(system, "gnome-xorg")
    system.write("/etc/dconf/profile/user", "user-db:user\nsystem-db:local\n")
    system.write("/etc/dconf/db/local")
    system.write("/etc/dconf/db/local.d/00-lock", keys)
    system.write("/etc/dconf/db/local.d/locks/lock", locks)


def test_without_a_desktop_there_is_nothing_to_lock(system: MadeUp) -> None:
    assert told(system).why is Why.NOT_THERE


def test_a_desktop_of_people_that_are_not_known_here_is_unknown(system: MadeUp) -> None:
    desktop(system, "plasma")
    assert screen_lock(system.root, [], 15).why is Why.NOT_TOLD


def test_the_default_session_is_no_desktop_of_its_own(system: MadeUp) -> None:
    desktop(system, "plasma")
    desktop(system, "lightdm-xsession")
    assert told(system).why is Why.LOCK_SET


def test_a_desktop_that_is_not_known_is_not_judged(system: MadeUp) -> None:
    desktop(system, "sway")
    assert told(system).state is State.INAPPLICABLE


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (f"[{SESSION}]\nidle-delay=uint32 600\n", Why.LOCK_SET),
        (f"[{SESSION}]\nidle-delay=uint32 0\n", Why.LOCK_OFF),
        (f"[{SESSION}]\nidle-delay=uint32 1200\n", Why.LOCK_LATE),
        (f"[{SCREENSAVER}]\nlock-enabled=false\n", Why.LOCK_OFF),
        (f"[{SCREENSAVER}]\nlock-delay=uint32 900\n", Why.LOCK_LATE),
        ("", Why.LOCK_SET),
    ],
)
def test_gnome_is_judged_where_it_is_fixed(system: MadeUp, keys: str, why: Why) -> None:
    gnome(system, keys)
    assert told(system).why is why


def test_gnome_is_the_persons_own_where_a_key_is_not_fixed(system: MadeUp) -> None:
    desktop(system, "gnome")
    assert told(system).why is Why.LEFT_TO_PERSON
    gnome(system, "", LOCKS.replace(f"/{SESSION}/idle-delay\n", ""))
    assert told(system).why is Why.LEFT_TO_PERSON


def test_key_files_that_were_never_made_into_a_database_do_not_count(system: MadeUp) -> None:
    gnome(system, "")
    (system.root / "etc/dconf/db/local").unlink()
    assert told(system).why is Why.LEFT_TO_PERSON


def test_of_several_databases_the_first_decides(system: MadeUp) -> None:
    gnome(system, f"[{SESSION}]\nidle-delay=uint32 0\n")
    system.write("/etc/dconf/profile/user", "user-db:user\nsystem-db:site\nsystem-db:local\n")
    system.write("/etc/dconf/db/site")
    system.write("/etc/dconf/db/site.d/00", f"[{SESSION}]\nidle-delay=uint32 300\n")
    assert told(system).why is Why.LOCK_SET


def xfce(value: str, name: str = "enabled", kind: str = "bool") -> str:
    inner = f'<property name="{name}" type="{kind}" value="{value}"/>'
    return f'<channel name="x"><property name="lock" type="empty">{inner}</property></channel>'


def test_xfce_is_judged_by_its_own_locker_and_its_usual_values(system: MadeUp) -> None:
    desktop(system, "xfce")
    assert told(system).why is Why.NOT_TOLD
    system.write("/usr/bin/xfce4-screensaver")
    assert told(system) == Told(Why.LOCK_SET)


def test_one_person_who_switched_the_lock_off_is_counted(system: MadeUp) -> None:
    desktop(system, "xfce")
    system.write("/usr/bin/xfce4-screensaver")
    system.write(f"/home/bo/{XFCE}", xfce("false"))
    assert told(system) == Told(Why.LOCK_OFF, 1)


def test_a_persons_choice_goes_above_the_systems(system: MadeUp) -> None:
    desktop(system, "xfce")
    system.write("/usr/bin/xfce4-screensaver")
    system.write(f"/etc/xdg/{XFCE.removeprefix('.config/')}", xfce("false"))
    assert told(system) == Told(Why.LOCK_OFF, 2)
    system.write(f"/home/bo/{XFCE}", xfce("true"))
    assert told(system) == Told(Why.LOCK_OFF, 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[Daemon]\nAutolock=false\n", Why.LOCK_OFF),
        ("[Daemon]\nTimeout=0\n", Why.LOCK_OFF),
        ("[Daemon]\nTimeout=15\nLockGrace=0\n", Why.LOCK_SET),
        ("[Daemon]\nTimeout=15\nLockGrace=1\n", Why.LOCK_LATE),
        ("[Daemon]\nTimeout=soon\n", Why.NOT_READABLE),
        (b"\x00\xff" * 30_000, Why.LOCK_SET),
        (b"[Daemon]\nAutolock=false\n" * 4000, Why.NOT_READABLE),
        ("[Daemon]\nAutolock=false\n".encode("utf-16"), Why.LOCK_SET),
    ],
    ids=range(8),
)
def test_kde_is_judged_by_what_stands_in_the_home(
    system: MadeUp, content: str | bytes, why: Why
) -> None:
    desktop(system, "plasma")
    system.write(f"/home/anna/{KDE}", content)
    assert told(system).why is why


def test_a_link_in_the_place_of_the_settings_is_unknown(system: MadeUp) -> None:
    desktop(system, "plasmax11")
    (system.root / "home/anna/.config").symlink_to("/etc")
    assert told(system).why is Why.NOT_READABLE


def test_bad_goes_before_unknown_and_unknown_before_good(system: MadeUp) -> None:
    desktop(system, "plasma")
    desktop(system, "gnome")
    assert told(system).why is Why.LEFT_TO_PERSON
    system.write(f"/home/anna/{KDE}", "[Daemon]\nAutolock=false\n")
    assert told(system) == Told(Why.LOCK_OFF, 1)


def test_a_home_on_a_network_is_not_read(system: MadeUp) -> None:
    desktop(system, "plasma")
    system.mount("/home/bo", "0:44", "nfs4", "server.example:/home/bo")
    assert told(system).why is Why.NOT_TOLD

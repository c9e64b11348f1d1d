"""Accounts: whose laptop it is, read from files as a real machine has them."""

import os
from pathlib import Path

import pytest

from collectors.checks.accounts_linux import accounts, empty_passwords, home_folders, people
from collectors.checks.told import State, Told, Why
from tests.made_up_system import MadeUp


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path)


def test_people_are_those_who_can_log_in(system: MadeUp) -> None:
    system.person("anna", 1000)
    system.person("daemon-like", 1001, shell="/usr/sbin/nologin")
    system.person("service", 999)
    system.person("nobody", 65534)
    system.people += ["broken", "x:y", "+::::::", "odd:x:১২:1:,,,:/home/odd:/bin/sh"]
    system.person("bo", 60000, shell="")
    assert [one.home for one in people(system.root)] == ["/home/anna", "/home/bo"]


def test_other_people_count_only_where_the_policy_says_so(system: MadeUp) -> None:
    system.person("anna", 1000)
    assert accounts(system.root, True) == Told(Why.ONE_ACCOUNT, 1)
    system.person("bo", 1001)
    assert accounts(system.root, True) == Told(Why.SEVERAL_ACCOUNTS, 2)
    assert accounts(system.root, False).state is State.INAPPLICABLE


def test_a_laptop_without_accounts_of_its_own_is_unknown(system: MadeUp) -> None:
    assert accounts(system.root, True) == Told(Why.NOT_TOLD)


def test_empty_passwords_are_counted(system: MadeUp) -> None:
    system.write("/etc/shadow", "root:*:1::::::\nanna:$y$invented:1::::::\nbo:!:1::::::\n")
    assert empty_passwords(system.root) == Told(Why.PASSWORDS_SET)
    system.write("/etc/shadow", "root:*:1::::::\nanna::1::::::\nbo::1::::::\n")
    assert empty_passwords(system.root) == Told(Why.PASSWORD_EMPTY, 2)


def test_a_password_may_be_missing_from_the_older_file_too(system: MadeUp) -> None:
    system.write("/etc/shadow", "root:*:1::::::\n")
    system.write("/etc/passwd", "anna::1000:1000::/home/anna:/bin/sh\n")
    assert empty_passwords(system.root) == Told(Why.PASSWORD_EMPTY, 1)


def test_accounts_of_a_server_are_not_taken_for_empty_ones(system: MadeUp) -> None:
    system.write("/etc/shadow", "root:*:1::::::\n+::::::::\n")
    system.write("/etc/passwd", "+::::::\n-bo::::::\n")
    assert empty_passwords(system.root) == Told(Why.PASSWORDS_SET)


def test_without_the_file_of_passwords_nothing_is_said(system: MadeUp) -> None:
    system.person("anna")
    assert empty_passwords(system.root) == Told(Why.NOT_TOLD)


@pytest.mark.parametrize("mode", [0o755, 0o711, 0o704, 0o702])
def test_a_home_that_others_get_into_is_open(system: MadeUp, mode: int) -> None:
    system.person("anna", 1000)
    system.person("bo", 1001, mode=mode)
    assert home_folders(system.root) == Told(Why.HOMES_OPEN, 1)


def test_a_home_that_its_own_group_gets_into_is_closed(system: MadeUp) -> None:
    home = system.person("anna", os.getgid() if os.getgid() >= 1000 else 1000, mode=0o750)
    assert home_folders(system.root) == Told(Why.HOMES_CLOSED)
    assert home.stat().st_mode & 0o777 == 0o750


def test_a_group_that_several_people_share_makes_a_home_open(system: MadeUp) -> None:
    system.person("anna", mode=0o750)
    group = os.stat(system.root / "home/anna").st_gid
    lines = [f"{n}:x:{u}:{group}:,,,:/home/{n}:/bin/sh" for n, u in (("anna", 1000), ("bo", 1001))]
    system.write("/etc/passwd", "\n".join(lines))
    assert home_folders(system.root) == Told(Why.HOMES_OPEN, 1)


def test_a_home_on_a_network_is_not_even_touched(system: MadeUp) -> None:
    system.person("anna", mode=0o777)
    system.mount("/home", "0:44", "nfs4", "server.example:/home")
    assert home_folders(system.root) == Told(Why.NOT_TOLD)


def test_a_home_that_is_a_link_is_not_followed(system: MadeUp) -> None:
    system.person("anna", 1000)
    home = system.person("bo", 1001)
    home.rmdir()
    (system.root / "elsewhere").mkdir(mode=0o777)
    home.symlink_to(system.root / "elsewhere")
    assert home_folders(system.root) == Told(Why.HOMES_CLOSED)

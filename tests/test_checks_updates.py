"""Updates: judged by the age of the lists and by what apt would do."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.checks.told import Told, Why
from collectors.checks.updates_linux import INSTALLED, LISTS, Apt, ask_apt, security, updates
from tests.made_up_system import MadeUp, aged

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
WOULD_DO = """\
NOTE: This is only a simulation!
Reading package lists...
Inst tzdata [2024a-0+deb12u1] (2025b-0+deb12u1 Debian:12.11/stable [all])
Inst libssl3 [3.0.11-1] (3.0.16-1 Debian-Security:12/stable-security [amd64]) []
Inst openssl [3.0.2-0ubuntu1.10] (3.0.2-0ubuntu1.19 Ubuntu:22.04/jammy-updates, \
Ubuntu:22.04/jammy-security [amd64])
Inst linux-image-6.1 (6.1.140-1 Debian-Security:12/stable-security [amd64])
Conf libssl3 (3.0.16-1 Debian-Security:12/stable-security [amd64])
"""


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    """A laptop that looked for updates a day ago."""
    made = MadeUp(tmp_path)
    made.write(INSTALLED)
    (tmp_path / LISTS[0].lstrip("/")).mkdir(parents=True)
    looked(made, 1)
    return made


def looked(system: MadeUp, days: float) -> None:
    aged(system.root / LISTS[0].lstrip("/"), days, NOW.timestamp())


def told(system: MadeUp, would_do: str | None = "") -> Told:
    return updates(system.root, lambda: would_do, NOW, timedelta(days=14))


def test_updates_that_close_a_hole_are_counted() -> None:
    assert security(WOULD_DO) == 3
    assert security("") == 0


def test_a_laptop_with_nothing_to_do_is_up_to_date(system: MadeUp) -> None:
    assert told(system) == Told(Why.UP_TO_DATE)
    assert told(system, WOULD_DO) == Told(Why.SECURITY_UPDATES_WAIT, 3)


def test_an_update_may_wait_for_a_restart(system: MadeUp) -> None:
    system.write("/run/reboot-required", "*** System restart required ***\n")
    assert told(system) == Told(Why.RESTART_WAITS)


def test_lists_that_are_old_say_nothing_of_today(system: MadeUp) -> None:
    looked(system, 15)
    assert told(system) == Told(Why.NOT_LOOKED_FOR, 15)
    looked(system, 13)
    assert told(system) == Told(Why.UP_TO_DATE)


def test_what_apt_does_not_say_is_unknown(system: MadeUp) -> None:
    assert told(system, None) == Told(Why.NOT_TOLD)
    (system.root / INSTALLED.lstrip("/")).unlink()
    assert told(system) == Told(Why.NOT_TOLD)


def test_apt_is_asked_again_only_when_something_changed(system: MadeUp) -> None:
    answers = iter(["one", "two", "three"])
    apt = Apt(system.root, lambda: next(answers))
    assert [apt(), apt()] == ["one", "one"]
    looked(system, 0)
    assert [apt(), apt()] == ["two", "two"]
    aged(system.root / INSTALLED.lstrip("/"), 3, NOW.timestamp())
    assert apt() == "three"


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="there is no apt here")
def test_the_real_apt_answers_and_writes_nothing() -> None:
    cache = Path("/var/cache/apt")
    before = sorted((one.name, os.stat(one).st_mtime_ns) for one in cache.glob("*.bin"))
    answer = ask_apt()
    assert answer is not None and "Inst nothing-of-the-kind" not in answer
    assert sorted((one.name, os.stat(one).st_mtime_ns) for one in cache.glob("*.bin")) == before

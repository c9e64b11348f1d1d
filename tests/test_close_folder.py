"""Closing a folder: only the one that was seen, only as it was seen, and never more than others."""

import os
import stat
from pathlib import Path

import pytest

from collectors.base import utc_now
from collectors.checks.accounts_linux import Home, open_homes
from collectors.checks.open_home import HomeOpen, Others, seen
from enforcement.base import Attempt, EnforcementError, Reason, Result, Settings
from enforcement.close_folder import CloseFolder

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home" / "anna"
    made.mkdir(parents=True)
    made.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(made, NOBODY, NOBODY)
    return made


def attempt(home: Path, **changes: int) -> Attempt:
    found = home.stat()
    mode = stat.S_IMODE(found.st_mode)
    proof = {"device": found.st_dev, "inode": found.st_ino, "mode": mode, "take": mode & 0o007}
    return Attempt(id="a", subject=os.fspath(home), proof=proof | changes)


def action(home: Path) -> CloseFolder:
    return CloseFolder(Settings(state=home, roots=(home.parent,)))


def mode(home: Path) -> int:
    return stat.S_IMODE(home.stat().st_mode)


def refused(home: Path, given: Attempt) -> Reason:
    before = mode(home)
    with pytest.raises(EnforcementError) as error:
        action(home).apply(given)
    assert mode(home) == before
    return error.value.reason


def test_others_are_kept_out_and_the_owner_and_the_group_are_not(home: Path) -> None:
    given = attempt(home)
    assert action(home).apply(given).result is Result.DONE
    assert mode(home) == 0o750
    assert action(home).apply(given).result is Result.ALREADY


def test_the_owners_own_bits_are_never_taken(home: Path) -> None:
    action(home).apply(attempt(home, take=0o777))
    assert mode(home) == 0o700


def test_a_folder_that_changed_meanwhile_is_left_alone(home: Path) -> None:
    given = attempt(home)
    home.chmod(0o777)
    assert refused(home, given) is Reason.CHANGED


def test_another_folder_is_left_alone(home: Path) -> None:
    assert refused(home, attempt(home, inode=1)) is Reason.CHANGED


def test_a_link_is_not_followed(home: Path) -> None:
    given, moved = attempt(home), home.with_name("moved")
    home.rename(moved)
    home.symlink_to(moved)
    with pytest.raises(EnforcementError):
        action(home).apply(given)
    assert mode(moved) == 0o755


@pytest.mark.parametrize("subject", ["/etc", "anna", "/home/../etc", "/\0", ""])
def test_nothing_outside_the_roots_is_touched(home: Path, subject: str) -> None:
    given = Attempt(id="a", subject=subject, proof=attempt(home).proof)
    assert refused(home, given) is Reason.OUTSIDE


@pytest.mark.root
def test_a_folder_of_the_system_is_refused(home: Path) -> None:
    if os.geteuid():
        pytest.skip("only root owns what belongs to the system")
    os.chown(home, 0, 0)
    assert refused(home, attempt(home)) is Reason.OUTSIDE


@pytest.mark.parametrize("name", ["device", "inode", "mode", "take"])
def test_a_proof_that_proves_nothing_is_refused(home: Path, name: str) -> None:
    given = attempt(home)
    proof = {key: value for key, value in given.proof.items() if key != name}
    assert refused(home, Attempt(id="a", subject=given.subject, proof=proof)) is Reason.FAULT


def system(root: Path, *homes: tuple[str, int, int]) -> Path:
    """A made-up system with people and their homes: name, group, mode."""
    (root / "etc").mkdir()
    people = [
        f"{name}:x:{1000 + number}:{group}::/home/{name}:/bin/bash"
        for number, (name, group, _) in enumerate(homes)
    ]
    (root / "etc/passwd").write_text("\n".join(people) + "\n")
    for name, _, bits in homes:
        (root / "home" / name).mkdir(parents=True)
        (root / "home" / name).chmod(bits)
    return root


def test_each_home_that_lets_others_in_is_told_with_the_most_they_may_do(tmp_path: Path) -> None:
    root = system(tmp_path, ("a", 1000, 0o711), ("b", 1001, 0o755), ("c", 1002, 0o777),
                  ("d", 1003, 0o750))  # fmt: skip
    found = list(seen(lambda: open_homes(root), utc_now))
    assert [(one.subject, one.facts()["others"]) for one in found] == [
        ("/home/a", Others.ENTER),
        ("/home/b", Others.READ),
        ("/home/c", Others.WRITE),
    ]
    assert found[1].details() == {"path": "/home/b"}
    assert found[1].proof()["take"] == 0o005


def test_a_home_that_is_opened_anew_is_news() -> None:
    home = Home(path="/home/a", mode=0o755, others=0o005, device=1, inode=2)
    closed = Home(path="/home/a", mode=0o711, others=0o001, device=1, inode=2)
    news = {HomeOpen(observed_at=utc_now(), subject="x", home=one).once() for one in (home, closed)}
    assert len(news) == 2

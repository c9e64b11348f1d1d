"""Linux: whose laptop this is: accounts of people, passwords that are empty, homes that are open.

Only ``/etc/passwd`` and ``/etc/shadow`` are asked, so accounts that a server keeps are not seen,
and a laptop without any of its own is ``unknown``. No name of an account is told to anybody.
"""

import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.checks.reading import Unreadable, below, lines, text
from collectors.checks.storage_linux import on_network
from collectors.checks.told import Told, Why

ACCOUNTS = "/etc/passwd"
PEOPLE = range(1000, 60001)
"""The user numbers that are given to people (login.defs)."""
_NO_SHELLS = frozenset({"nologin", "false", "sync", "shutdown", "halt"})
_FIELDS = 7


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account."""

    group: int
    home: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """A person's home. ``others`` are the bits of its mode by which others get in."""

    path: str
    mode: int
    others: int
    device: int
    inode: int


def people(root: Path) -> list[Account]:
    """The accounts of this laptop that a person can log in with. Raises Unreadable."""
    found = [_account(line.split(":")) for line in lines(text(root, ACCOUNTS))]
    return [account for account in found if account is not None]


def accounts(root: Path, one_person: bool) -> Told:
    """Whether other people have an account, where the laptop is to be one person's."""
    count = len(people(root))
    if not one_person:
        return Told(Why.NOT_ASKED, count)
    if count == 0:
        return Told(Why.NOT_TOLD)
    return Told(Why.ONE_ACCOUNT if count == 1 else Why.SEVERAL_ACCOUNTS, count)


def empty_passwords(root: Path) -> Told:
    """How many accounts ask for no password; of these files only that field is looked at."""
    shadow = text(root, "/etc/shadow")
    fields = [line.split(":") for line in lines(f"{shadow}\n{text(root, ACCOUNTS)}")]
    if not shadow:
        return Told(Why.NOT_TOLD)
    # A line that begins with + or - speaks of accounts that a server keeps.
    empty = {one[0] for one in fields if len(one) > 1 and not one[1] and one[0][:1] not in "+-"}
    return Told(Why.PASSWORD_EMPTY, len(empty)) if empty else Told(Why.PASSWORDS_SET)


def home_folders(root: Path) -> Told:
    """How many homes let others in, by their mode; homes on a network are not looked at."""
    homes = _homes(root)
    if not homes:
        return Told(Why.NOT_TOLD)
    opened = sum(bool(home.others) for home in homes)
    return Told(Why.HOMES_OPEN, opened) if opened else Told(Why.HOMES_CLOSED)


def open_homes(root: Path) -> list[Home]:
    """The homes that let others in. Raises Unreadable."""
    return [home for home in _homes(root) if home.others]


def _homes(root: Path) -> list[Home]:
    everybody = people(root)
    shared = {
        group for group, count in Counter(one.group for one in everybody).items() if count > 1
    }
    found = {one.home: _home(root, one, shared) for one in everybody}
    return [home for home in found.values() if home is not None]


def _account(fields: Sequence[str]) -> Account | None:
    if len(fields) != _FIELDS or not all(one.isascii() and one.isdigit() for one in fields[2:4]):
        return None
    shell = fields[6].rpartition("/")[2]
    person = int(fields[2]) in PEOPLE and shell not in _NO_SHELLS
    return Account(int(fields[3]), fields[5]) if person else None


def _home(root: Path, one: Account, shared: set[int]) -> Home | None:
    """A home as it stands; None if there is none that could be looked at."""
    if not one.home.strip("/") or on_network(root, one.home):
        return None
    try:
        status = below(root, one.home).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unreadable("a home") from error
    if not stat.S_ISDIR(status.st_mode):
        return None
    group = stat.S_IRWXG if status.st_gid in shared else 0
    return Home(
        path=one.home,
        mode=stat.S_IMODE(status.st_mode),
        others=stat.S_IMODE(status.st_mode) & (stat.S_IRWXO | group),
        device=status.st_dev,
        inode=status.st_ino,
    )

"""Linux: every check of the posture, by its word, on the system below one root."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from collectors.base import Clock, utc_now
from collectors.checks import accounts_linux as accounts
from collectors.checks import programs
from collectors.checks.connection_linux import connection
from collectors.checks.firewall_linux import ask_kernel, firewall
from collectors.checks.found_files_linux import media_files, own_programs
from collectors.checks.laptop import Laptop
from collectors.checks.laptop_linux import laptop
from collectors.checks.logins_linux import automatic_login, guest_account
from collectors.checks.printers_linux import printers
from collectors.checks.reading import Unreadable
from collectors.checks.screen_lock_linux import screen_lock
from collectors.checks.sharing_linux import shares
from collectors.checks.storage_linux import Kept, disk_encryption, file_system
from collectors.checks.told import Check, Told
from collectors.checks.updates_linux import Apt, Ask, ask_apt, updates

ROOT = Path("/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the policy says of the checks."""

    one_person: bool = False
    lock_minutes: int = 15
    update_days: int = 14
    approved: Sequence[str] = ()
    connections: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A system to look at; what no file tells is asked of the running one by the last three."""

    root: Path = ROOT
    now: Clock = utc_now
    rules: Ask = ask_kernel
    upgrade: Ask = field(default_factory=lambda: Apt(ROOT, ask_apt))
    running: Callable[[], Collection[str]] = programs.running

    def laptop(self) -> Laptop:
        return laptop(self.root, self.now())

    def open_homes(self) -> Sequence[accounts.Home]:
        """The homes that let others in. Raises Unreadable, OSError."""
        return accounts.open_homes(self.root)

    def checks(self, wishes: Wishes) -> Mapping[Check, Callable[[], Told]]:
        """How to find out, for each check. They raise OSError, ValueError or Unreadable."""
        root = self.root
        return {
            Check.DISK_ENCRYPTION: lambda: disk_encryption(root, self._homes()),
            Check.AUTOMATIC_LOGIN: partial(automatic_login, root),
            Check.EMPTY_PASSWORDS: partial(accounts.empty_passwords, root),
            Check.GUEST_ACCOUNT: partial(guest_account, root),
            Check.HOME_FOLDERS: partial(accounts.home_folders, root),
            Check.ACCOUNTS: partial(accounts.accounts, root, wishes.one_person),
            Check.SHARES: partial(shares, root),
            Check.SCREEN_LOCK: lambda: screen_lock(root, self._homes(), wishes.lock_minutes),
            Check.FIREWALL: partial(firewall, root, self.rules),
            Check.UPDATES: lambda: self._updates(timedelta(days=wishes.update_days)),
            Check.SYNC_PROGRAMS: lambda: self._programs(Check.SYNC_PROGRAMS, wishes),
            Check.FILE_SHARING: lambda: self._programs(Check.FILE_SHARING, wishes),
            Check.CONNECTION: partial(connection, root, wishes.connections),
            Check.OWN_PROGRAMS: lambda: own_programs(root, self._homes()),
            Check.MEDIA_FILES: lambda: media_files(root, self._homes()),
            Check.PRINTERS: partial(printers, root),
        }

    def _homes(self) -> list[str]:
        return [one.home for one in accounts.people(self.root) if one.home.startswith("/")]

    def _updates(self, most: timedelta) -> Told:
        return updates(self.root, self.upgrade, self.now(), most)

    def _programs(self, check: Check, wishes: Wishes) -> Told:
        return programs.in_use(check, self.running(), wishes.approved)


def on_plain_disk(path: str) -> bool | None:
    """Whether a path lies on a disk of this laptop that is not encrypted; None if not known."""
    try:
        kept = file_system(ROOT, path)
    except (OSError, ValueError, Unreadable):
        return None
    return None if kept is Kept.UNKNOWN else kept is Kept.PLAIN

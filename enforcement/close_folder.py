"""Close a person's folder to the other people of the laptop, by its mode alone.

The proof is ``device``, ``inode`` and ``mode``, so that no other folder and no other state of it is
touched, and ``take``, the bits to take away. Nothing below the folder is changed: whoever cannot
enter it reaches nothing in it. What its owner may do stays as it was, and they can open it again.
"""

import os
import stat

from enforcement import durable, syscalls
from enforcement.base import (
    Attempt,
    EnforcementError,
    KeepsNothing,
    Outcome,
    Reason,
    Result,
    Settings,
)
from enforcement.reasons import told

_MAY_TAKE = stat.S_IRWXG | stat.S_IRWXO


def make(settings: Settings) -> "CloseFolder":
    """Build the action."""
    return CloseFolder(settings)


class CloseFolder(KeepsNothing):
    """Takes bits away from the mode of one folder."""

    name = "close-folder"

    def __init__(self, settings: Settings) -> None:
        self._roots = [os.path.normpath(root) for root in settings.roots]

    def apply(self, attempt: Attempt) -> Outcome:
        """Close the folder at the path ``subject``, if it is still the one in ``proof``."""
        self._check(attempt.subject)
        wanted = {name: _number(attempt, name) for name in ("device", "inode", "mode", "take")}
        take = wanted["take"] & _MAY_TAKE
        flags = os.O_RDONLY | os.O_DIRECTORY
        with told(), durable.held(syscalls.open_plain(attempt.subject, flags)) as folder:
            found = os.fstat(folder)
            mode = stat.S_IMODE(found.st_mode)
            if (found.st_dev, found.st_ino) != (wanted["device"], wanted["inode"]):
                raise EnforcementError(Reason.CHANGED, "another folder stands at this name")
            if not mode & take:
                return Outcome(result=Result.ALREADY)
            if mode != wanted["mode"]:
                raise EnforcementError(Reason.CHANGED, f"its mode is {mode:o} by now")
            if found.st_uid == 0:
                raise EnforcementError(Reason.OUTSIDE, "it belongs to the system")
            os.fchmod(folder, mode & ~take)
        return Outcome(result=Result.DONE, note=f"its mode was {mode:o}")

    def _check(self, path: str) -> None:
        """Only folders below a root of the policy, or a root itself. Raises EnforcementError."""
        plain = os.path.isabs(path) and "\0" not in path and os.path.normpath(path) == path
        within = [path == root or path.startswith(root.rstrip("/") + "/") for root in self._roots]
        if not plain or not any(within):
            raise EnforcementError(Reason.OUTSIDE, "it is not under a root that the policy lists")


def _number(attempt: Attempt, name: str) -> int:
    found = attempt.proof.get(name)
    if not isinstance(found, int):
        raise EnforcementError(Reason.FAULT, f"the proof names no {name}")
    return found

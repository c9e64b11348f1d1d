"""The weekly drill: a file made for the purpose is sealed, opened and compared.

What was never tried does not work on the day it is needed. The drill takes the same way as any file
(``enforcement.seal_file``, ``agent.restore``) in a folder of its own, with two keys that exist for
that minute only, and tells how far it came. It also looks whether the policy's own recipients
would do. It proves nothing about the officer's keys: only their holder can show those.
"""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyrage

from agent.errors import AgentError
from agent.own_files import DrillStep, RestoreDrill
from agent.restore import give_back
from collectors.base import Clock, Observation
from enforcement import age
from enforcement.base import Attempt, EnforcementError, Reason, Recipient, Result, Settings
from enforcement.judged import digest
from enforcement.reasons import reason_for
from enforcement.seal_file import SealFile

EVERY = timedelta(days=7)
LOOK = 3600.0
"""Seconds until it is looked again whether a drill is due."""
_ID = "drill"
_BYTES = 100_000
_MODE = 0o640
_WRITTEN = 1_700_000_000_123_456_789
_MARK = "user.dossierwacht"


@dataclass(kw_only=True)
class Drill:
    """Holds a drill when the last one is a week old."""

    state: Path
    recipients: Sequence[Recipient]
    record: Callable[[Observation], object]
    now: Clock

    def keep(self, stop: threading.Event) -> None:
        """Look now and every hour, until told to stop."""
        while not stop.is_set():
            if self._is_due():
                self.record(self.hold())
            stop.wait(LOOK)

    def hold(self) -> RestoreDrill:
        """Hold one now. Whatever it made is gone afterwards."""
        folder = self.state / "drill"
        step = DrillStep.SEAL
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            (folder / "home").mkdir()
            age.proven_keys(self.recipients)
            canary = _Canary(folder)
            canary.seal()
            step = DrillStep.OPEN
            back = canary.give_back()
            step = DrillStep.COMPARE
            fault = Reason.NONE if canary.is_same(back) else Reason.CHANGED
        except EnforcementError as error:
            fault = error.reason
        except OSError as error:
            fault = reason_for(error)
        except AgentError:
            fault = Reason.FAULT
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._told(step, fault)

    def _told(self, step: DrillStep, fault: Reason) -> RestoreDrill:
        fine = fault is Reason.NONE
        if fine:
            (self.state / "drill.last").touch()
        return RestoreDrill(
            observed_at=self.now(),
            subject="drill",
            result=Result.DONE if fine else Result.FAILED,
            reason=fault,
            step=DrillStep.ALL if fine else step,
        )

    def _is_due(self) -> bool:
        if not [one for one in self.recipients if one.proven]:
            return False  # nothing can be sealed here, and nothing has to be tried
        try:
            last = (self.state / "drill.last").stat().st_mtime
        except OSError:
            return True
        return abs(time.time() - last) >= EVERY.total_seconds()


class _Canary:
    """A file that nobody needs, and the keys that are forgotten with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
        self._path = folder / "home" / "canary"
        self._content = secrets.token_bytes(_BYTES)
        with self._path.open("xb") as file:
            file.write(self._content)
            os.fchmod(file.fileno(), _MODE)
        _mark(self._path)
        os.utime(self._path, ns=(_WRITTEN, _WRITTEN))
        self._marks = _marks(self._path)

    def seal(self) -> None:
        found = self._path.stat()
        with self._path.open("rb") as file:
            sha256 = digest(file.fileno())
        proof: dict[str, str | int] = {
            "sha256": sha256,
            "device": found.st_dev,
            "inode": found.st_ino,
        }
        recipients = tuple(
            Recipient(name="drill", key=str(key.to_public()), proven=True) for key in self._keys
        )
        settings = Settings(
            state=self._folder,
            roots=(self._folder / "home",),
            recipients=recipients,
            stage=self._folder / "stage",
        )
        SealFile(settings).apply(Attempt(id=_ID, subject=os.fspath(self._path), proof=proof))
        if self._path.exists():
            raise EnforcementError(Reason.NOT_CONFIRMED, "the file is still there")

    def give_back(self) -> Path:
        return Path(give_back(self._folder, _ID, age.Identities([str(self._keys[1])])).path)

    def is_same(self, back: Path) -> bool:
        found = back.stat()
        as_it_was = (found.st_mode & 0o777, found.st_mtime_ns) == (_MODE, _WRITTEN)
        return as_it_was and back.read_bytes() == self._content and _marks(back) == self._marks


def _mark(path: Path) -> None:
    """An attribute beside the content, where the file system has such."""
    if hasattr(os, "setxattr"):
        try:
            os.setxattr(path, _MARK, b"kept")
        except OSError:
            return


def _marks(path: Path) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    try:
        return [name for name in os.listxattr(path) if name == _MARK]
    except OSError:
        return []

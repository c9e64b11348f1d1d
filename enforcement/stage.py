"""The stage: where a file stands while it is being sealed, out of everybody's reach.

A file is taken by renaming it here, which the kernel does in one step, and only then looked at
closely. For that the stage must lie on the same mount as the file, and nobody may be able to rename
the stage itself away. So it is made in the root if nobody else owns a part of its path, else in the
nearest folder above on the same mount that only root can change: ``/home`` for ``/home/anna``. A
home that is a mount of its own has no such folder, and its files are reported, not sealed. Without
root's rights (the demo, the tests) the stage lies in the root.

Each transaction is two names here: ``ID.plan``, written before anything is touched, and ``ID.file``
while the file is ours. Paths stand in the plan and not in the agent's state folder, which is meant
to hold no file names; the state remembers only which stages there are.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from enforcement import durable, syscalls
from enforcement.base import EnforcementError, Reason, Settings
from enforcement.judged import READ, Judged
from enforcement.place import OURS, Place, open_root

NAME = f"{OURS}stage"
_KNOWN = "stages.json"
_ID = re.compile(r"\A[0-9A-Za-z][0-9A-Za-z-]{0,63}\Z")
_LOOK = os.O_PATH if hasattr(os, "O_PATH") else os.O_RDONLY


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What was judged and where it lay. Where the file is now says how far the work has come."""

    id: str
    place: Place
    judged: Judged
    about: Mapping[str, str | int] = field(default_factory=dict)


class Stage:
    """One stage, open."""

    def __init__(self, folder: int, checkpoint: durable.Checkpoint = durable.pass_by) -> None:
        self._folder = folder
        self._checkpoint = checkpoint

    def write(self, plan: Plan) -> None:
        """Put the plan on the disk. OSError, and then nothing of it is left."""
        data = json.dumps(asdict(plan)).encode("ascii")
        try:
            durable.write_file(self._folder, f"{plan.id}.plan", data, "plan", self._checkpoint)
        except OSError:
            self.drop_plan(plan.id)
            raise

    def plan(self, attempt_id: str) -> Plan | None:
        """The plan of an attempt, or None. EnforcementError (``parked``) if it cannot be read."""
        try:
            data = durable.read_small(self._folder, f"{attempt_id}.plan")
        except FileNotFoundError:
            return None
        try:
            given = json.loads(data)
            place, judged = Place(**given["place"]), Judged(**given["judged"])
            about = dict(given.get("about", {}))
            return Plan(id=attempt_id, place=place, judged=judged, about=about)
        except (ValueError, TypeError, KeyError) as error:
            note = f"the plan {attempt_id} is damaged; what was taken stays in the stage"
            raise EnforcementError(Reason.PARKED, note) from error

    def drop_plan(self, attempt_id: str) -> None:
        """The transaction is over. OSError."""
        durable.remove(self._folder, f"{attempt_id}.plan")
        durable.remove(self._folder, f"{attempt_id}.plan{durable.TEMPORARY}")
        self._checkpoint("plan-dropped")
        os.fsync(self._folder)

    def ids(self) -> set[str]:
        """Every attempt that has left something here."""
        entries = (entry.partition(".") for entry in os.listdir(self._folder))
        return {attempt_id for attempt_id, _, kind in entries if kind in ("plan", "file")}

    def sweep(self) -> None:
        """Remove plans that a crash cut off before they stood: nothing was touched by them."""
        for entry in os.listdir(self._folder):
            if entry.endswith(f".plan{durable.TEMPORARY}"):
                durable.remove(self._folder, entry)

    def holds(self, attempt_id: str) -> bool:
        """Whether the file of an attempt stands here."""
        return durable.has(self._folder, f"{attempt_id}.file")

    def open_file(self, attempt_id: str) -> int:
        """Open the file that was taken, for reading. OSError."""
        flags = READ | os.O_CLOEXEC
        return os.open(f"{attempt_id}.file", flags, dir_fd=self._folder)

    def take(self, folder: int, plan: Plan) -> None:
        """Take whatever now stands at the plan's name. OSError."""
        syscalls.rename_exclusive(folder, plan.place.name, self._folder, f"{plan.id}.file")
        self._checkpoint("taken")
        os.fsync(self._folder)
        self._checkpoint("stage-durable")
        os.fsync(folder)
        self._checkpoint("folder-durable")

    def put_back(self, folder: int, plan: Plan) -> None:
        """Give back what was taken; FileExistsError if its name is in use again. OSError."""
        syscalls.rename_exclusive(self._folder, f"{plan.id}.file", folder, plan.place.name)
        self._checkpoint("put-back")
        os.fsync(folder)
        os.fsync(self._folder)
        self._checkpoint("put-back-durable")

    def remove_file(self, attempt_id: str) -> None:
        """Remove the file that was taken; its sealed copy must be proven and on the disk."""
        durable.remove(self._folder, f"{attempt_id}.file")
        self._checkpoint("removed")
        os.fsync(self._folder)
        self._checkpoint("removed-durable")


def check_id(attempt_id: str) -> str:
    """An attempt's id becomes a file name. Raises EnforcementError (``fault``) if it must not."""
    if not _ID.match(attempt_id):
        raise EnforcementError(Reason.FAULT, "the attempt's id is no plain word")
    return attempt_id


@contextmanager
def opened(path: str, checkpoint: durable.Checkpoint = durable.pass_by) -> Iterator[Stage]:
    """Open a stage, making it if need be. Raises EnforcementError, OSError."""
    with durable.held(durable.private_folder(path)) as folder:
        yield Stage(folder, checkpoint)


def path_for(root: str, settings: Settings) -> str:
    """Where the stage of a root lies. Raises EnforcementError (``unsupported``), OSError."""
    if settings.stage is not None:
        return os.path.normpath(settings.stage)
    if os.geteuid() != 0:
        return os.path.join(root, NAME)
    with durable.held(open_root(root)) as folder:
        mount = syscalls.mount_of(folder)
    above = [folder for folder in _only_roots(root) if _mount(folder) == mount]
    if not above:
        note = f"no folder on the mount of {root} is safe from its owner"
        raise EnforcementError(Reason.UNSUPPORTED, note)
    return os.path.join(above[-1], NAME)


def remember(state: str, path: str) -> None:
    """Note in the state folder that there is a stage here, so that a start finds it. OSError."""
    known = stages_in(state)
    if path not in known:
        data = json.dumps([*known, path]).encode("ascii")
        with durable.held(durable.private_folder(state)) as folder:
            durable.write_file(folder, _KNOWN, data, "stages", durable.pass_by)


def stages_in(state: str) -> list[str]:
    """The stages the state folder knows of; those that are gone are left out."""
    try:
        with open(os.path.join(state, _KNOWN), "rb") as source:
            given = json.load(source)
    except (OSError, ValueError):
        return []  # the stages of the listed roots are looked into all the same
    paths = [path for path in given if isinstance(path, str)] if isinstance(given, list) else []
    return [path for path in paths if os.path.isdir(path)]


def _only_roots(path: str) -> Iterator[str]:
    """The folders from / down to a path, as long as root alone can rename what lies in them."""
    walked = "/"
    for part in ["", *path.strip("/").split("/")]:
        walked = os.path.join(walked, part)
        found = os.lstat(walked)
        closed = not found.st_mode & 0o022 or bool(found.st_mode & stat.S_ISVTX)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or not closed:
            return
        yield walked


def _mount(path: str) -> int:
    with durable.held(os.open(path, _LOOK | os.O_DIRECTORY | os.O_CLOEXEC)) as folder:
        return syscalls.mount_of(folder)

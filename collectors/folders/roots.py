"""The folders to look through: the policy's roots, and the drives that are mounted beneath them.

A disk of this laptop that is mounted beneath a root is looked through like the root itself. A
network share, a folder that a program makes up and a second view of another folder are not, unless
the policy says so; each is told once, for what was not read is not clean.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from collectors.base import Clock, CoverageLost, CoverageRestored, Gap, Observation
from collectors.folders.found import Watched
from collectors.folders.mounts import Foreign, Mount
from collectors.folders.mounts import mounts as mounted_now
from collectors.folders.walk import Root, beneath, excluded, open_folder, open_mount
from collectors.folders.watch import Watch

GAPS = {
    Foreign.BIND: Gap.BIND_MOUNT,
    Foreign.NETWORK: Gap.NETWORK_DRIVE,
    Foreign.VIRTUAL: Gap.VIRTUAL_DRIVE,
}


@dataclass(frozen=True, slots=True)
class Drive:
    """A file system mounted beneath a root. It is opened only while it is looked at, since what is
    held open cannot be unmounted."""

    mount: Mount
    inside: str

    @property
    def path(self) -> str:
        return self.mount.path


class Roots:
    """What is there of the wanted folders, kept up to date by ``attach``."""

    def __init__(
        self,
        wanted: Sequence[str],
        *,
        exclude: Sequence[str],
        admitted: Sequence[Foreign],
        now: Clock,
        mounts: Callable[[], list[Mount]] = mounted_now,
    ) -> None:
        self._wanted = list(dict.fromkeys(wanted))
        self._exclude = exclude
        self._admitted = frozenset(admitted)
        self._now = now
        self._mounts = mounts
        self._roots: dict[str, Root] = {}
        self._drives: dict[str, Drive] = {}
        self._missing: set[str] = set()
        self._refused: dict[str, Gap] = {}
        self._told: dict[str, Gap] = {}
        self._fresh: list[str] = []

    def paths(self) -> list[str]:
        """The paths that are looked through now."""
        return [root.path for root in self._roots.values()] + list(self._drives)

    def missing(self) -> bool:
        """Whether a wanted folder is not there."""
        return bool(self._missing)

    def fresh(self) -> list[str]:
        """What came to be looked through since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    @contextmanager
    def opened(self, path: str) -> Iterator[Root | None]:
        """One of ``paths``, open; None if it is gone."""
        for root in self._roots.values():
            if root.path == path:
                yield root
                return
        drive = self._opened_drive(path)
        try:
            yield drive
        finally:
            if drive is not None:
                drive.close()

    def attach(self, watch: Watch) -> Iterator[Observation]:
        """Open and watch what is there and was not; say what is not, and what is back."""
        mounts = self._mounts()
        for wanted in self._wanted:
            yield from self._attach_root(wanted, mounts, watch)
        yield from self._attach_drives(mounts, watch)

    def watch_all(self, watch: Watch) -> Iterator[Observation]:
        """Watch everything by another watch."""
        for path in self.paths():
            yield from self._watch(path, watch)

    def close(self) -> None:
        for root in self._roots.values():
            root.close()
        self._roots.clear()
        self._drives.clear()

    def _opened_drive(self, path: str) -> Root | None:
        drive = self._drives.get(path)
        with suppress(OSError):
            return open_mount(drive.path, drive.inside) if drive is not None else None
        return None

    def _attach_root(
        self, wanted: str, mounts: Sequence[Mount], watch: Watch
    ) -> Iterator[Observation]:
        root = self._roots.get(wanted)
        if root is not None and root.still_there():
            return
        if root is not None:
            watch.drop(root.path)
            self._roots.pop(wanted).close()
        # A share that does not answer is not even touched, unless the policy wants it read.
        if self._refuse(wanted, wanted, mounts):
            return
        try:
            opened = open_folder(wanted)
        except OSError:
            if wanted not in self._missing:
                yield self._lost(Watched.ROOT, Gap.MISSING, wanted)
            self._missing.add(wanted)
            return
        if wanted in self._missing:
            self._missing.discard(wanted)
            yield CoverageRestored(observed_at=self._now(), subject=wanted, what=Watched.ROOT)
        if self._refuse(wanted, opened.path, mounts):
            opened.close()
            return
        self._roots[wanted] = opened
        self._fresh.append(opened.path)
        yield from self._watch(opened.path, watch)

    def _attach_drives(self, mounts: Sequence[Mount], watch: Watch) -> Iterator[Observation]:
        drives, refused = self._sorted(mounts)
        for path in self._drives.keys() - drives.keys():
            watch.drop(path)
        new = [path for path, drive in drives.items() if self._drives.get(path) != drive]
        self._drives = drives
        self._fresh += new
        for path in new:
            yield from self._watch(path, watch)
        before, self._told = self._told, refused
        for path, gap in refused.items():
            if before.get(path) is not gap:
                yield self._lost(Watched.DRIVE, gap, path)
        for path in before.keys() - refused.keys():
            yield CoverageRestored(observed_at=self._now(), subject=path, what=Watched.DRIVE)

    def _sorted(self, mounts: Sequence[Mount]) -> tuple[dict[str, Drive], dict[str, Gap]]:
        """What is mounted beneath the roots, and what of that is not looked through."""
        drives: dict[str, Drive] = {}
        refused: dict[str, Gap] = {}
        for mount in mounts:
            inside = self._inside(mount.path)
            if inside is None or mount.special:
                continue
            gap = self._gap(mount.foreign)
            if gap is not None:
                refused[mount.path] = gap
            else:
                drives[mount.path] = Drive(mount, inside)
        return drives, refused | self._refused

    def _inside(self, path: str) -> str | None:
        """The path of a mount from the name of the root above it on; None if it is beneath none,
        or beneath what the policy passes over."""
        for root in self._roots.values():
            relative = beneath(root.path, path)
            if relative and not excluded(relative, self._exclude):
                return f"{root.inside}/{relative}"
        return None

    def _refuse(self, wanted: str, path: str, mounts: Sequence[Mount]) -> bool:
        """Whether a root lies on something that is not looked through; kept for the telling. A
        root is meant where it is, even if it is a second view."""
        foreign = next((mount.foreign for mount in _above(path, mounts)), None)
        gap = self._gap(foreign) if foreign is not Foreign.BIND else None
        self._refused.pop(wanted, None)
        if gap is not None:
            self._refused[wanted] = gap
        return gap is not None

    def _gap(self, foreign: Foreign | None) -> Gap | None:
        return None if foreign is None or foreign in self._admitted else GAPS[foreign]

    def _watch(self, path: str, watch: Watch) -> Iterator[Observation]:
        try:
            watch.add(path)
        except OSError:
            yield self._lost(Watched.CHANGES, Gap.LIMIT, path)

    def _lost(self, what: Watched, gap: Gap, subject: str) -> CoverageLost:
        return CoverageLost(observed_at=self._now(), subject=subject, what=what, gap=gap)


def _above(path: str, mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts a path lies on, the deepest first: that is the one it is read from."""
    above = [mount for mount in mounts if beneath(mount.path, path) is not None]
    return sorted(above, key=lambda mount: len(mount.path), reverse=True)

"""The table of mounts on Linux: which are a disk of this laptop, and which are something else.

A network share, a folder that a program makes up (a cloud drive by FUSE) and a second view of a
folder that lies elsewhere are not looked through as if they were the laptop's own: it could pull a
whole share across the network, or judge every file twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collectors.mountinfo_linux import Row, read

NETWORK = {
    "9p", "afs", "autofs", "ceph", "cifs", "coda", "davfs", "fuse.cephfs", "fuse.davfs",
    "fuse.davfs2", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs",
}  # fmt: skip
_SPECIAL = {
    "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
    "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs",
    "securityfs", "selinuxfs", "sysfs", "tracefs",
}  # fmt: skip


class Foreign(StrEnum):
    """What a mount is that does not count as this laptop's own."""

    BIND = "bind"
    """A second view of something that is mounted elsewhere too."""
    NETWORK = "network"
    VIRTUAL = "virtual"
    """Made up by a program (FUSE): most often a view of a cloud."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """One mount. ``number`` is the kernel's; ``special`` ones hold no files of anybody."""

    number: int
    path: str
    foreign: Foreign | None
    special: bool


def mounts() -> list[Mount]:
    """Everything that is mounted, as this process sees it. Raises OSError."""
    return told(read())


def told(table: Iterable[Row]) -> list[Mount]:
    """The mounts in a table; of two on one path the upper one."""
    found: dict[str, Mount] = {}
    seen: set[tuple[str, str]] = set()
    for row in table:
        again = (row.device, row.inside) in seen or not _is_top(row.inside, row.kind, row.options)
        seen.add((row.device, row.inside))
        found[row.path] = Mount(
            number=row.number,
            path=row.path,
            foreign=_foreign(row.kind, again),
            special=row.kind in _SPECIAL,
        )
    return list(found.values())


def _foreign(kind: str, again: bool) -> Foreign | None:
    if kind in NETWORK:
        return Foreign.NETWORK
    if kind == "fuse" or kind.startswith("fuse."):
        return Foreign.VIRTUAL
    return Foreign.BIND if again else None


def _is_top(inside: str, kind: str, options: str) -> bool:
    """Whether a mount shows the whole of a file system, or of a subvolume, which is as good."""
    return inside == "/" or (kind == "btrfs" and f"subvol={inside}" in options.split(","))

"""What a file is besides its bytes, so that a sealed one comes back as it was.

Written as JSON and sealed to the officers: path and owner are nobody else's business. Left out on
purpose are the set-user-id bits and the ``security.`` and ``trusted.`` attributes, which a restored
document has no use for and which root should not hand out again.
"""

import base64
import binascii
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1
_KEPT_XATTRS = ("user.", "system.posix_acl_access")
_PERMISSIONS = 0o777


@dataclass(frozen=True, kw_only=True, slots=True)
class Attributes:
    """``path`` is absolute; times are in nanoseconds; ``xattrs`` holds base64."""

    path: str
    sha256: str
    size: int
    mode: int
    uid: int
    gid: int
    atime_ns: int
    mtime_ns: int
    xattrs: dict[str, str]


def read(descriptor: int, path: str, sha256: str) -> Attributes:
    """The attributes of an open file. OSError."""
    found = os.fstat(descriptor)
    return Attributes(
        path=path,
        sha256=sha256,
        size=found.st_size,
        mode=found.st_mode & _PERMISSIONS,
        uid=found.st_uid,
        gid=found.st_gid,
        atime_ns=found.st_atime_ns,
        mtime_ns=found.st_mtime_ns,
        xattrs=_read_xattrs(descriptor),
    )


def give(descriptor: int, attributes: Attributes) -> list[str]:
    """Give an open file these attributes; the owner only as root. Returns what was not possible."""
    left = _give_xattrs(descriptor, attributes.xattrs)
    if os.geteuid() == 0:
        os.fchown(descriptor, attributes.uid, attributes.gid)
    elif (os.geteuid(), os.getegid()) != (attributes.uid, attributes.gid):
        left.append("owner")
    # After the owner, who else would lose permission bits; the times last of all.
    os.fchmod(descriptor, attributes.mode)
    os.utime(descriptor, ns=(attributes.atime_ns, attributes.mtime_ns))
    return left


def to_json(attributes: Attributes) -> bytes:
    """As it is sealed."""
    return json.dumps({"version": VERSION} | asdict(attributes), sort_keys=True).encode("ascii")


def from_json(data: bytes) -> Attributes:
    """Raises ValueError if these are not attributes of this version."""
    given: Any = json.loads(data)
    if not isinstance(given, dict) or given.pop("version", None) != VERSION:
        raise ValueError("not the attributes of a sealed file, or of a newer version")
    _check(given)
    return Attributes(**given)


_TYPES: dict[str, type] = {
    "path": str,
    "sha256": str,
    "size": int,
    "mode": int,
    "uid": int,
    "gid": int,
    "atime_ns": int,
    "mtime_ns": int,
    "xattrs": dict,
}


def _check(given: dict[str, Any]) -> None:
    if given.keys() != _TYPES.keys():
        raise ValueError("the attributes of a sealed file lack a field or have one too many")
    for name, wanted in _TYPES.items():
        if type(given[name]) is not wanted:
            raise ValueError(f"{name!r} is no {wanted.__name__}")
    if not os.path.isabs(given["path"]) or "\0" in given["path"]:
        raise ValueError("the path is not absolute")
    if given["mode"] & ~_PERMISSIONS:
        raise ValueError("the mode holds more than permissions")


def _read_xattrs(descriptor: int) -> dict[str, str]:
    kept = {}
    for name in _names(descriptor):
        with suppress(OSError):
            kept[name] = base64.b64encode(os.getxattr(descriptor, name)).decode("ascii")
    return kept


def _names(descriptor: int) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    try:
        return [name for name in os.listxattr(descriptor) if name.startswith(_KEPT_XATTRS)]
    except OSError:
        return []  # a file system without extended attributes


def _give_xattrs(descriptor: int, xattrs: dict[str, str]) -> list[str]:
    left = []
    for name, value in xattrs.items():
        try:
            if not name.startswith(_KEPT_XATTRS) or not hasattr(os, "setxattr"):
                raise ValueError(name)
            os.setxattr(descriptor, name, base64.b64decode(value, validate=True))
        except (OSError, ValueError, binascii.Error):
            left.append(f"extended attribute {name}")
    return left

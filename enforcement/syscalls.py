"""What sealing needs of the kernel beyond Python's ``os``: paths that cannot be redirected, renames
that never overwrite, and the promise that nobody writes to a file while it is being sealed.

Elsewhere than on Linux each of these raises EnforcementError with ``unsupported``: a file is then
reported and left alone, because sealing without them could take the wrong file.
"""

import sys

if sys.platform == "linux":
    from enforcement.syscalls_linux import (
        drop_lease,
        lease_holds,
        mount_of,
        open_beneath,
        open_plain,
        rename_exclusive,
        take_lease,
    )
else:
    from enforcement.base import EnforcementError, Reason

    def _missing() -> EnforcementError:
        return EnforcementError(Reason.UNSUPPORTED, f"sealing is not possible on {sys.platform}")

    def open_beneath(folder: int, path: str, flags: int) -> int:
        raise _missing()

    def open_plain(path: str, flags: int) -> int:
        raise _missing()

    def rename_exclusive(folder: int, name: str, new_folder: int, new_name: str) -> None:
        raise _missing()

    def take_lease(descriptor: int) -> None:
        raise _missing()

    def lease_holds(descriptor: int) -> bool:
        raise _missing()

    def drop_lease(descriptor: int) -> None:
        raise _missing()

    def mount_of(descriptor: int) -> int:
        raise _missing()


__all__ = [
    "drop_lease",
    "lease_holds",
    "mount_of",
    "open_beneath",
    "open_plain",
    "rename_exclusive",
    "take_lease",
]

"""What an error of the operating system means for an action: one closed word for each errno.

The word leaves the laptop, the error's own text stays on it as the outcome's note.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from enforcement.base import EnforcementError, Reason

_REASONS = {
    errno.ENOENT: Reason.GONE,
    errno.ESTALE: Reason.GONE,
    errno.ENODEV: Reason.GONE,
    errno.ENOTDIR: Reason.CHANGED,
    errno.EISDIR: Reason.NOT_PLAIN,
    errno.ELOOP: Reason.NOT_PLAIN,
    errno.ENXIO: Reason.NOT_PLAIN,
    errno.EXDEV: Reason.OUTSIDE,
    errno.ENAMETOOLONG: Reason.OUTSIDE,
    errno.EAGAIN: Reason.IN_USE,
    errno.EBUSY: Reason.IN_USE,
    errno.ETXTBSY: Reason.IN_USE,
    errno.ENOSPC: Reason.NO_SPACE,
    errno.EDQUOT: Reason.NO_SPACE,
    errno.EACCES: Reason.REFUSED,
    errno.EPERM: Reason.REFUSED,
    errno.EROFS: Reason.REFUSED,
    errno.ENOSYS: Reason.UNSUPPORTED,
    errno.EOPNOTSUPP: Reason.UNSUPPORTED,
}


def reason_for(error: OSError) -> Reason:
    """The closed word for an error of the operating system; ``fault`` for one not foreseen."""
    return _REASONS.get(error.errno or 0, Reason.FAULT)


@contextmanager
def told() -> Iterator[None]:
    """Whatever the operating system refuses inside becomes an EnforcementError with a reason."""
    try:
        yield
    except OSError as error:
        raise EnforcementError(reason_for(error), error.strerror or str(error)) from error

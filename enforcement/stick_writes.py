"""Hold what would be written to a stick until somebody has said whether it may.

The kernel asks before a program opens a file on a volume that is held, and has the program wait for
the answer. Programs that only read, and root's own, are let through at once. Of the others the
files they have open are what they may be about to copy: file managers and ``cp`` open what they
copy first.

What a program writes from memory cannot be seen here; nor what it opens after the file on the stick
(``tar``, ``cat list.csv >stick/list.csv``). If this process ends, the kernel lets everything go
that waits.
"""

import sys

if sys.platform == "linux":
    from enforcement.stick_writes_linux import InHand, Opening, StickWrites
else:
    raise ImportError(f"no way to hold writes on {sys.platform}")

__all__ = ["InHand", "Opening", "StickWrites"]

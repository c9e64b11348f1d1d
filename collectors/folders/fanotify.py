"""Watching a whole file system at once; the system's own way is in ``fanotify_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.folders.fanotify_linux import Fanotify
else:
    raise ImportError(f"a whole file system cannot be watched on {sys.platform} yet")

__all__ = ["Fanotify"]

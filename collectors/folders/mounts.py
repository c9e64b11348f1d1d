"""What is mounted where; the system's own way is in ``mounts_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.folders.mounts_linux import Foreign, Mount, mounts, told
else:
    raise ImportError(f"what is mounted cannot be told on {sys.platform} yet")

__all__ = ["Foreign", "Mount", "mounts", "told"]

"""Opening files in folders that other people own; the system's own way is in ``opening_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.folders.opening_linux import open_beneath, open_root, status_beneath
else:
    raise ImportError(f"folders cannot be opened safely on {sys.platform} yet")

__all__ = ["open_beneath", "open_root", "status_beneath"]

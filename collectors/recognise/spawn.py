"""Starting a worker process; the system's own way is in ``spawn_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.recognise.spawn_linux import Child, spawn, spawn_ocr
else:
    raise ImportError(f"recognition does not run on {sys.platform} yet")

__all__ = ["Child", "spawn", "spawn_ocr"]

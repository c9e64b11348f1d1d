"""Taking a worker's rights away; how is the operating system's business, see ``sandbox_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.recognise.sandbox_linux import enter, limit_cpu
else:
    raise ImportError(f"there is no sandbox for {sys.platform} yet, and no worker without one")

__all__ = ["enter", "limit_cpu"]

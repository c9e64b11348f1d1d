"""A file that only ever exists in memory; the system's own way is in in_memory_<os>."""

import sys

if sys.platform == "linux":
    from agent.in_memory_linux import memory_file
else:
    raise ImportError(f"files in memory are not made on {sys.platform} yet")

__all__ = ["memory_file"]

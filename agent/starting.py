"""Who starts what takes another account; the system's own way is in ``starting_<os>``."""

import sys

if sys.platform == "linux":
    from agent.starting_linux import use_starter
else:
    raise ImportError(f"the agent does not run on {sys.platform} yet")

__all__ = ["use_starter"]

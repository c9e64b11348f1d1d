"""Who is at the other end of a connection on the loopback address."""

import sys

if sys.platform == "linux":
    from agent.pages.callers_linux import uid_of
else:
    raise ImportError(f"the pages do not run on {sys.platform} yet")

__all__ = ["uid_of"]

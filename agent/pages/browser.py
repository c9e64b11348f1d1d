"""The person's browser, and how an address is opened in it."""

import sys

if sys.platform == "linux":
    from agent.pages.browser_linux import open_address
else:
    raise ImportError(f"the pages do not run on {sys.platform} yet")

__all__ = ["open_address"]

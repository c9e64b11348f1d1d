"""The engine that reads pictures of pages; where the system keeps it is in ``tesseract_<os>``."""

import sys

if sys.platform == "linux":
    from collectors.recognise.tesseract_linux import Engine, missing
else:
    raise ImportError(f"recognition does not run on {sys.platform} yet")

__all__ = ["Engine", "missing"]

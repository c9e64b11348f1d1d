"""Encrypting a PDF in a process of its own, with an end to its memory and its time."""

import sys

if sys.platform == "linux":
    from agent.protect.pdf_apart_linux import encrypt_pdf
else:
    raise ImportError(f"PDF cannot be encrypted on {sys.platform} yet")

__all__ = ["encrypt_pdf"]

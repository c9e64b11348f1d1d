"""Saying "this is wrong" of a file, with the rights of whoever says it.

The file is opened here and handed over open: the agent takes nothing that they could not have read.
"""

import os
from pathlib import Path

from agent import control

SECONDS = 120.0
"""For the agent to judge the file and seal a copy."""
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def of_sealed(socket: Path, number: str, says: str, text: str) -> dict[str, str]:
    """Of a file that was sealed, by its number. Raises ControlError."""
    return control.ask(socket, "dispute", timeout=SECONDS, file=number, says=says, text=text)


def of_file(socket: Path, path: str, says: str, text: str) -> dict[str, str]:
    """Of a file where it lies. Raises ControlError, and OSError or ValueError if it cannot be
    opened."""
    shown = os.open(path, _OPEN)
    try:
        return control.ask(
            socket, "dispute", timeout=SECONDS, descriptor=shown, file=path, says=says, text=text
        )
    finally:
        os.close(shown)

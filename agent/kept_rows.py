"""Small tables that the agent keeps as one file each, such as letters: read as a whole, and written
as a whole (``agent.journal_file.write_durably``)."""

import logging
from pathlib import Path
from typing import TypeVar

import msgspec

log = logging.getLogger(__name__)
T = TypeVar("T")


def rows_in(file: Path, kind: type[T]) -> tuple[T, ...]:
    """The rows of a table; a file that is not there or is damaged counts as an empty one."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[kind, ...])  # type: ignore[valid-type]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        log.error("%s is damaged: %s", file.name, type(error).__name__)
        return ()

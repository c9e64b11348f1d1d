"""Data that lies beside the code: a folder of TOML files, each of one kind."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read(folder: Path, kind: type[T]) -> Mapping[str, T]:
    """Every file of a folder, by its name without the ending. Raises msgspec.DecodeError."""
    return {
        file.stem: msgspec.toml.decode(file.read_bytes(), type=kind)
        for file in sorted(folder.glob("*.toml"))
    }

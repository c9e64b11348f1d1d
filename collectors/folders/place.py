"""What kind of place a file lies in, by the names of its folders: a word that may leave."""

import tomllib
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path


class Place(StrEnum):
    """Where a file was found."""

    SYNC_FOLDER = "sync-folder"
    """A folder that is copied to a cloud."""
    MAIL = "mail"
    TEMP = "temp"
    DOWNLOADS = "downloads"
    DESKTOP = "desktop"
    DOCUMENTS = "documents"
    OTHER = "other"


def place_of(path: str) -> Place:
    """The place of a file, by every folder above it."""
    return _place_of_folder(path.rpartition("/")[0])


@lru_cache(maxsize=1024)
def _place_of_folder(path: str) -> Place:
    folders = [folder.lower() for folder in path.split("/") if folder]
    for place, patterns in _places().items():
        if any(fnmatchcase(folder, pattern) for folder in folders for pattern in patterns):
            return place
    return Place.OTHER


@cache
def _places() -> dict[Place, tuple[str, ...]]:
    text = Path(__file__).with_name("places.toml").read_text(encoding="utf-8")
    return {Place(name): tuple(patterns) for name, patterns in tomllib.loads(text).items()}

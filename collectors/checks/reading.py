"""Reading settings: bounded, as lines and marks, with no parser that a file could lead astray.

A file of the system is root's own; one in a home is somebody else's bytes, opened beneath that home
without following a link. Neither is read beyond a limit, and what is no text is read as best it
can be: the worst that a file can do is to be judged wrongly.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from collectors.folders.opening import open_beneath, open_root

MOST_OF_SYSTEM = 1024 * 1024
MOST_OF_HOME = 64 * 1024
"""Bytes; a file that is larger is none of those that are looked for."""
_LONGEST_TAG = 512
_DEEPEST = 16
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')

Ini = Mapping[tuple[str, str], str]


class Unreadable(Exception):
    """It is there and may not be read, or is too large, or no plain file."""


def below(root: Path, path: str) -> Path:
    """Where an absolute path lies in a system whose root is ``root``."""
    return root / path.lstrip("/")


def text(root: Path, path: str) -> str:
    """A file of the system; empty if there is none. Raises Unreadable."""
    try:
        return _read(os.open(below(root, path), os.O_RDONLY | os.O_NONBLOCK), MOST_OF_SYSTEM)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from error


def home_text(home: Path, path: str) -> str:
    """A file in a person's home, reached through no link; empty if none. Raises Unreadable."""
    try:
        folder = open_root(str(home))
        try:
            return _read(open_beneath(folder, path, os.O_RDONLY), MOST_OF_HOME)
        finally:
            os.close(folder)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Unreadable(f"{path}: {error}") from error


def names(root: Path, folder: str, ending: str = "") -> list[str]:
    """The paths of what lies in a folder, sorted; nothing if there is none. Raises Unreadable."""
    try:
        found = sorted(os.listdir(below(root, folder)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unreadable(f"{folder}: {error}") from error
    return [f"{folder}/{name}" for name in found if name.endswith(ending)]


def lines(content: str) -> Iterator[str]:
    """The lines that say something: no blanks, no remarks."""
    for line in content.split("\n"):
        said = line.strip()
        if said and said[0] not in "#;":
            yield said


def ini(*contents: str) -> Ini:
    """Keys by section, as ``[section]`` and ``key=value``; of a key said twice, the last counts.

    KDE marks a section or key that may not be changed by ``[$i]``; the mark is passed over.
    """
    found = dict[tuple[str, str], str]()
    for content in contents:
        section = ""
        for line in lines(content):
            key, equals, value = line.partition("=")
            if line.startswith("["):
                section = line[1:].partition("]")[0]
            elif equals:
                found[section, key.partition("[")[0].strip()] = value.strip()
    return found


def xfconf(*contents: str) -> Mapping[str, str]:
    """Values by their path, such as ``/lock/enabled``, of the channel files of XFCE."""
    found = dict[str, str]()
    for content in contents:
        path = list[str]()
        for piece in content.split("<"):
            _take(piece.partition(">")[0], path, found)
    return found


def number(value: str) -> int:
    """A whole number from 0. Raises Unreadable for anything else."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Unreadable("no number where one should be")
    return int(value)


def yes(value: str) -> bool:
    """Whether a setting is switched on, in the words that settings use."""
    return value.strip("\"'").lower() in ("1", "true", "yes", "on")


def _take(tag: str, path: list[str], found: dict[str, str]) -> None:
    if tag.startswith("/property"):
        del path[-1:]
    if len(tag) > _LONGEST_TAG or not tag.startswith("property "):
        return
    attributes = dict(_ATTRIBUTE.findall(tag))
    here = [*path, attributes.get("name", "")]
    if "value" in attributes:
        found["/" + "/".join(here)] = attributes["value"]
    if not tag.endswith("/") and len(path) < _DEEPEST:
        path.append(here[-1])


def _read(descriptor: int, most: int) -> str:
    """All of an open plain file. Closes it. Raises OSError."""
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("no plain file")
        raw = file.read(most + 1)
    if len(raw) > most:
        raise OSError("too large")
    return raw.decode("utf-8", "replace")

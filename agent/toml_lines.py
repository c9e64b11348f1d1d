"""On which line of a TOML text a key stands; the standard library's parser does not say.

Reads headers and keys only, line by line, the way a person skims the file. A line inside a text of
several lines may look like a key; it then stands for itself only if no real key does.
"""

import re

_HEADER = re.compile(r"^\s*(?P<many>\[)?\[\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*(?P<key>[\w-]+|\"[^\"]*\"|'[^']*')\s*=")
_Place = tuple[str, int, str]


class Lines:
    """Where each key stands: by section, the how-manieth section of that name, and key."""

    def __init__(self, text: str) -> None:
        self._lines: dict[_Place, int] = {}
        section, number = "", 0
        counted: dict[str, int] = {}
        for line, content in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(content):
                section = header["name"].replace('"', "").replace(" ", "")
                number = counted.get(section, 0)
                counted[section] = number + 1
                self._note(section, number, "", line)
            elif key := _KEY.match(content):
                self._note(section, number, key["key"].strip("\"'"), line)

    def at(self, section: str, number: int, key: str) -> int:
        """The line of a key; of its section's header if the key is not there; else the first."""
        for place in ((section, number, key), (section, number, ""), ("", 0, section)):
            if place in self._lines:
                return self._lines[place]
        return self._below(f"{section}.{key}")

    def _note(self, section: str, number: int, key: str, line: int) -> None:
        self._lines.setdefault((section, number, key), line)

    def _below(self, name: str) -> int:
        """The header of a sub-table: ``collectors`` itself may have none of its own."""
        name = name.strip(".")
        found = [line for (section, _, _), line in self._lines.items() if section == name]
        return min(found, default=1)

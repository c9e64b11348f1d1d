"""Who or what made a document, as its properties say: a program's, a system's, a person's name.

It never counts as text of the document: whoever typed a letter is not whom it is about.
"""

import html
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

from collectors.recognise.budget import Budget, Part, Refused

_MEMBERS = ("docProps/core.xml", "docProps/app.xml", "docProps/custom.xml", "meta.xml")
_TAG = re.compile(r"<[^>]*>")
_LONGEST = 4000


def of_office(file: BinaryIO, budget: Budget) -> str:
    """The properties of an Office or OpenDocument file; what cannot be read of them is left out."""
    found = []
    file.seek(0)
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(file) as archive:
        for name in _MEMBERS:
            with suppress(KeyError, Refused):
                xml = budget.inflate(archive, archive.getinfo(name)).decode("utf-8", "replace")
                found.append(html.unescape(_TAG.sub(" ", xml))[:_LONGEST])
    return " ".join(found)


def marked(parts: Iterable[Part], made_by: str) -> Iterator[Part]:
    """The same parts with one more that made or sent them."""
    for part in parts:
        yield replace(part, made_by=f"{part.made_by} {made_by[:_LONGEST]}") if made_by else part

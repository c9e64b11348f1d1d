"""Zip archives, and archives that this version does not open."""

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Part, Refused
from collectors.recognise.verdict import Format, Reason


def members(
    file: BinaryIO, budget: Budget, nested: Callable[[BinaryIO], Iterator[Part]]
) -> Iterator[Part]:
    """Every member of a zip. One that cannot be read does not hide the others."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            budget.count_member()
            try:
                content = budget.inflate(archive, member)
            except Refused as refusal:
                yield Part(Format.ZIP, problem=refusal.reason)
                if refusal.reason is Reason.LIMIT:
                    return
                continue
            yield from nested(BytesIO(content))


def unsupported(file: BinaryIO, budget: Budget, nested: object) -> Iterator[Part]:
    """Says so: silence would pass for clean."""
    yield Part(Format.ARCHIVE, problem=Reason.UNSUPPORTED)

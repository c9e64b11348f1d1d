"""Files that come with a form: streamed to files without a name, in a folder of the person's own.

A file without a name is gone when it is closed, also if this process is killed. What is too much,
or finds no room on the disk, is read to its end and thrown away, since a browser that is cut off
half-way shows its own error and not our page.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

MOST_FILES = 50
MOST_BYTES = 1024 * 1024 * 1024
"""Of all files together."""
MOST_FIELDS = 20
LONGEST_FIELD = 2000
"""Bytes."""
LONGEST_NAME = 1000
"""Characters of a file's name that are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One file that came, and what its owner calls it."""

    name: str
    file: BinaryIO


@dataclass(kw_only=True)
class Received:
    """What came with a form. ``trouble`` says why the files in it are not whole, if so."""

    folder: Path = Path()
    fields: dict[str, str] = field(default_factory=dict)
    files: list[Sent] = field(default_factory=list)
    trouble: str = ""
    size: int = 0

    def close(self) -> None:
        """Let go of the files, and so of their content."""
        for one in self.files:
            let_go(one.file)


def let_go(file: BinaryIO) -> None:
    """Close a file that nobody needs any more, also one for which the disk had no room."""
    with suppress(OSError):
        file.close()


async def receive(request: Request, folder: Path) -> Received:
    """All parts of a form. Raises ValueError if it is none."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ValueError("no form with files")
    received = Received(folder=folder)
    try:
        parts = _Parts(received)
        parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
        async for piece in request.stream():
            parser.write(piece)
        parser.finalize()
        if not parts.ended:
            raise ValueError("the form broke off")
    except FormParserError as error:
        received.close()
        raise ValueError("no form") from error
    except BaseException:
        received.close()
        raise
    return received


class _Parts:
    """Takes the parts of a form one after another, as the parser finds them."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.ended = False
        self._head = (bytearray(), bytearray())
        self._about: Mapping[bytes, bytes] = {}
        self._said = bytearray()
        self._into: BinaryIO | None = None

    def callbacks(self) -> Mapping[str, object]:
        return {
            "on_header_field": self._name_of_head,
            "on_header_value": self._value_of_head,
            "on_header_end": self._head_ends,
            "on_headers_finished": self._begins,
            "on_part_data": self._data,
            "on_part_end": self._ends,
            "on_end": self._form_ends,
        }

    def _name_of_head(self, data: bytes, start: int, end: int) -> None:
        self._head[0].extend(data[start:end])

    def _value_of_head(self, data: bytes, start: int, end: int) -> None:
        self._head[1].extend(data[start:end])

    def _head_ends(self) -> None:
        name, value = (bytes(one) for one in self._head)
        if name.lower() == b"content-disposition":
            self._about = parse_options_header(value)[1]
        for one in self._head:
            one.clear()

    def _begins(self) -> None:
        if self._about.get(b"filename") and not self.received.trouble:
            if len(self.received.files) >= MOST_FILES:
                self.received.trouble = "many"
                return
            self._into = self._new(self._about[b"filename"])

    def _new(self, name: bytes) -> BinaryIO | None:
        try:
            self.received.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = cast(BinaryIO, tempfile.TemporaryFile(dir=self.received.folder))  # noqa: SIM115
        except OSError:
            self.received.trouble = "full"
            return None
        called = name.decode("utf-8", "replace")[:LONGEST_NAME]
        self.received.files.append(Sent(name=called, file=file))
        return file

    def _data(self, data: bytes, start: int, end: int) -> None:
        if b"filename" in self._about:
            self._keep(data[start:end])
        elif len(self._said) <= LONGEST_FIELD:
            self._said += data[start:end]

    def _keep(self, piece: bytes) -> None:
        self.received.size += len(piece)
        if self.received.size > MOST_BYTES:
            self.received.trouble = "large"
        if self._into is None or self.received.trouble:
            return
        try:
            self._into.write(piece)
        except OSError:
            self.received.trouble = "full"

    def _ends(self) -> None:
        fields = self.received.fields
        if self._into is not None:
            self._flushed(self._into)
        elif b"filename" not in self._about and len(fields) < MOST_FIELDS:
            name = self._about.get(b"name", b"").decode("utf-8", "replace")
            fields[name] = self._said[:LONGEST_FIELD].decode("utf-8", "replace").strip()
        self._into, self._about = None, {}
        self._said.clear()

    def _flushed(self, file: BinaryIO) -> None:
        try:
            file.flush()
            os.lseek(file.fileno(), 0, os.SEEK_SET)
        except OSError:
            self.received.trouble = "full"

    def _form_ends(self) -> None:
        self.ended = True

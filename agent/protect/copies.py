"""The encrypted copy: a PDF stays one that every reader opens, all else becomes a zip.

A PDF that cannot be taken apart cleanly goes into a zip as it is: the receiver gets every byte of
it, and the person is told why.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from agent.errors import AgentError
from agent.protect.pdf_apart import encrypt_pdf
from agent.protect.pdf_worker import FULL, LARGEST, Ended
from agent.protect.zipped import write_zip


class Form(StrEnum):
    """What a copy is."""

    PDF = "pdf"
    ZIP = "zip"


class Why(StrEnum):
    """Why a copy is no PDF although it could have been one."""

    ENCRYPTED = "pdf-encrypted"
    DAMAGED = "pdf-damaged"
    LARGE = "pdf-large"


class ProtectError(AgentError):
    """No copy was made; ``code`` is a word of ``agent.texts`` under ``protect-need-``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One file that is to be sent, open for reading, and what it is called."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What a copy became; ``why`` says why a lone PDF had to become a zip."""

    form: Form
    why: Why | None = None


def form_of(sources: Sequence[Source], wished: Form | None) -> Form:
    """What a copy is to become. Raises ProtectError for a PDF of what is none."""
    lone_pdf = len(sources) == 1 and _is_pdf(sources[0].file)
    if wished is Form.PDF and not lone_pdf:
        raise ProtectError("no-pdf", "only one file, and that a PDF, can become a protected PDF")
    return Form.PDF if lone_pdf and wished is not Form.ZIP else Form.ZIP


def write_copy(
    sources: Sequence[Source], out: BinaryIO, passphrase: str, content: str, wished: Form | None
) -> Made:
    """Write the copy to an empty file. ``content`` is what the inner file of a zip is called.

    Raises ProtectError; then what was written is of no use to anybody, and is not to be kept.
    """
    try:
        why = None
        if form_of(sources, wished) is Form.PDF:
            why = _pdf(sources[0].file, out, passphrase)
            if why is None:
                return Made(form=Form.PDF)
            out.seek(0)
            out.truncate()
        write_zip([(one.name, one.file) for one in sources], out, passphrase, content)
        out.flush()
        return Made(form=Form.ZIP, why=why)
    except OSError as error:
        raise told(error) from error


def told(error: OSError) -> ProtectError:
    """An error of the system in words."""
    if error.errno in FULL:
        return ProtectError("full", "the disk is full; nothing was made, and nothing was lost")
    return ProtectError("not-made", f"the copy could not be made: {error.strerror or error}")


def _is_pdf(file: BinaryIO) -> bool:
    return os.pread(file.fileno(), 5, 0) == b"%PDF-"


def _pdf(given: BinaryIO, out: BinaryIO, passphrase: str) -> Why | None:
    if os.fstat(given.fileno()).st_size > LARGEST:
        return Why.LARGE
    ended = encrypt_pdf(given.fileno(), out.fileno(), passphrase)
    if ended is Ended.FULL:
        raise OSError(errno.ENOSPC, "the disk is full")
    return {Ended.DONE: None, Ended.ENCRYPTED: Why.ENCRYPTED}.get(ended, Why.DAMAGED)

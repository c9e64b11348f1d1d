"""Encrypts one PDF, in a process of its own: whatever is wrong with the file ends that alone.

Reads the passphrase from its standard input, the PDF from one descriptor, and writes to another.
The PDF is read strictly: one that only a lenient program could make sense of might lose a page.
"""

import errno
import os
import sys
from enum import IntEnum
from typing import BinaryIO

LARGEST = 64 * 1024 * 1024
"""Bytes of a PDF; it is taken apart in memory."""
FULL = (errno.ENOSPC, errno.EDQUOT)
ALGORITHM = "AES-256"


class Ended(IntEnum):
    """How it ended, as the process' exit code; every other one is as good as ``DAMAGED``."""

    DONE = 0
    DAMAGED = 1
    ENCRYPTED = 3
    FULL = 4
    """There is no room for the copy."""


def encrypt(given: BinaryIO, out: BinaryIO, passphrase: str) -> Ended:
    """Write an encrypted copy, and open it again. Raises what pypdf raises for a damaged one."""
    from pypdf import PdfReader, PdfWriter  # heavy, and only of use in the process of its own

    reader = PdfReader(given, strict=True)
    if reader.is_encrypted:
        return Ended.ENCRYPTED
    pages = len(reader.pages)
    writer = PdfWriter(clone_from=reader)
    writer.encrypt(passphrase, algorithm=ALGORITHM)
    writer.write(out)
    out.flush()
    out.seek(0)
    again = PdfReader(out, password=passphrase, strict=True)
    return Ended.DONE if 0 < pages == len(again.pages) else Ended.DAMAGED


def main() -> int:
    """Work on the two descriptors that the process was given; its exit code."""
    passphrase = sys.stdin.read()
    source, target = (int(word) for word in sys.argv[1:3])
    try:
        with os.fdopen(source, "rb") as given, os.fdopen(target, "w+b") as out:
            given.seek(0)
            return encrypt(given, out, passphrase)
    except OSError as error:
        return Ended.FULL if error.errno in FULL else Ended.DAMAGED


if __name__ == "__main__":
    sys.exit(main())

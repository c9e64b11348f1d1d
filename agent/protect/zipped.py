"""An AES-256 zip, written as a stream, however large the files are.

The names in such a zip can be read without the passphrase, and a name tells much: so the files lie
in a zip of their own within it, which has the same name in every copy. What anybody can still see
is its size and when it was made.
"""

import errno
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyzipper

from agent.protect.names import inside

PIECE = 1024 * 1024
_LARGE = 2**31
"""From so many bytes on the wider form is used, which old programs do not open."""
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)


def write_zip(
    files: Sequence[tuple[str, BinaryIO]], out: BinaryIO, passphrase: str, content: str
) -> None:
    """Write all files, by their names, into ``content`` within an encrypted zip. Raises OSError."""
    try:
        _write(files, out, passphrase, content)
    except (ValueError, RuntimeError, zipfile.LargeZipFile) as error:
        raise _first(error) from error


def _write(
    files: Sequence[tuple[str, BinaryIO]], out: BinaryIO, passphrase: str, content: str
) -> None:
    wide = sum(os.fstat(file.fileno()).st_size for _, file in files) >= _LARGE
    with _ended(pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_STORED)) as outer:
        outer.setpassword(passphrase.encode("ascii"))
        outer.setencryption(pyzipper.WZ_AES, nbits=256)
        entry = outer.zipinfo_cls(content, date_time=_moment(time.time()))
        with outer.open(entry, "w", force_zip64=wide) as within:
            with _ended(zipfile.ZipFile(within, "w", zipfile.ZIP_DEFLATED)) as inner:
                for name, (_, file) in zip(inside(n for n, _ in files), files, strict=True):
                    _add(inner, name, file)


def _add(inner: zipfile.ZipFile, name: str, file: BinaryIO) -> None:
    """One file; its size is not believed, since it may be written to meanwhile."""
    about = os.fstat(file.fileno())
    entry = zipfile.ZipInfo(name, date_time=_moment(about.st_mtime))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100600 << 16
    file.seek(0)
    with inner.open(entry, "w", force_zip64=about.st_size >= _LARGE) as writing:
        while piece := file.read(PIECE):
            writing.write(piece)


@contextmanager
def _ended(made: Any) -> Iterator[Any]:
    """A zip with its end; one that cannot be written to its end is let go."""
    try:
        yield made
    except BaseException:
        made.fp = None
        raise
    made.close()


def _first(error: BaseException) -> OSError:
    """What went wrong first: a full disk is told by zips as something else."""
    earlier: BaseException | None = error
    while earlier is not None:
        if isinstance(earlier, OSError):
            return earlier
        earlier = earlier.__context__
    return OSError(errno.EFBIG, "a file grew while it was read; please try again")


def _moment(seconds: float) -> tuple[int, int, int, int, int, int]:
    """A moment as a zip has it: the laptop's own clock, within the years that it knows."""
    try:
        given = time.localtime(seconds)
    except (ValueError, OverflowError, OSError):
        return _EARLIEST
    parts = (given.tm_year, given.tm_mon, given.tm_mday, given.tm_hour, given.tm_min, given.tm_sec)
    return max(_EARLIEST, min(_LATEST, parts))

"""Known media judged by the product, beside what cryptsetup says of them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collectors.media.header import survey
from collectors.media.probe import ProbeError, probe
from collectors.media.verdict import Judgement, Verdict, judge

_EXPECTED = (
    ("bitlk-clearkey", Verdict.UNENCRYPTED),
    ("bitlk-", Verdict.ENCRYPTED),
    ("fvault2-images/", Verdict.UNKNOWN),
    ("tcrypt-images/", Verdict.UNKNOWN),
    ("luks1-images/", Verdict.UNKNOWN),  # their key slots hold zeros, which no real one does
    ("img_fs_", Verdict.UNENCRYPTED),
    ("xfs_", Verdict.UNENCRYPTED),
)
ROOM = 1024 * 1024
_SMALLEST = 8192
"""Bytes; what is smaller in the folder is a key file or a text."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """One image: what was expected, what was said, and what cryptsetup makes of it."""

    name: str
    verdict: str
    why: str
    expected: str
    cryptsetup: bool

    @property
    def right(self) -> bool:
        """As expected; where nothing is, never encrypted if cryptsetup cannot use it."""
        if self.expected:
            return self.verdict == self.expected
        return self.cryptsetup or self.verdict != Verdict.ENCRYPTED


def known(tests: Path) -> Iterator[Known]:
    """Every image of the package."""
    for path in sorted(tests.rglob("*")):
        name = str(path.relative_to(tests))
        if path.is_file() and _is_image(path, name):
            found = by_probe(path)
            yield Known(
                name=name,
                verdict=found.verdict,
                why=found.why,
                expected=next((e for start, e in _EXPECTED if start in name), ""),
                cryptsetup=accepted(path),
            )


def by_probe(path: Path) -> Judgement:
    """The verdict by the process without rights, as the agent asks for it.

    Images of headers alone get room for data, which a header without any is not proven without.
    """
    with tempfile.TemporaryFile() as disk:
        disk.write(path.read_bytes())
        disk.truncate(disk.tell() + (ROOM if path.parent.name == "generated" else 0))
        disk.seek(0)
        try:
            return judge(probe(disk.fileno()))
        except ProbeError:
            return judge(survey(_unreadable, path.stat().st_size))


def in_process(raw: bytes) -> Judgement:
    """The verdict over bytes, in this process."""
    return judge(survey(lambda at, length: raw[at : at + length], len(raw)))


def accepted(path: Path) -> bool:
    """Whether cryptsetup can make anything of a header: of a copy, since it mends what it can."""
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfile(path, copy.name)
        return _accepted(copy.name)


def _accepted(path: str) -> bool:
    for words in (("luksDump",), ("bitlkDump",), ("fvault2Dump",)):
        done = subprocess.run(
            ["/sbin/cryptsetup", *words, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            return True
    return False


def _is_image(path: Path, name: str) -> bool:
    if path.stat().st_size < _SMALLEST or name.endswith((".xz", ".c", ".sh", "-test", ".h")):
        return False
    return ".img" in name or "-images/" in name or name.startswith(("evil", "compat"))


def _unreadable(at: int, length: int) -> bytes:
    raise OSError(os.strerror(5))

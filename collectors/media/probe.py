"""Reading a disk in a process of its own, without rights: what it says back is checked as well.

The bytes on a stick are whatever somebody chose to put there, so the agent never parses them. It
opens the disk for reading and starts this module as a child with the disk as its standard input.
The child shuts itself into the recogniser's sandbox (no rights, no files, no network), reads, and
prints one line of JSON: a list of volumes, each with offset, size, kind and role. A child that
crashes, hangs or answers anything else means ``probe-failed``, never "encrypted".

    request   argv[1]  {"sector": 512, "seen": [[1048576, 62913536]]}
    answer    stdout   {"volumes": [[1048576, 62913536, "luks2", "data"]]}
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from collectors.media.header import survey
from collectors.media.tables import MOST_PARTS, Span
from collectors.media.verdict import Role, Volume, VolumeKind
from collectors.recognise import sandbox

if sys.platform == "linux":
    from collectors.media.probe_linux import ask_child
else:
    raise ImportError(f"disks cannot be probed on {sys.platform} yet")

LONGEST_ANSWER = 64 * 1024
"""Bytes."""
ACCOUNT = "nobody"
CPU_SECONDS = 10.0
_LARGEST = 2**63


class ProbeError(Exception):
    """The child gave no answer, or one that makes no sense."""


def probe(disk: int, seen: Sequence[Span] = (), sector: int = 512) -> tuple[Volume, ...]:
    """The volumes on the disk open at descriptor ``disk``; none if there is no medium in it.

    ``seen`` are the parts the kernel sees, ``sector`` its unit in bytes. Raises ProbeError.
    """
    try:
        size = os.lseek(disk, 0, os.SEEK_END)
        if size == 0:
            return ()
        answer = ask_child(__name__, request(seen, sector), disk, LONGEST_ANSWER)
    except OSError as error:
        raise ProbeError(f"the probe did not answer: {error}") from error
    return read_answer(answer, size)


def request(seen: Sequence[Span], sector: int) -> str:
    """The child's argument."""
    parts = [[span.offset, span.size] for span in seen[:MOST_PARTS]]
    return json.dumps({"sector": sector, "seen": parts})


def answer_for(text: str, disk: int) -> str:
    """What the child does with its argument: read the disk and say what is on it."""
    asked = json.loads(text)
    seen = [Span(int(offset), int(length)) for offset, length in asked["seen"]]
    size = os.lseek(disk, 0, os.SEEK_END)
    volumes = survey(lambda at, length: os.pread(disk, length, at), size, seen, asked["sector"])
    return json.dumps({"volumes": [[v.offset, v.size, v.kind, v.role] for v in volumes]})


def read_answer(answer: bytes, size: int) -> tuple[Volume, ...]:
    """The volumes in a child's answer about a disk of ``size`` bytes. Raises ProbeError."""
    try:
        rows = json.loads(answer)["volumes"]
        if not isinstance(rows, list) or not 1 <= len(rows) <= 2 * MOST_PARTS + 1:
            raise ProbeError("the probe named no volume, or far too many")
        return tuple(_volume(row, size) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProbeError("the probe's answer makes no sense") from error


def _volume(row: Any, size: int) -> Volume:
    offset, length, kind, role = row
    if not all(type(number) is int and 0 <= number < _LARGEST for number in (offset, length)):
        raise ValueError("not a place on a disk")
    if length == 0 or offset + length > size:
        raise ValueError("outside the disk")
    return Volume(offset=offset, size=length, kind=VolumeKind(kind), role=Role(role))


def main() -> int:
    """The child's whole life."""
    asked, disk, answer = sys.argv[1], sys.stdin.fileno(), sys.stdout.fileno()
    sandbox.enter(ACCOUNT)
    sandbox.limit_cpu(CPU_SECONDS)
    os.write(answer, answer_for(asked, disk).encode("ascii"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

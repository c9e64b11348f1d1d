"""A file that was judged, and what is to be told of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.folders.found import PasswordListFound, PupilFileFound, UnreadableFileFound
from collectors.folders.place import place_of
from collectors.folders.walk import Root
from collectors.recognise.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that was opened: its path and its status at that moment.

    ``inside`` is its path from the root's own name on: what lies above says nothing of its place.
    """

    path: str
    inside: str
    status: os.stat_result


def in_hand(root: Root, relative: str, status: os.stat_result) -> Judged:
    """A file beneath a root."""
    return Judged(root.absolute(relative), f"{root.inside}/{relative}", status)


def stamp(status: os.stat_result) -> str:
    """What tells one state of a file from the next."""
    return f"{status.st_mtime_ns}.{status.st_size}.{status.st_ino}"


def written_at(status: os.stat_result) -> datetime | None:
    """When a file was last written to; None for a time stamp that is no time."""
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def pupil_file(judged: Judged, verdict: Verdict, at: datetime) -> PupilFileFound:
    """What is told of a pupil file."""
    return PupilFileFound(
        observed_at=at,
        subject=judged.path,
        file_class=verdict.kind,
        persons_min=verdict.persons_min,
        persons_max=verdict.persons_max,
        evidence=verdict.evidence,
        categories=verdict.categories,
        format=verdict.format,
        place=place_of(judged.inside),
        size=judged.status.st_size,
        sha256=verdict.sha256,
        device=judged.status.st_dev,
        inode=judged.status.st_ino,
        written_at=written_at(judged.status),
    )


def password_lists(judged: Judged, verdict: Verdict, at: datetime) -> Iterator[PasswordListFound]:
    """What is told of a file besides; whatever that is, it is so far a list of passwords."""
    for also in verdict.also:
        yield PasswordListFound(
            observed_at=at,
            subject=judged.path,
            accounts=also.count,
            format=verdict.format,
            place=place_of(judged.inside),
            size=judged.status.st_size,
            sha256=verdict.sha256,
            device=judged.status.st_dev,
            inode=judged.status.st_ino,
            written_at=written_at(judged.status),
        )


def unreadable_file(judged: Judged, verdict: Verdict, at: datetime) -> UnreadableFileFound:
    """What is told of a document that nobody can look into."""
    return UnreadableFileFound(
        observed_at=at,
        subject=judged.path,
        reason=verdict.reason,
        format=verdict.format,
        place=place_of(judged.inside),
        stamp=stamp(judged.status),
    )

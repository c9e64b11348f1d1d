"""What a file is besides: findings that have nothing to do with whether it is a pupil file."""

from dataclasses import dataclass
from enum import StrEnum

MOST_COUNTED = 9999
_BANDS = (9, 49, 199, MOST_COUNTED)


class Finding(StrEnum):
    """A kind of finding."""

    PASSWORD_LIST = "password-list"  # noqa: S105 (the word for a finding)
    """Names of accounts with their passwords, readable by anybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Also:
    """One finding and of how many things it was made; never of which."""

    finding: Finding
    count: int


def band(count: int) -> tuple[int, int]:
    """The least and the most of the band that a count lies in: an exact one says too much."""
    least = 1
    for most in _BANDS:
        if count <= most:
            return least, most
        least = most + 1
    return _BANDS[-2] + 1, MOST_COUNTED

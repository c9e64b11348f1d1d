"""A USB stick in use, as the system describes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Stick:
    """A USB volume that is mounted. ``used`` changes when something is written to it."""

    path: str
    device: str
    serial: str
    model: str
    label: str
    encrypted: bool
    used: tuple[int, int]

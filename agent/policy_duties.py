"""What a policy says of people's duties rather than of the laptop: whom to tell, within which time,
and where files belong. Pure.

Every value may be unset, since an organisation's document may be silent; then the product's default
is gone by and named as such. The agent shows these; the collector's register goes by the clocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

UNSET = "product default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Whom a person tells of a leak. ``hours`` within which; ``then`` whom they tell after that."""

    to: str = ""
    hours: int = 0
    then: str = ""
    own_slip: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clocks:
    """Hours from when the organisation is aware; ``authority`` names the one that is told, and
    ``plan`` the plan of action that the register goes through."""

    authority: str = ""
    authority_hours: int = 0
    board_hours: int = 0
    measure_hours: int = 0
    subjects: str = ""
    clients: str = ""
    severity_scale: int = 0
    plan: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """Where files about pupils belong, in words, and how a citizen number is looked at."""

    approved: tuple[str, ...] = ()
    citizen_number: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duties:
    """The three of them."""

    report: Report = field(default_factory=Report)
    clocks: Clocks = field(default_factory=Clocks)
    files: Files = field(default_factory=Files)

    def lines(self) -> Iterator[str]:
        """Every key with its value, or that it is the product's default; then the source."""
        for name in ("report", "clocks", "files"):
            section = getattr(self, name)
            for key in section.__slots__:
                if key != "source":
                    yield f"{name}.{key}: {_said(getattr(section, key))}"
            yield f"{name}: source: {section.source or UNSET}"


def _said(value: str | int | tuple[str, ...]) -> str:
    if not value:
        return UNSET
    return ", ".join(value) if isinstance(value, tuple) else str(value)

"""The observation that something was kept off a stick, in the mode ``no-personal-data``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.base import Details, Facts, Keyed, Observation
from collectors.folders.found import LARGEST_FACT, PupilFileFound
from collectors.recognise.category import is_sensitive
from collectors.recognise.verdict import DETECTOR
from collectors.stick import Stick


class Refused(StrEnum):
    """Why a program was not let write to a stick."""

    PUPIL_FILE = "pupil-file"
    """It had a pupil file in its hands."""
    NOT_JUDGED = "not-judged"
    """What it had in its hands could not be judged in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StickWriteRefused(Observation):
    """A program was about to write to a stick and was refused. ``subject`` is what it had open;
    ``found`` tells of the pupil file, if it is one."""

    kind: ClassVar[str] = "stick-write-refused"
    refused: Refused
    stick: Stick
    found: PupilFileFound | None = None

    def facts(self) -> Facts:
        stick, found = self.stick, self.found
        told: Facts = {"refused": self.refused, "device": Keyed(stick.device, shared=True)}
        if found is None:
            return {**told, "encrypted": stick.encrypted}
        return {
            **told,
            "encrypted": stick.encrypted,
            "class": found.file_class,
            "place": found.place,
            "format": found.format,
            "persons-min": found.persons_min,
            "persons-max": found.persons_max,
            "categories": found.categories,
            "sensitive": is_sensitive(found.categories),
            "size-kb": min(LARGEST_FACT, -(-found.size // 1024)),
            "file": Keyed(found.subject),
            "detector": DETECTOR,
        }

    def details(self) -> Details:
        stick = self.stick
        return {
            "path": self.subject,
            "serial": stick.serial,
            "model": stick.model,
            "label": stick.label,
        }

    def once(self) -> str:
        """Told once a day for each file and stick: who is refused tries again."""
        day = self.observed_at.date()
        return f"{day}/{self.stick.device}/{self.refused}/{self.subject}"


class Watched(StrEnum):
    """What may have to be reported as not kept."""

    STICK_WRITES = "stick-writes"

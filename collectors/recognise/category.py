"""The kinds of personal data that a pupil file holds, in the words of the breach register.

An authority asks which kinds were affected, and whether they are sensitive; so the same closed
words serve the verdict, the event and the register. None of them says whose data they are.
"""

from collections.abc import Collection
from enum import StrEnum


class Category(StrEnum):
    """A kind of personal data."""

    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    MAIL = "e-mail"
    BIRTH_DATE = "birth-date"
    SEX = "sex"
    PHOTO = "photo"
    NATIONAL_NUMBER = "national-number"
    """A BSN or CPR number."""
    PUPIL_NUMBER = "pupil-number"
    ACCESS_DATA = "access-data"
    """Names of accounts, passwords, codes."""
    GRADES_AND_PROGRESS = "grades-and-progress"
    """Marks, scores, levels, and what was learned or done in a system of learning."""
    ABSENCE = "absence"
    BEHAVIOUR = "behaviour"
    HEALTH = "health"
    CARE = "care"
    """Support at school or by youth care."""
    FAMILY_SITUATION = "family-situation"
    YOUTH_PROTECTION = "youth-protection"
    RELIGION_OR_ORIGIN = "religion-or-origin"
    FINANCIAL = "financial"


SENSITIVE = frozenset(
    {
        Category.NATIONAL_NUMBER,
        Category.HEALTH,
        Category.CARE,
        Category.FAMILY_SITUATION,
        Category.YOUTH_PROTECTION,
        Category.RELIGION_OR_ORIGIN,
    }
)
"""Those whose loss weighs heavily: special categories of the law, and what comes close to them."""


def is_sensitive(categories: Collection[Category]) -> bool:
    """Whether one of these is sensitive."""
    return not SENSITIVE.isdisjoint(categories)

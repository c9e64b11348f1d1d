"""The forms that an entry is written out in: what stands in which, in which order; data, pure.

A form (``forms/*.toml``) has parts with a heading in each language, and in each part what it asks:
questions of the register, or, with ``@``, facts that follow from elsewhere (``facts``).
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from server_stub.breaches import toml_folder

FOLDER = Path(__file__).parent / "forms"
FACTS = (
    "@number",
    "@organisation",
    "@contact",
    "@aware",
    "@enisa",
    "@by-laptop",
    "@late-authority",
    "@told-authority",
    "@told-board",
    "@told-measure",
    "@told-clients",
    "@told-subjects",
)
Texts = Mapping[str, str]
"""A text in each language."""


class FormKind(StrEnum):
    """Whom a form is for."""

    AUTHORITY = "authority"
    CLIENTS = "clients"
    PEOPLE = "people"
    RECORD = "record"


class FormPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a form; without ``needs`` it can be handed in empty."""

    heading: Texts
    items: tuple[str, ...]
    needs: tuple[str, ...] = ()


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form. ``plain`` leaves the questions out, as a letter does."""

    kind: FormKind
    title: Texts
    parts: tuple[FormPart, ...]
    note: Texts = {}
    authority: str = ""
    plain: bool = False


@cache
def forms() -> Mapping[str, Form]:
    """Every form there is, by its name."""
    return toml_folder.read(FOLDER, Form)


def for_authority(authority: str) -> list[str]:
    """The names of the forms that are of use: of those of authorities only the one that the policy
    names, or all where it names none."""
    named = [
        name
        for name, form in forms().items()
        if form.authority and authority in ("", form.authority)
    ]
    return named + [name for name, form in forms().items() if not form.authority]

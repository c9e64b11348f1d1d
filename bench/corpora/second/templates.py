"""Reads the templates and the banks of sentences of the second set from their text files."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
Banks = Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One way to write a file of a class."""

    kind: str
    language: str
    formats: tuple[str, ...]
    stem: str
    persons: str = "0"
    level: str = ""
    lines: tuple[str, ...] = ()

    @property
    def raw(self) -> bool:
        return self.formats[0].startswith("raw.")


SHORT = {
    "office": "docx docx docx pdf odt doc rtf pdf docx",
    "table": "xlsx xlsx xlsx csv ods xls xlsb html pdf docx xml sqlite json",
    "sheet": "xlsx xlsx ods xls xlsb csv",
    "slides": "pptx pptx odp ppt pdf",
    "note": "txt txt docx md rtf odt eml msg",
    "mail": "eml eml msg",
}
"""Names for formats that often go together, as often as they stand."""


@cache
def everything() -> tuple[tuple[Template, ...], Banks]:
    """All templates and banks."""
    templates: list[Template] = []
    banks: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in sorted(TEXTS.glob("*.txt")):
        for head, lines in _blocks(file.read_text("utf-8").splitlines()):
            if head.startswith("---"):
                name, language = head.strip("- ").split()
                banks[name, language] += [line for line in lines if line]
            else:
                templates.append(_template(head, lines))
    return tuple(templates), banks


def _template(head: str, lines: Sequence[str]) -> Template:
    kind, language, formats, stem, *more = (part.strip() for part in head.strip("= ").split(" | "))
    named = " ".join(SHORT.get(each, each) for each in formats.split())
    persons, level = [*more, "", ""][:2]
    return Template(
        kind=kind, language=language, formats=tuple(named.split()), stem=stem,
        persons=persons or "0", level=level, lines=tuple(lines),
    )  # fmt: skip


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    head, body = "", list[str]()
    for line in (*lines, "=== end"):
        if line.startswith(("=== ", "--- ")):
            if head:
                yield head, body
            head, body = line, []
        else:
            body.append(line)

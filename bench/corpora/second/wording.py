"""Turns a template of text into the rows of one file, by dice.

The templates are text files in ``texts``, because prose is easier to write, read and vary there
than in code. ``texts/README.md`` says what the marks mean.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.corpora.second.filling import Filling
from bench.corpora.second.levels import level
from bench.corpora.second.templates import Banks, Template

CELL = " ¦ "
OPTIONAL = 0.6

SLOPPY = 0.15
"""Files typed in haste."""

FOOTED = 0.2
"""Documents and mails with a line below that says nothing of what stands above."""

Row = list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A template with everything filled in."""

    stem: str
    rows: list[Row]
    persons: tuple[int, int]


def fill(template: Template, banks: Banks, chance: random.Random) -> Filled:
    """One file of a template."""
    filling = Filling(template, banks, chance)
    body = list(template.lines)
    if template.raw:
        rows = [["\n".join(_raw(filling, body))]]
    else:
        rows = [*_rows(filling, body), *_foot(filling)]
        rows = _sloppy(rows, chance) if chance.random() < SLOPPY else rows
    return Filled(
        stem=filling.text(template.stem),
        rows=rows,
        persons=_with_sibling(_persons(template, filling), filling, rows),
    )


def _foot(filling: Filling) -> list[Row]:
    written = filling.template.formats[0] in ("docx", "eml", "pdf")
    return [[filling.sentence("footer")]] if written and filling.chance.random() < FOOTED else []


def _with_sibling(persons: tuple[int, int], filling: Filling, rows: list[Row]) -> tuple[int, int]:
    """A brother or sister whom a sentence of a bank names may be counted, or not."""
    template = filling.template
    planned = "t" in template.persons or any("{s." in line for line in template.lines)
    words = {word for row in rows for cell in row for word in cell.split()}
    named = filling.scope["s"].first in words and not planned and persons[1] > 0
    return persons[0], persons[1] + named


def _persons(template: Template, filling: Filling) -> tuple[int, int]:
    """In a list of first names a fair counter may take two of one name for one child."""
    counts = (len(filling.told_apart), filling.children)
    ends = template.persons.split("-")
    low, high = (
        sum(count if part == "t" else int(part) for part in end.split("+"))
        for end, count in zip((ends[0], ends[-1]), counts, strict=True)
    )
    return low, high


def _rows(filling: Filling, lines: Sequence[str]) -> Iterator[Row]:
    for line in lines:
        if _left_out(filling, line):
            continue
        line = line.removeprefix("? ").removeprefix("# ")
        word, _, rest = line.partition(" ")
        if word in DIRECTIVES:
            yield from DIRECTIVES[word](filling, rest)
        elif line:
            yield _cells(filling.text(line))


def _cells(line: str) -> Row:
    return [cell.strip() for cell in line.split(CELL)]


def _left_out(filling: Filling, line: str) -> bool:
    if line.startswith("? "):
        return filling.chance.random() > OPTIONAL
    return line.startswith("# ") and not filling.numbered


def _amount(filling: Filling, span: str) -> int:
    low, _, high = span.partition("-")
    return filling.chance.randint(int(low), int(high or low))


def _told(filling: Filling, span: str, bank: str) -> int:
    """How many sentences; not more than there are."""
    most = len(filling.banks[bank, filling.language])
    return min(_amount(filling, span) * filling.stretch, most)


def _list(filling: Filling, rest: str) -> Iterator[Row]:
    """``@list 2-4 bank``: so many sentences, each a paragraph."""
    span, bank = rest.split()
    for _ in range(_told(filling, span, bank)):
        yield _cells(filling.sentence(bank))


def _join(filling: Filling, rest: str) -> Iterator[Row]:
    """``@join 2-4 bank``: so many sentences, one paragraph."""
    span, bank = rest.split()
    told = " ".join(filling.sentence(bank) for _ in range(_told(filling, span, bank)))
    yield from [[told]] if told else []


def _group(filling: Filling, rest: str) -> Iterator[Row]:
    """``@group``: from here on it is about another group."""
    filling.level = level(filling.chance, filling.language, filling.template.level)
    filling.scope["g"] = filling.level.group
    yield from ()


def _table(filling: Filling, rest: str) -> Iterator[Row]:
    """``@rows 5-9 child s ¦ Head={cell} ¦ ...``: a table with somebody else in each row."""
    first, *columns = rest.split(CELL.strip())
    span, who, *marks = first.split()
    columns = [each.strip() for each in columns]
    columns = [each for each in columns if not _left_out(filling, f"{each[0]} ")]
    if "s" in marks:
        filling.chance.shuffle(columns)
    columns = [each.lstrip("?#") for each in columns]
    headed = "n" not in marks
    pairs = [each.partition("=")[::2] if headed else ("", each) for each in columns]
    table = [[filling.text(head) for head, _ in pairs]] if headed else []
    about = filling.scope["k"]
    for number in range(_amount(filling, span)):
        _next(filling, who, number)
        table.append([filling.text(cell).strip() for _, cell in pairs])
        if who == "child":
            _tell_apart(filling, " ".join(table[-1]))
    filling.scope["k"] = about
    yield from map(list, zip(*table, strict=True)) if "t" in marks else table


def _tell_apart(filling: Filling, row: str) -> None:
    person = filling.scope["p"]
    filling.told_apart.add(person.full if person.last in row else person.first)


def _next(filling: Filling, who: str, number: int) -> None:
    filling.children += who == "child"
    if who == "child":
        filling.scope["p"] = filling.scope["k"] = filling.child()
    else:
        filling.scope["p"] = filling.adult()
    filling.scope["i"] = str(number + 1)


DIRECTIVES: dict[str, Callable[[Filling, str], Iterator[Row]]] = {
    "@list": _list,
    "@join": _join,
    "@rows": _table,
    "@group": _group,
}


def _raw(filling: Filling, lines: Sequence[str]) -> Iterator[str]:
    """Lines as they stand; between ``@repeat 3-9 child`` and ``@end`` once for each."""
    rest = iter(lines)
    for line in rest:
        if line.startswith("@repeat"):
            _, span, who = line.split()
            block = list(iter(lambda: next(rest), "@end"))
            for number in range(_amount(filling, span)):
                _next(filling, who, number)
                filling.told_apart.add(str(number))
                yield from _plain(filling, block)
        else:
            yield from _plain(filling, [line])


def _plain(filling: Filling, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if not _left_out(filling, line):
            yield filling.text(line.removeprefix("? ").removeprefix("# "))


def _sloppy(rows: Sequence[Row], chance: random.Random) -> list[Row]:
    """Swaps two letters here and there, in running text only."""

    def swapped(word: str) -> str:
        if len(word) < 6 or not word.isalpha() or not word.islower() or chance.random() > 0.02:
            return word
        at = chance.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return [[" ".join(map(swapped, cell.split(" "))) for cell in row] for row in rows]

"""Text, comma-separated values, HTML, XML and JSON.

Structured text becomes lines of ``field: value`` and rows of cells parted by tabs, so that one set
of rules serves a table in a letter, an export and a spreadsheet alike. Nothing here follows an
entity or a link.
"""

import html as entities
import json as parser
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from collectors.recognise import attached
from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.charsets import decode
from collectors.recognise.verdict import Format

_BLOCK = re.compile(
    r"</?(?:p|div|br|h[1-6]|li|ul|ol|tr|table|section|article|header|footer|dt|dl|form|option)"
    r"\b[^<>]*>",
    re.I,
)
_CELL = re.compile(r"</t[dh]\s*>\s*|</dd\s*>", re.I)
_HIDDEN = re.compile(r"<(script|style)\b|<(!--)", re.I)
_SHOWN_AGAIN = {
    "script": re.compile(r"</script\s*>", re.I),
    "style": re.compile(r"</style\s*>", re.I),
    "!--": re.compile(r"-->"),
}
_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"[ \r\f\v]+")
_LEAF = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)\b[^<>]*>([^<]+)</")
_ATTRIBUTE = re.compile(r"""\b([A-Za-z_][\w-]*)=["']([^"'<>]{1,80})["']""")
_RULE = re.compile(r"[\s|:+=-]*")
_DELIMITERS = ";\t,|"


def text(file: BinaryIO, budget: Budget, nested: object) -> Iterator[Part]:
    """Plain text, or comma-separated values if its lines agree on a delimiter."""
    content = _read(file, budget)
    delimiter = find_delimiter(content)
    if delimiter is None:
        yield Part(Format.TEXT, tabulated(content))
    else:
        yield Part(Format.CSV, "\n".join(_cells(content, delimiter)))


def tabulated(content: str) -> str:
    """Text in which tables drawn with bars have tabs between their cells instead."""
    if "|" not in content:
        return content
    lines = content.split("\n")
    bars = [line.count("|") for line in lines]
    for place, count in enumerate(bars):
        if count and count in (*bars[max(0, place - 1) : place], *bars[place + 1 : place + 2]):
            line = lines[place].strip().strip("|")
            lines[place] = "" if _RULE.fullmatch(line) else line.replace("|", "\t")
    return "\n".join(line for line, count in zip(lines, bars, strict=True) if line or not count)


def html(file: BinaryIO, budget: Budget, nested: object) -> Iterator[Part]:
    """The visible text of a page."""
    yield Part(Format.HTML, strip_html(_read(file, budget)))


def strip_html(content: str) -> str:
    """The visible text of HTML."""
    content = " ".join(_shown(content)).replace("\n", " ").replace("\t", " ")
    content = _BLOCK.sub("\n", _CELL.sub("\t", content))
    return entities.unescape(_SPACE.sub(" ", _TAG.sub("", content)))


def _shown(content: str) -> Iterator[str]:
    """What stands between scripts, styles and comments. One that never ends hides nothing, and is
    looked for once: a page of openings would else be read to its end for each of them."""
    start = place = 0
    endless = set[str]()
    while opening := _HIDDEN.search(content, place):
        name = (opening.group(1) or opening.group(2)).lower()
        closing = None if name in endless else _SHOWN_AGAIN[name].search(content, opening.end())
        if closing is None:
            endless.add(name)
            place = opening.end()
            continue
        yield content[start : opening.start()]
        start = place = closing.end()
    yield content[start:]


def xml(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Each leaf element as ``name: text``. A schema has no leaves with text, a record has."""
    content = _read(file, budget)
    lines, carried = [content[:400].replace("\n", " ")], list[str]()
    for found in re.finditer(r"<[^<>]*>[^<]*", content):
        lines += _element(found.group(), carried)
    yield Part(Format.XML, entities.unescape("\n".join(_rows(lines))))
    yield from attached.documents(carried, budget, nested)


def _rows(lines: list[str]) -> Iterator[str]:
    """Neighbours of one name are the cells of a row."""
    yield from lines[:1]
    row: list[str] = []
    last = ""
    for line in lines[1:]:
        name, colon, value = line.partition(": ")
        if colon and name == last:
            row.append(value)
            continue
        if row:
            yield "\t".join(row) if len(row) > 1 else f"{last}: {row[0]}"
        row, last = ([value], name) if colon else ([], "")
        if not colon:
            yield line
    if row:
        yield "\t".join(row) if len(row) > 1 else f"{last}: {row[0]}"


def _element(piece: str, carried: list[str]) -> Iterator[str]:
    tag, _, value = piece.partition(">")
    if tag.startswith("</") and (rest := " ".join(value.split())):
        yield rest
    if tag.startswith(("</", "<?", "<!")):
        return
    words = tag[1:].rstrip("/").split(None, 1)
    name = words[0].rpartition(":")[2] if words else ""
    value = " ".join(value.split())
    if len(value) >= attached.LEAST and attached.is_base64(value):
        carried.append(value)
        value = ""
    yield f"{name}: {value}" if value else f"<{name}>"
    if len(words) > 1:
        for attribute in _ATTRIBUTE.finditer(words[1]):
            yield f"{attribute.group(1)}: {attribute.group(2)}"


def json(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Objects as ``key: value``; a list of like objects as a table."""
    content, carried = attached.take_out(_read(file, budget))
    try:
        document = parser.loads(content)
    except ValueError:
        yield Part(Format.TEXT, content)
        return
    lines: list[str] = []
    _walk(document, lines.append)
    yield Part(Format.JSON, budget.keep("\n".join(lines)))
    yield from attached.documents(carried, budget, nested)


def _walk(node: Any, emit: Callable[[str], None]) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                emit(f"{key}:")
                _walk(value, emit)
            else:
                emit(f"{key}: {_word(value)}")
    elif isinstance(node, list):
        if _alike(node):
            _table(node, emit)
        else:
            for item in node:
                _walk(item, emit)
    else:
        emit(_word(node))


def _alike(items: list[Any]) -> bool:
    if len(items) < 2 or not all(isinstance(item, dict) for item in items):
        return False
    return all(item.keys() == items[0].keys() for item in items)


def _table(rows: list[dict[str, Any]], emit: Callable[[str], None]) -> None:
    heads = [key for key in rows[0] if not isinstance(rows[0][key], dict | list)]
    emit("")
    emit("\t".join(heads))
    for row in rows:
        emit("\t".join(_word(row[key]).replace("\t", " ") for key in heads))
    emit("")
    for row in rows:
        for key, value in row.items():
            if key not in heads or isinstance(value, dict | list):
                emit(f"{key}:")
                _walk(value, emit)


def _word(value: Any) -> str:
    return "" if value is None else str(value).replace("\n", " ")


def find_delimiter(content: str) -> str | None:
    """The delimiter of comma-separated values, or None where the text is none."""
    lines = [line for line in content[:20_000].splitlines() if line.strip()][:40]
    if len(lines) < 2:
        return None
    for delimiter in _DELIMITERS:
        counts = Counter(_unquoted(line, delimiter) for line in lines)
        number, times = counts.most_common(1)[0]
        needed = 0.9 if delimiter == "," else 0.75
        if number >= 1 and times >= needed * len(lines):
            return delimiter
    return None


def _unquoted(line: str, delimiter: str) -> int:
    if '"' not in line:
        return line.count(delimiter)
    return sum(piece.count(delimiter) for piece in line.split('"')[::2])


def _cells(content: str, delimiter: str) -> Iterator[str]:
    for line in content.splitlines():
        if '"' not in line:
            yield line if delimiter == "\t" else line.replace("\t", " ").replace(delimiter, "\t")
        else:
            pieces = line.split('"')
            pieces[::2] = [piece.replace(delimiter, "\t") for piece in pieces[::2]]
            yield "".join(pieces)


def _read(file: BinaryIO, budget: Budget) -> str:
    """All text of a file. What lies beyond the budget makes it ``limit``."""
    content = file.read(budget.limits.text * 2)
    budget.cut = budget.cut or bool(file.read(1))
    return budget.keep(decode(content))

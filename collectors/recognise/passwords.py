"""Lists of passwords: tables, labelled fields and bare lines in which accounts stand with theirs.

What is looked for is a list that somebody keeps, not talk about passwords: a rule has no accounts,
a form no values, a template placeholders, a system file digests, and code is no list. Only how many
accounts there are is ever told; that a text holds a password at all is told too, so that nobody
shows an excerpt of it.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from collectors.recognise.heads import cells, without_signs
from collectors.recognise.reading import Reading
from collectors.recognise.rules.password_words import password_words
from collectors.recognise.secret import is_strong, may_be_secret

FEWEST = 3
"""Accounts that make a list; in a table with the heads of one, two are enough."""
_FEWEST_ROWS = 2
_MOST_LINES = 20_000
_LONGEST_LINE = 300
_LONGEST_ENTRY = 120
_NEAR = 3
"""Words behind that for a password among which it stands."""
_MOST_WORDS = 14
_BELOW = 60
"""Lines below a title that are looked at."""
_CODE = re.compile(
    r"[{};]\s*$|=>|\(\)|==|::|\$\{|\$\w"
    r"|^\s*(?:#!|//|/\*|\*|@|import |from |def |class |var |let |const |<[\w!/?])"
)
_CODE_SHARE = 0.15
_MARKUP = re.compile(r"[\[\](){}<>=\"`]")
"""In running text such a sign tells of code; in a column of passwords it may belong to one."""
_PAIR = re.compile(r"\s*[-*•·–]?\s*([^:=]{2,40}?)\s*[:=]\s*(\S.*)")
_ENTRY = re.compile(
    r"\s*[-*•·–]?\s*(?:\d+[.)]\s*)?([^:=\t/|]{2,40}?)(?:\s*[:=\t–|]\s*|\s+-\s+|\s+)(?:(\S{3,60}?)(?:\s*[/|,;\t]\s*|\s+-\s+|\s+))?(\S{6,64})\s*"
)


@dataclass(frozen=True, slots=True)
class Passwords:
    """``accounts`` is 0 where there is no list. ``any`` says that some password stands there."""

    accounts: int
    any: bool


NONE = Passwords(0, False)


def read_passwords(reading: Reading) -> Passwords:
    """Look for passwords in a text."""
    words = password_words()
    in_cells = b"\t" in reading.low and not reading.words.isdisjoint(words.in_cells)
    if not in_cells and reading.words.isdisjoint(words.telling):
        return NONE
    lines = [line[:_LONGEST_LINE] for line in reading.text.split("\n", _MOST_LINES)[:_MOST_LINES]]
    in_tables, some = _in_tables(lines)
    labelled, users = _labelled(lines)
    code = _is_code(lines)
    fields = labelled if users * 2 >= labelled else 0
    in_lines = 0 if code else max(fields, _below_titles(lines), sum(map(_tells_both, lines)))
    accounts = max(in_tables, in_lines if in_lines >= FEWEST else 0)
    return Passwords(accounts, accounts > 0 or some or labelled > 0 or _somewhere(reading))


def _is_code(lines: list[str]) -> bool:
    """Whether so many lines look like code or a configuration that no list is in it."""
    return sum(bool(_CODE.search(line)) for line in lines) > _CODE_SHARE * len(lines)


def _in_tables(lines: list[str]) -> tuple[int, bool]:
    """The accounts in all tables with the heads of a list; and whether any password is there."""
    accounts, some = 0, False
    for place, rows in _tables(lines):
        filled = [row[place] for row in rows if place < len(row) and row[place]]
        plausible = sum(map(may_be_secret, filled))
        strong = sum(map(is_strong, filled))
        some = some or strong > 0
        if plausible >= max(_FEWEST_ROWS, 0.8 * len(filled)) and strong * 2 >= plausible:
            accounts += plausible
    return accounts, some


def _tables(lines: list[str]) -> Iterator[tuple[int, list[list[str]]]]:
    """The place of the passwords and the rows of each table that has heads for accounts."""
    place, rows = -1, list[list[str]]()
    for line in lines:
        speaks = _speaks(line)
        row = cells(line) if "\t" in line and (speaks or place >= 0) else []
        found = _password_column(row) if speaks and row else -1
        if found >= 0 or not row:
            if place >= 0:
                yield place, rows
            place, rows = found, []
        else:
            rows.append(row)
    if place >= 0:
        yield place, rows


def _speaks(line: str) -> bool:
    """Whether a line may have a word for a password at all: most have not, and are left alone."""
    low = line.lower()
    return any(stem in low for stem in _stems())


@cache
def _stems() -> tuple[str, ...]:
    """The shortest of the words: each of the others has one of them in it."""
    words = password_words().passwords
    return tuple(word for word in sorted(words) if not any(o != word and o in word for o in words))


def _password_column(row: list[str]) -> int:
    """Where a row of heads has the passwords, if it has accounts or places besides; -1: nowhere."""
    words = password_words()
    heads = [without_signs(cell) for cell in row]
    place = next((n for n, head in enumerate(heads) if head in words.passwords), -1)
    if place < 0:
        return -1
    others = [head for n, head in enumerate(heads) if n != place]
    users, sites = (any(head in known for head in others) for known in (words.users, words.places))
    weak = heads[place] in words.weak
    return place if (users and sites) or ((users or sites) and not weak) else -1


def _labelled(lines: list[str]) -> tuple[int, int]:
    """How many fields hold a password, and how many the name of an account."""
    words = password_words()
    passwords = users = 0
    for line in lines:
        pair = _PAIR.fullmatch(line) if ":" in line or "=" in line else None
        if pair is None:
            continue
        label, value = without_signs(pair.group(1)), pair.group(2).strip(" \"'")
        if label in words.passwords and is_strong(value):
            passwords += 1
        elif label in words.users or label in words.places:
            users += bool(value)
    return passwords, users


def _tells_both(line: str) -> bool:
    """Whether a short line names an account and the password for it, each by its word."""
    words = line.split() if _speaks(line) else []
    if not 0 < len(words) <= _MOST_WORDS or not any(
        without_signs(word) in password_words().users for word in words
    ):
        return False
    return _has_secret(words, password_words().passwords)


def _has_secret(words: list[str], known: Collection[str]) -> bool:
    """Whether right behind one of the known words something stands that is a password."""
    for place, word in enumerate(words):
        if without_signs(word) in known:
            behind = words[place + 1 : place + 1 + _NEAR]
            if any(is_strong(one) and not _MARKUP.search(one) for one in map(_bare, behind)):
                return True
    return False


def _bare(word: str) -> str:
    return word.strip("\"',;.()")


def _somewhere(reading: Reading) -> bool:
    """Whether a word for a password has one right behind it, in whatever line."""
    known = password_words().passwords - password_words().weak
    for start, end in reading.lines_with(password_words().needles)[:_MOST_LINES]:
        if _has_secret(reading.text[start : min(end, start + _LONGEST_LINE)].split(), known):
            return True
    return False


def _below_titles(lines: list[str]) -> int:
    """The most accounts that stand in lines right below a title."""
    titles = password_words().titles
    places = [
        n for n, line in enumerate(lines) if len(line) <= 60 and without_signs(line) in titles
    ]
    return max((_entries(lines[n + 1 : n + 1 + _BELOW]) for n in places[:_BELOW]), default=0)


def _entries(lines: list[str]) -> int:
    """How many lines are an account with its password; 0 where most are something else."""
    entries = [n for n, line in enumerate(lines) if _is_entry(line)]
    if len(entries) < FEWEST:
        return 0
    return len(entries) if len(entries) * 2 > entries[-1] else 0


def _is_entry(line: str) -> bool:
    found = _ENTRY.fullmatch(line) if len(line) <= _LONGEST_ENTRY else None
    if found is None:
        return False
    return is_strong(found.group(3)) and any(c.isalpha() for c in found.group(1))

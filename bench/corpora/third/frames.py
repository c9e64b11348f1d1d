"""Templates as they lie in ``texts``: a head, a few settings, then lines that become rows.

``=== kind language`` begins one. ``:to``, ``:persons``, ``:n``, ``:age``, ``:alias`` and ``:stem``
set it up. ``¦`` parts cells, ``[[a//b]]`` is one of several, ``[[+a]]`` stands only in a file with
numbers of people and ``[[-a]]`` only in one without. ``%each`` repeats for every child of the
list, ``%times 3-5`` for nobody, ``%pick 2-4`` takes some of its lines; ``?`` before a line makes it
half as likely. ``## name language`` begins a pool of sentences, dealt like cards so that files
differ as much as the pools allow.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.corpora.third.slots import Cast, filled

TEXTS = Path(__file__).parent / "texts"
CHOICE = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]")
SLOT = re.compile(r"\{(@?[a-z][\w.:]*(?:[ -][\d-]+)?)\}")
AGES = re.compile(r"\[(\d+-\d+)\] ")
Card = tuple[tuple[int, int] | None, str]
BLOCK = re.compile(r"%(each|times|pick|shuffle|staff)(?: ([\d-]+))?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One way in which a file of a kind may be written."""

    kind: str
    language: str
    settings: dict[str, str]
    lines: Sequence[str]


@dataclass(kw_only=True, slots=True)
class Decks:
    """The pools of sentences; each is dealt out before it is shuffled again."""

    chance: random.Random
    texts: Path = TEXTS
    left: dict[str, list[Card]] = field(default_factory=dict)

    def deal(self, pool: str, cast: Cast) -> str:
        """The next sentence that can be said of a child of this age."""
        for _ in range(2):
            cards = self.left.get(pool, [])
            for at, (ages, sentence) in enumerate(cards):
                if not ages or ages[0] <= cast.person("k").age <= ages[1]:
                    del cards[at]
                    return sentence
            self.left[pool] = cards[:20] + self._shuffled(pool)
        raise ValueError(f"nothing in pool {pool!r} fits")

    def _shuffled(self, pool: str) -> list[Card]:
        cards = list(pools(self.texts)[pool])
        self.chance.shuffle(cards)
        return cards


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Everything that is needed to write one file."""

    cast: Cast
    decks: Decks
    size: int
    numbered: bool
    wordy: int = 1
    """How many times as long this writer goes on where a template lets them."""


@cache
def templates(texts: Path = TEXTS) -> Sequence[Template]:
    """All templates, in the order of the files and of the lines in them."""
    return [_parsed(text) for text in _parts("=== ", texts)]


@cache
def pools(texts: Path = TEXTS) -> dict[str, list[Card]]:
    found: dict[str, list[Card]] = {}
    for text in _parts("## ", texts):
        head, *lines = text.splitlines()
        name, language = head.split()
        found.setdefault(f"{name} {language}", []).extend(
            _card(line) for line in lines if line.strip()
        )
    return found


def _card(line: str) -> Card:
    """A sentence, and the ages of which it can be said if it begins with some."""
    limited = AGES.match(line)
    return (bounds(limited[1]), line[limited.end() :]) if limited else (None, line)


def _parts(mark: str, texts: Path) -> Iterator[str]:
    for path in sorted(texts.glob("*.txt")):
        text = "\n" + path.read_text("utf-8")
        for part in re.split(r"\n(?==== |## )", text):
            if part.startswith(mark):
                yield part.removeprefix(mark).rstrip()


def _parsed(text: str) -> Template:
    head, *lines = text.splitlines()
    kind, language = head.split()
    heads = [line[1:].partition(" ") for line in lines if line.startswith(":")]
    settings = {name: value for name, _, value in heads}
    body = [line for line in lines if not line.startswith(":") and line.strip()]
    return Template(kind=kind, language=language, settings=settings, lines=body)


def bounds(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def lines_of(body: Sequence[str], desk: Desk) -> Iterator[str]:
    """The rows as text, blocks unrolled and slots filled."""
    at = 0
    while at < len(body):
        if block := BLOCK.match(body[at]):
            end = _end(body, at)
            yield from _block(block[1], block[2] or "", body[at + 1 : end], desk)
            at = end
        else:
            yield from _line(body[at], desk)
        at += 1


def _end(body: Sequence[str], start: int) -> int:
    depth = 0
    for at in range(start, len(body)):
        depth += bool(BLOCK.match(body[at])) - (body[at] == "%end")
        if depth == 0:
            return at
    raise ValueError(f"no %end for {body[start]!r}")


def _block(name: str, count: str, inner: Sequence[str], desk: Desk) -> Iterator[str]:
    chance = desk.cast.chance
    if name in {"pick", "shuffle"}:
        amount = min(len(inner), chance.randint(*bounds(count))) if count else len(inner)
        places = chance.sample(range(len(inner)), amount)
        ordered = places if name == "shuffle" else sorted(places)
        yield from lines_of([inner[place] for place in ordered], desk)
        return
    rounds = desk.size if name == "each" else _rounds(count, desk)
    letter = {"each": "r", "staff": "w"}.get(name, "z")
    for number in range(1, rounds + 1):
        _seat(letter, number, desk.cast)
        yield from lines_of(inner, desk)


def _rounds(count: str, desk: Desk) -> int:
    """How often, by chance; more with somebody wordy, unless the number is fixed."""
    low, high = bounds(count)
    more = 1 if low == high else min(desk.wordy, 2)
    return more * desk.cast.chance.randint(low, high)


def _seat(letter: str, number: int, cast: Cast) -> None:
    """Gives the next one of a list the seat of ``r``; the same one again in a second table."""
    cast.seats[letter] = f"{letter}_{number}"
    if letter == "r":
        cast.seats["p"] = f"p_{number}"


def _line(line: str, desk: Desk) -> Iterator[str]:
    if line.startswith("? "):
        if desk.cast.chance.random() < 0.5:
            return
        line = line[2:]
    if line.startswith("+ "):
        if not desk.numbered:
            return
        line = line[2:]
    if line.startswith("@@"):
        name, count = line[2:].split()
        for _ in range(desk.wordy * desk.cast.chance.randint(*bounds(count))):
            yield said(f"{{@{name}}}", desk)
        return
    if text := said(line, desk).rstrip():
        yield text


def said(text: str, desk: Desk) -> str:
    """One line with its choices made and its slots filled."""
    while match := CHOICE.search(text):
        text = text[: match.start()] + _chosen(match[1], desk) + text[match.end() :]
    return SLOT.sub(lambda match: _slot(match[1], desk), text)


def _chosen(choices: str, desk: Desk) -> str:
    if choices[:1] in "+-" and choices[:2] != "- " and choices:
        return choices[1:] if (choices[0] == "+") == desk.numbered else ""
    return desk.cast.chance.choice(choices.split("//"))


def _slot(slot: str, desk: Desk) -> str:
    if not slot.startswith("@"):
        return filled(slot, desk.cast)
    name, _, count = slot[1:].partition(" ")
    amount = desk.cast.chance.randint(*bounds(count)) * desk.wordy if count else 1
    drawn: dict[str, None] = {}
    for _ in range(amount):
        sentence = said(desk.decks.deal(f"{name} {desk.cast.language}", desk.cast), desk)
        drawn[sentence[:1].upper() + sentence[1:]] = None
    return " ".join(drawn)

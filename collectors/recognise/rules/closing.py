"""The rules on closed dossiers: what a dossier that is closed says of itself, from a file."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from collectors.recognise.rules import schema
from collectors.recognise.words import spelled

_FILE = Path(__file__).with_name("closed.toml")
_KEYS = ("titles", "phrases")


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """``titles`` stand alone on a line, ``phrases`` beside a day."""

    titles: tuple[bytes, ...]
    phrases: tuple[bytes, ...]


@cache
def closing() -> Closing:
    """The rules that come with this version."""
    return load(_FILE)


def load(path: Path) -> Closing:
    """The rules in a file. Raises schema.RuleError."""
    content = schema.table(path, _KEYS)
    titles, phrases = (
        tuple(map(spelled, schema.words(f"{path.name}: {key}", content[key]))) for key in _KEYS
    )
    return Closing(titles=titles, phrases=phrases)

"""The rules on where a document comes from: names, domains and words of a system, from a file."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from collectors.recognise.rules import schema
from collectors.recognise.verdict import Evidence
from collectors.recognise.words import spelled

_FILE = Path(__file__).with_name("origin.toml")
_SYSTEMS = (Evidence.KINDKANS_EXPORT,)
_KEYS = ("names", "domains", "beside")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """How one system is known; see origin.toml."""

    evidence: Evidence
    names: tuple[bytes, ...]
    domains: tuple[bytes, ...]
    beside: frozenset[bytes]


@cache
def origins() -> tuple[Origin, ...]:
    """The rules that come with this version."""
    return load(_FILE)


def load(path: Path) -> tuple[Origin, ...]:
    """The rules in a file. Raises schema.RuleError."""
    content = schema.table(path, _SYSTEMS)
    return tuple(_origin(f"{path.name}: {one}", one, content[one]) for one in _SYSTEMS)


def _origin(where: str, evidence: Evidence, content: Any) -> Origin:
    table = schema.exactly(where, content, _KEYS)
    names, domains, beside = (
        tuple(map(spelled, schema.words(f"{where}.{key}", table[key]))) for key in _KEYS
    )
    return Origin(evidence=evidence, names=names, domains=domains, beside=frozenset(beside))

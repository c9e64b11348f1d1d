"""Every sentence a staff member may see, in Dutch, Danish and English, one file a language;
those of the staff member's own pages in ``pages/`` and ``own/``.

A key is a word of the program: an event kind, an action, ``reason-`` and a reason, ``tray-`` and a
word of the tray. Sentences are for people who are busy with children: short, calm, and saying what
to do. None holds markup, so they read the same in a notification, a terminal and a text file.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("nl", "da", "en")
FALLBACK = "en"
MISSING = "…"
"""Stands where a sentence has room for a value that was not given."""


def say(language: str, key: str, **values: str | int) -> str:
    """The sentence for ``key``; in English if the language does not have it. Raises KeyError."""
    sentences = table(language) if language in LANGUAGES else {}
    sentence = sentences.get(key) or table(FALLBACK)[key]
    return sentence.format_map(_Values(values))


def has(key: str) -> bool:
    """Whether there is a sentence for ``key``."""
    return key in table(FALLBACK)


@cache
def table(language: str) -> Mapping[str, str]:
    """Every sentence of one language, by its key."""
    return {**_read(language), **_read(f"pages/{language}"), **_read(f"own/{language}")}


def language_for(wished: str | None, told: str) -> str:
    """The person's own language if we speak it, else the organisation's, else English."""
    return wished or (told if told in LANGUAGES else FALLBACK)


def _read(name: str) -> Mapping[str, str]:
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
    return {key: str(sentence).strip() for key, sentence in tomllib.loads(text).items()}


def language_of(environment: Mapping[str, str]) -> str | None:
    """The first of our languages that a person's environment asks for; None if it asks for none."""
    chosen = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or ""
    listed = environment.get("LANGUAGE", "").split(":")
    for wish in (*listed, chosen or environment.get("LANG", "")):
        if wish[:2].lower() in LANGUAGES and wish[2:3] in ("", "_", ".", "@", "-"):
            return wish[:2].lower()
    return None


class _Values(dict[str, str | int]):
    """Values for a sentence; what is missing leaves a mark and breaks nothing."""

    def __missing__(self, key: str) -> str:
        return MISSING

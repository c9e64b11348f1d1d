"""A passphrase of everyday words, to be read out by telephone.

Whoever intercepts a copy can guess for years, and an AES zip makes each guess cheap: so it is the
program that chooses, and chance alone decides.
"""

import math
import secrets
from functools import cache
from importlib import resources

from agent.texts import FALLBACK, LANGUAGES

BITS = 60
"""What a passphrase is worth at least: so many tosses of a coin."""
BETWEEN = "-"


def made(language: str) -> str:
    """A new passphrase in a language, of as many words as it takes."""
    listed = words(language if language in LANGUAGES else FALLBACK)
    return BETWEEN.join(secrets.choice(listed) for _ in range(how_many(len(listed))))


def how_many(listed: int) -> int:
    """How many words of a list of that length are worth ``BITS``."""
    return math.ceil(BITS / math.log2(listed))


@cache
def words(language: str) -> tuple[str, ...]:
    """The words of one language; they lie beside this module, with their licence."""
    text = resources.files("agent.protect").joinpath(f"words/{language}.txt").read_text("ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(" ".join(lines).split())

"""The topic of a text: words of care, safety, progress and school, and words that speak against."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.recognise.rules import WORD, Terms, rules

_MOST_PER_TOPIC = 12.0


@dataclass(frozen=True, slots=True)
class Topics:
    """Weights per topic and per kind of counter-evidence, both at least 0."""

    topics: Mapping[str, float]
    counter: Mapping[str, float]


def weigh(text: str) -> Topics:
    """Weigh a text. Each term counts once, so length adds nothing."""
    lower = text.lower()
    tokens = set(WORD.findall(lower))
    topics = {
        topic: min(_MOST_PER_TOPIC, _sum(terms, tokens, lower))
        for topic, terms in rules().topics.items()
    }
    counter = {
        name: min(table.weight, _sum(table.terms, tokens, lower) * table.weight / 3)
        for name, table in rules().counter.items()
    }
    return Topics(topics, counter)


def _sum(terms: Terms, tokens: set[str], lower: str) -> float:
    found = [terms.words[token] for token in tokens & terms.words.keys()]
    for first in tokens & terms.phrases.keys():
        found += [weight for term, weight in terms.phrases[first] if _holds(lower, term)]
    # fsum, since the order of a set changes from process to process and a verdict must not.
    return math.fsum(found)


def _holds(lower: str, phrase: str) -> bool:
    """Whether a phrase stands in the text, not in the middle of a word."""
    place = lower.find(phrase)
    while place > 0 and lower[place - 1].isalnum():
        place = lower.find(phrase, place + 1)
    return place >= 0

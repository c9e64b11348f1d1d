"""The topic of a text: words of care, safety, progress and school, and words that speak against."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.recognise.reading import Reading
from collectors.recognise.rules import Terms, rules
from collectors.recognise.words import find_word

_MOST_PER_TOPIC = 12.0


@dataclass(frozen=True, slots=True)
class Topics:
    """Weights per topic and per kind of counter-evidence, all at least 0, and how many different
    terms of each stand in the text."""

    topics: Mapping[str, float]
    counter: Mapping[str, float]
    terms: Mapping[str, int]


def weigh(reading: Reading) -> Topics:
    """Weigh a text. Each term counts once, so length adds nothing."""
    topics, counter, terms = {}, {}, {}
    for topic, listed in rules().topics.items():
        found = _found(listed, reading)
        # fsum, since the order of a set changes from process to process and a verdict must not.
        topics[topic] = min(_MOST_PER_TOPIC, math.fsum(found))
        terms[topic] = len(found)
    for name, table in rules().counter.items():
        found = _found(table.terms, reading)
        needed = 1 if name == "anonymous" else 3
        counter[name] = min(table.weight, len(found) * table.weight / needed)
        terms[name] = len(found)
    return Topics(topics, counter, terms)


def _found(terms: Terms, reading: Reading) -> list[float]:
    found = [terms.words[word] for word in terms.words.keys() & reading.words]
    for first in terms.phrases.keys() & reading.words:
        found += [
            phrase.weight
            for phrase in terms.phrases[first]
            if phrase.words <= reading.words and find_word(reading.low, phrase.form) >= 0
        ]
    return found

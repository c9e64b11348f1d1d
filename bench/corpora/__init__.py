"""Sets of invented files of which the truth is known, each written by another author.

No author of a set has seen the rules of the recogniser, nor the other sets: what it gets right on
them is not what it was fitted to. A set is a package with ``samples(chance)``.

Sets are named here and loaded when asked for, so that one may be missing.
"""

import importlib
import importlib.util
import random
from collections.abc import Callable, Iterator

from bench.corpora.sample import Sample

SETS = {
    "second": "bench.corpora.second",
    "third": "bench.corpora.third",
    "fourth": "bench.corpora.fourth",
}

Samples = Callable[[random.Random], Iterator[Sample]]


def present() -> list[str]:
    """The names of the sets that are here."""
    return [name for name, module in SETS.items() if importlib.util.find_spec(module)]


def load(name: str) -> Samples:
    """What makes the samples of a set."""
    made: Samples = importlib.import_module(SETS[name]).samples
    return made


def of(name: str, seed: int) -> list[Sample]:
    """All samples of a set; the same ones for the same seed."""
    return list(load(name)(random.Random(seed)))

"""Runs Presidio, with expressions only, over texts: a peer that lives in an environment of its own.

    PRESIDIO-PYTHON _presidio.py < TEXTS

TEXTS is one JSON list of texts. Prints JSON: the seconds of processor time that looking through
them took, loading excluded, and how many things were found. Never imported by anything of ours.
"""

import json
import sys
import time

import spacy
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    DateRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
)

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


class Blank(SpacyNlpEngine):
    """Splits Dutch text into words and knows nothing else: no model is loaded."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": "nl", "model_name": "blank"}])
        self.nlp = {"nl": spacy.blank("nl")}
        self.nlp["nl"].max_length = 100_000_000


class Bsn(PatternRecognizer):
    """Nine digits that pass the test of eleven."""

    def __init__(self) -> None:
        patterns = [Pattern("bsn", r"\b\d{9}\b", 0.3)]
        super().__init__("NL_BSN", patterns=patterns, supported_language="nl")

    def validate_result(self, pattern_text: str) -> bool:
        total = sum(w * int(d) for w, d in zip(_WEIGHTS, pattern_text, strict=True))
        return total % 11 == 0


def engine() -> AnalyzerEngine:
    """An analyser with the six kinds of things that are looked for."""
    cpr = Pattern("cpr", r"\b[0-3]\d[01]\d{3}-?\d{4}\b", 0.5)
    recognizers = [
        Bsn(),
        PatternRecognizer("DK_CPR", patterns=[cpr], supported_language="nl"),
        EmailRecognizer(supported_language="nl"),
        IbanRecognizer(supported_language="nl"),
        DateRecognizer(supported_language="nl"),
        PhoneRecognizer(supported_language="nl", supported_regions=("NL", "DK")),
    ]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["nl"])
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["nl"])


def main() -> None:
    texts = json.load(sys.stdin)
    analyser = engine()
    analyser.analyze("Een zin om warm te lopen op 2 november 2026.", language="nl")
    began = time.process_time()
    found = sum(len(analyser.analyze(text, language="nl")) for text in texts)
    print(json.dumps({"seconds": time.process_time() - began, "found": found}))


if __name__ == "__main__":
    main()

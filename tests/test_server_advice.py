"""What the register advises: by the law, by a stricter policy, and where too little is known."""

import pytest

from server_stub import wording
from server_stub.breaches import profiles
from server_stub.breaches.advice import Advice, Say, Threshold, advice
from server_stub.breaches.duties import Duty

SAFE = {"unintelligible": "yes", "key-safe": "yes", "copy-kept": "yes"}
HIGH = {
    "data-class": "sensitive-data",
    "ease": "maximum",
    "confidentiality-lost": "exposed",
    "integrity-lost": "none-lost",
    "availability-lost": "none-lost",
    "malicious": "no",
}
LOW = HIGH | {"data-class": "simple"}


@pytest.mark.parametrize(
    ("answers", "threshold", "authority", "people"),
    [
        ({}, Threshold.LAW, Say.TELL, Say.UNKNOWN),
        (HIGH, Threshold.LAW, Say.TELL, Say.TELL),
        (LOW, Threshold.LAW, Say.TELL, Say.NOT_NEEDED),
        (LOW, Threshold.ANY_RISK, Say.TELL, Say.TELL),
        (HIGH, Threshold.CLIENT_DECIDES, Say.TELL, Say.UNKNOWN),
        (HIGH | SAFE, Threshold.LAW, Say.NOT_NEEDED, Say.NOT_NEEDED),
        (HIGH | SAFE, Threshold.ANY_RISK, Say.NOT_NEEDED, Say.NOT_NEEDED),
        # An encrypted stick whose key went with it, or with the only copy on it, is no comfort.
        (HIGH | SAFE | {"key-safe": "no"}, Threshold.LAW, Say.TELL, Say.TELL),
        (HIGH | SAFE | {"copy-kept": "no"}, Threshold.LAW, Say.TELL, Say.TELL),
        (HIGH | {"is-breach": "no-breach"}, Threshold.LAW, Say.NOT_NEEDED, Say.NOT_NEEDED),
    ],
)
def test_what_is_advised(
    answers: dict[str, str], threshold: Threshold, authority: Say, people: Say
) -> None:
    found = advice(answers, threshold)
    assert (found[Duty.AUTHORITY].say, found[Duty.SUBJECTS].say) == (authority, people)
    for told in wording.load().values():
        assert all(told.text(f"advice.why.{one.why}") for one in found.values())


def test_the_threshold_is_the_policys() -> None:
    assert profiles.profile_of("").threshold is Threshold.LAW
    strict = '[clocks]\nsubjects = "any-risk"'
    assert profiles.profile_of(strict).threshold is Threshold.ANY_RISK
    assert profiles.profile_of('[clocks]\nsubjects = "x"').threshold is Threshold.LAW


def test_advice_is_data_that_nothing_changes() -> None:
    with pytest.raises(AttributeError):
        Advice(say=Say.TELL, why="x").say = Say.UNKNOWN  # type: ignore[misc]

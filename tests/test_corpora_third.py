"""The third corpus is repeatable, complete and what its labels say; its numbers are made well."""

import json
import random
import re
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from xml.dom import minidom

import pytest
from stdnum.dk import cpr as cpr_oracle
from stdnum.nl import bsn as bsn_oracle

from bench.corpora.sample import Sample
from bench.corpora.third import CLEAN, PUPIL, samples
from bench.corpora.third.frames import templates
from bench.corpora.third.numbers import invented_bsn, invented_cpr

WRITABLE = {
    "docx", "xlsx", "pptx", "odt", "ods", "pdf", "doc", "xls", "rtf", "eml", "msg", "html", "csv",
    "txt", "md", "zip", "raw.xml", "raw.json",
}  # fmt: skip
UNFILLED = re.compile(r"\[\[|\]\]|\{@?[a-z][\w.:]*[ \d-]*\}|^%(each|times|pick|staff|shuffle|end)")
NUMBER = re.compile(r"(?<![\w-])(\d{9}|\d{6}-\d{4})(?![\w-])")


@pytest.fixture(scope="module")
def corpus() -> list[Sample]:
    return list(samples(random.Random(7)))


def text_of(sample: Sample) -> str:
    return "\n".join("\t".join(row) for row in sample.rows)


def sentences(sample: Sample) -> set[str]:
    parts = re.split(r"(?<=[.?!])\s|\t|\n", text_of(sample))
    return {part.strip() for part in parts if len(part.strip()) > 12}


def test_the_same_seed_gives_the_same_samples(corpus: list[Sample]) -> None:
    assert list(samples(random.Random(7))) == corpus
    assert list(samples(random.Random(8))) != corpus


def test_there_are_about_four_hundred_and_half_are_about_pupils(corpus: list[Sample]) -> None:
    labels = Counter(sample.label for sample in corpus)
    assert 360 <= len(corpus) <= 440
    assert 0.45 <= labels["pupil"] / len(corpus) <= 0.55


def test_every_kind_is_there_in_several_ways(corpus: list[Sample]) -> None:
    assert {sample.kind for sample in corpus} == {*PUPIL, *CLEAN}
    ways = Counter(template.kind for template in templates())
    assert min(ways.values()) >= 3


def test_labels_follow_kinds_and_only_pupil_files_hold_pupils(corpus: list[Sample]) -> None:
    for sample in corpus:
        fewest, most = sample.persons
        assert sample.label == ("pupil" if sample.kind in PUPIL else "clean")
        assert 1 <= fewest <= most if sample.label == "pupil" else sample.persons == (0, 0), sample


def test_the_languages_have_their_shares(corpus: list[Sample]) -> None:
    shares = Counter(sample.language for sample in corpus)
    for language, wanted in {"nl": 0.55, "da": 0.35, "en": 0.10}.items():
        assert abs(shares[language] / len(corpus) - wanted) < 0.04, shares


def test_about_two_thirds_of_the_pupil_files_hold_no_number_of_a_person() -> None:
    found = [
        any(right(number) for number in NUMBER.findall(text_of(sample)))
        for seed in (1, 2, 3)
        for sample in samples(random.Random(seed))
        if sample.label == "pupil"
    ]
    assert 0.25 <= sum(found) / len(found) <= 0.40


def right(number: str) -> bool:
    oracle = cpr_oracle if "-" in number else bsn_oracle
    return bool(oracle.is_valid(number))


def test_numbers_said_to_be_of_a_person_pass_their_checks(corpus: list[Sample]) -> None:
    named = re.compile(r"(?i)\b(?:bsn|cpr(?:[-. ]*nr\.?)?)[ \t:(]*(\d{9}|\d{6}-\d{4})\b")
    said = [
        number
        for sample in corpus
        if sample.label == "pupil"
        for number in named.findall(text_of(sample))
    ]
    assert len(said) > 10
    assert all(map(right, said))


@pytest.mark.parametrize("seed", range(50))
def test_invented_numbers_agree_with_an_independent_library(seed: int) -> None:
    chance = random.Random(seed)
    born = date(1950 + seed, 1 + seed % 12, 1 + seed % 28).replace(year=2005 + seed % 20)
    assert bsn_oracle.is_valid(invented_bsn(chance))
    for girl in (True, False):
        number = cpr_oracle.compact(invented_cpr(born, girl, chance))
        assert cpr_oracle.get_birth_date(number) == born
        assert cpr_oracle.checksum(number) == 0
        assert (int(number[-1]) % 2 == 0) == girl


def test_some_numbers_of_orders_pass_the_eleven_test_and_most_do_not() -> None:
    orders = [
        number
        for seed in range(3)
        for sample in samples(random.Random(seed))
        if sample.kind == "orders"
        for number in NUMBER.findall(text_of(sample))
    ]
    passed = sum(map(right, orders))
    assert 0 < passed < len(orders) / 4


def test_no_slot_or_choice_is_left_in_a_text_and_every_format_can_be_written(
    corpus: list[Sample],
) -> None:
    for sample in corpus:
        raw = sample.formats[0].startswith("raw.")
        assert sample.rows and set(sample.formats) <= WRITABLE, sample
        assert raw or not UNFILLED.search(text_of(sample)), sample
        assert not set('/\\:*?"<>|') & set(sample.stem)


def test_raw_texts_are_well_formed(corpus: list[Sample]) -> None:
    for sample in corpus:
        if sample.formats == ("raw.xml",):
            assert minidom.parseString(sample.rows[0][0].encode())
        elif sample.formats == ("raw.json",):
            assert json.loads(sample.rows[0][0])


def test_files_of_a_kind_rarely_share_most_of_their_sentences(corpus: list[Sample]) -> None:
    kinds = defaultdict(list)
    for sample in corpus:
        kinds[sample.kind].append(sentences(sample))
    pairs = [pair for group in kinds.values() for pair in combinations(group, 2)]
    alike = [
        (one, other) for one, other in pairs if len(one & other) > len(min(one, other, key=len)) / 2
    ]
    assert len(alike) <= len(pairs) / 100

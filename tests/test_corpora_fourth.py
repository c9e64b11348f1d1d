"""The fourth corpus is repeatable, complete and what its labels say; its numbers are made well."""

import json
import random
import re
from collections import Counter, defaultdict
from itertools import combinations
from xml.dom import minidom

import pytest
from stdnum.dk import cpr as cpr_oracle
from stdnum.nl import bsn as bsn_oracle

from bench import corpora
from bench.corpora import third
from bench.corpora.fourth import CLEAN, NAMES, PUPIL, TEXTS, samples, templates
from bench.corpora.sample import Sample
from bench.corpora.third.frames import pools
from bench.corpora.third.people import lists
from bench.corpora.writing import WRAPPERS, WRITERS

UNFILLED = re.compile(
    r"\[\[|\]\]|\{@?[a-z][\w.:]*[ \d-]*\}|(?m:^%(?:each|times|pick|staff|shuffle|end))"
)
NUMBER = re.compile(r"(?<![\w-])(\d{9}|\d{6}-\d{4})(?![\w-])")
NAMED = re.compile(
    r"(?i)\b(?:bsn|pgn|burgerservicenummer|cpr(?:[-. ]*(?:nr|nummer)?\.?)?)\b\W{0,5}"
    r"(\d{9}|\d{6}-\d{4})\b"
)


@pytest.fixture(scope="module")
def corpus() -> list[Sample]:
    return list(samples(random.Random(7)))


def text_of(sample: Sample) -> str:
    return "\n".join("\t".join(row) for row in sample.rows)


def sentences(sample: Sample) -> set[str]:
    parts = re.split(r"(?<=[.?!])\s|\t|\n", text_of(sample))
    return {part.strip() for part in parts if len(part.strip()) > 12}


def right(number: str) -> bool:
    oracle = cpr_oracle if "-" in number else bsn_oracle
    return bool(oracle.is_valid(number))


def test_the_set_is_loaded_by_its_name_and_the_same_seed_gives_the_same_samples(
    corpus: list[Sample],
) -> None:
    assert corpora.of("fourth", 7) == corpus
    assert corpora.of("fourth", 8) != corpus


def test_there_are_about_three_hundred_and_half_are_about_pupils(corpus: list[Sample]) -> None:
    labels = Counter(sample.label for sample in corpus)
    assert 280 <= len(corpus) <= 330
    assert 0.45 <= labels["pupil"] / len(corpus) <= 0.55


def test_the_kinds_are_those_of_the_third_set_and_all_are_there(corpus: list[Sample]) -> None:
    assert (PUPIL, CLEAN) == (third.PUPIL, third.CLEAN)
    assert {sample.kind for sample in corpus} == {*PUPIL, *CLEAN}


def test_every_kind_is_written_in_several_ways() -> None:
    ways = Counter(template.kind for template in templates())
    assert min(ways.values()) >= 3


def test_the_languages_have_their_shares(corpus: list[Sample]) -> None:
    shares = Counter(sample.language for sample in corpus)
    for language, wanted in {"nl": 0.55, "da": 0.35, "en": 0.10}.items():
        assert abs(shares[language] / len(corpus) - wanted) < 0.03, shares


def test_labels_follow_kinds_and_only_pupil_files_hold_pupils(corpus: list[Sample]) -> None:
    for sample in corpus:
        fewest, most = sample.persons
        assert sample.label == ("pupil" if sample.kind in PUPIL else "clean")
        assert 1 <= fewest <= most if sample.label == "pupil" else sample.persons == (0, 0), sample


def test_a_list_counts_the_children_that_it_repeats_for() -> None:
    for template in templates():
        repeats = any(line.startswith("%each") for line in template.lines)
        counted = "n" in template.settings.get("persons", "").split()
        assert repeats == counted, template


def test_no_clean_template_takes_a_child_or_its_number() -> None:
    child = re.compile(r"\{[kbrpmf]\d?\.(?!group)|\{\w+\.id\}")
    clean = [template for template in templates() if template.kind in CLEAN]
    assert not [each for each in clean if child.search("\n".join(each.lines))]


def test_what_stands_only_with_numbers_is_no_choice_of_several() -> None:
    mixed = re.compile(r"\[\[[+-](?:(?!\[\[|\]\]).)*//")
    found = [each for each in templates() if mixed.search("\n".join(each.lines))]
    assert not found


def test_a_second_child_that_a_text_may_tell_of_is_counted() -> None:
    sibling = {name for name, cards in pools(TEXTS).items() if "{b." in str(cards)}
    assert sibling
    for template in templates():
        text = "\n".join(template.lines)
        told = {f"{name} {template.language}" for name in re.findall(r"@(?:@|)(\w+)", text)}
        if template.kind in PUPIL and (told & sibling or "{k2." in text or "{b." in text):
            assert template.settings["persons"] != "1 1", template


def test_about_two_thirds_of_the_pupil_files_hold_no_number_of_a_person() -> None:
    found = [
        any(right(number) for number in NUMBER.findall(text_of(sample)))
        for seed in (1, 2, 3)
        for sample in samples(random.Random(seed))
        if sample.label == "pupil"
    ]
    assert 0.25 <= sum(found) / len(found) <= 0.40


def test_numbers_said_to_be_of_a_person_pass_their_checks(corpus: list[Sample]) -> None:
    said = [
        number
        for sample in corpus
        if sample.label == "pupil"
        for number in NAMED.findall(text_of(sample))
    ]
    assert len(said) > 10
    assert all(map(right, said))


def test_its_names_are_its_own_lists_and_most_are_not_in_the_third_set() -> None:
    for kind in ("nl girls", "nl boys", "nl families", "da girls", "da boys", "da families"):
        ours, theirs = set(lists(NAMES)[kind]), set(lists()[kind])
        assert len(ours) >= 40
        assert len(ours - theirs) > len(ours) / 2


def test_no_slot_or_choice_is_left_in_a_text_and_every_format_can_be_written(
    corpus: list[Sample],
) -> None:
    for sample in corpus:
        raw = {name for name in sample.formats if name.startswith("raw.")}
        assert sample.rows and set(sample.formats) - raw <= {*WRITERS, *WRAPPERS}, sample
        assert len(raw) in {0, len(sample.formats)}
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

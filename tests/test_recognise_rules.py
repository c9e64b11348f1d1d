"""The rule files: what stands in them is sound, and a mistake in one is named."""

import shutil
from pathlib import Path

import pytest

from collectors.recognise import rules as package
from collectors.recognise.rules import load, rules
from collectors.recognise.rules.schema import RuleError

FOLDER = Path(package.__file__).parent
TOML = ("topics.toml", "counter.toml", "heads.toml", "people.toml", "languages.toml")
FILES = (*TOML, "given-names.txt")


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_rules_that_come_with_this_version_are_sound(folder):
    assert load(folder) == rules()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_garbled_file_is_named(folder, name):
    (folder / name).write_bytes(b"= \xff\xfe\n")
    with pytest.raises(RuleError, match=name):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(RuleError, match=name):
        load(folder)


@pytest.mark.parametrize("name", TOML)
def test_an_unknown_key_is_named(folder, name):
    path = folder / name
    path.write_text('surprise = ["x"]\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(RuleError, match=f"{name}: unknown key 'surprise'"):
        load(folder)


MISTAKES = [
    ("topics.toml", "[care]", "[caring]", "unknown key 'caring'"),
    ("topics.toml", '"adhd" = 1.5', '"adhd" = "much"', "'adhd': must be a number"),
    ("topics.toml", '"adhd" = 1.5', '"adhd" = 99', "at most 5"),
    ("topics.toml", '"adhd" = 1.5', '"adhd" = -1', "above 0"),
    ("topics.toml", '"adhd" = 1.5', '"ADHD" = 1.5', "small letters"),
    ("topics.toml", '"adhd" = 1.5', '"" = 1.5', "is no word"),
    ("counter.toml", "weight = 4.0", "weight = true", "policy: weight"),
    ("counter.toml", "weight = 4.0", "wait = 4.0", "unknown key 'wait'"),
    ("counter.toml", '"protocol",', '"protocol", "protocol",', "'protocol' stands there twice"),
    ("counter.toml", '"protocol",', '"123",', "has no letter"),
    ("heads.toml", "member = [", "membership = [", "unknown key 'membership'"),
    ("heads.toml", '"hcp",', '"hcp", "naam",', "'naam' is both"),
    ("people.toml", "child-nouns = [", "nouns = [", "unknown key 'nouns'"),
    (
        "people.toml",
        'relation-words = ["van", "til", "of", "for", "v.", "v"]',
        "relation-words = []",
        "list",
    ),
    ("people.toml", 'relation-words = ["van"', "relation-words = [7", "7 is no word"),
    ("people.toml", "support = [", "help = [", "situation: unknown key 'help'"),
    ("given-names.txt", "Aafke", "aafke", "'aafke' must begin with a capital"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_place(folder, name, old, new, said):
    change(folder, name, old, new)
    with pytest.raises(RuleError, match=said) as error:
        load(folder)
    assert name in str(error.value)


def test_a_table_that_is_missing_is_named(folder):
    path = folder / "people.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[situation]")], encoding="utf-8")
    with pytest.raises(RuleError, match="'situation' is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("care", (b"handelingsplan", b"elevplan", b"ehcp")),
        ("safety", (b"uithuisplaatsing", b"underretning", b"neglect")),
        ("progress", (b"cijferlijst", b"karakterblad", b"attendance")),
        ("school", (b"klassenlijst", b"klasseliste", b"pupil")),
    ],
)
def test_every_topic_speaks_dutch_danish_and_english(topic, words):
    every = {word for terms in rules().topics.values() for word in terms.words}
    assert set(words) <= every
    assert rules().topics[topic].words.keys() & set(words)

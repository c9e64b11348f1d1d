"""The console's sentences fit what agents really send: each kind, each fact, each closed word."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module

import msgspec
import pytest

from agent import own
from agent.guard import Held
from agent.leak import About, LeakKind, Role
from agent.own import CollectorName
from agent.policy import Mode
from agent.wire.event import APART, DecisionPart
from collectors.base import Gap, Observation
from enforcement.base import Reason, Result
from server_stub import wording
from tests.test_docs import OBSERVATIONS, keys_told_by
from tests.test_wire import make_event

SENT = {word: keys_told_by(kind, "facts") for word, kind in OBSERVATIONS if word not in APART} | {
    own.GAP: set(own.gap("size-limit", 1, []).facts)
}
COMPUTED = {
    "persons": "persons-min",
    "where": "place",
    "holds": "categories",
    "judged": "verdict",
    "keyboard": "also-keyboard",
}
WORDS = (
    Held,
    LeakKind,
    About,
    Role,
    CollectorName,
    Mode,
    Gap,
    Result,
    Reason,
    import_module("collectors.media.verdict").Verdict,
    import_module("collectors.media.verdict").Why,
    import_module("collectors.recognise.verdict").Kind,
    import_module("collectors.recognise.verdict").Reason,
    import_module("collectors.recognise.verdict").Evidence,
    import_module("collectors.recognise.category").Category,
    import_module("collectors.folders.place").Place,
    import_module("collectors.folders.found").Watched,
    import_module("collectors.session").Watched,
    import_module("collectors.usb").Watched,
    import_module("collectors.ports").Watched,
    import_module("agent.lost").Cause,
    import_module("agent.own_policy").Against,
    import_module("agent.own_policy").Brought,
    import_module("agent.own_policy").ScopeKind,
    import_module("agent.own_policy").OrderKind,
    import_module("collectors.checks.open_home").Others,
    import_module("agent.own_files").DrillStep,
    import_module("agent.own_files").Returned,
    import_module("agent.said").Wish,
    import_module("agent.own_policy").Language,
    import_module("agent.stick_refused").Watched,
    import_module("agent.icon_watch").Watched,
    import_module("collectors.own_part").Watched,
    import_module("collectors.own_part").Part,
    import_module("collectors.own_part").How,
    import_module("agent.stick_refused").Refused,
    import_module("collectors.port_device").What,
    import_module("collectors.checks.told").Check,
    import_module("collectors.checks.told").State,
    import_module("collectors.checks.told").Why,
    import_module("collectors.checks.laptop").Shape,
    import_module("collectors.checks.laptop").System,
)
PLAIN = {"luks1", "luks2", "bitlocker", "apfs", "none"}
"""Words that are names, or are never shown alone."""


@pytest.mark.parametrize("kind", SENT)
def test_each_kind_has_a_sentence_from_facts_it_really_has(kind: str) -> None:
    for one in wording.load().values():
        assert kind in one.kinds, (one.language, kind)
        named = re.findall(r"{([\w-]+)}", one.kinds[kind]["sentence"])
        needed = {COMPUTED.get(name, name) for name in named}
        assert needed <= SENT[kind], (one.language, kind)


@pytest.mark.parametrize("kind", SENT)
def test_each_fact_has_a_name_for_people(kind: str) -> None:
    for one in wording.load().values():
        assert SENT[kind] <= set(one.names), (one.language, SENT[kind] - set(one.names))


@pytest.mark.parametrize("words", WORDS, ids=lambda words: f"{words.__module__}.{words.__name__}")
def test_each_closed_word_is_translated(words: type[StrEnum]) -> None:
    for one in wording.load().values():
        missing = {word.value for word in words} - PLAIN - set(one.words)
        missing -= {word.rpartition(".")[2] for word in one.words if "." in word}
        assert not missing, (one.language, missing)


def test_no_sentence_is_kept_for_a_kind_nobody_sends() -> None:
    assert set(wording.load()["en"].kinds) == set(SENT)


def test_observations_were_found() -> None:
    assert len(SENT) >= 12
    assert all(issubclass(kind, Observation) for _, kind in OBSERVATIONS)


def test_how_a_disk_is_told_is_no_word_of_the_program() -> None:
    for language, one in wording.load().items():
        for disk in ("good", "bad"):
            facts = {"disk": disk, "open-files": 0, "sealed-files": 0}
            said = one.sentence(make_event(kind="laptop-standing", facts=facts))
            assert one.word(disk, "state") in said, language
            assert f": {disk}." not in said


def test_a_stick_that_poses_as_a_keyboard_is_told_as_an_attack() -> None:
    for one in wording.load().values():
        facts = {"verdict": "unencrypted", "why": "plain-file-system", "also-keyboard": False}
        usual = one.sentence(make_event(kind="usb-storage-attached", facts=facts))
        posing = one.sentence(
            make_event(kind="usb-storage-attached", facts={**facts, "also-keyboard": True})
        )
        assert posing == f"{usual} {one.text('sentence.keyboard')}", one.language


@pytest.mark.parametrize("language", ["en", "nl", "da"])
def test_what_waits_is_told_with_the_moment_it_is_due(language: str) -> None:
    decision = DecisionPart(
        action="seal-file",
        rule="delete-after-use",
        enforced=False,
        held="grace",
        due=datetime(2026, 11, 28, 17, 30, tzinfo=UTC),
    )
    said = wording.load()[language].done(make_event(decision=decision, outcome=None))
    assert "2026-11-28 17:30 UTC" in said
    without = msgspec.structs.replace(decision, due=msgspec.UNSET)
    assert "UTC" not in wording.load()[language].done(make_event(decision=without, outcome=None))

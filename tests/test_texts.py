"""The staff's sentences: complete in every language, with room for the same values, and plain."""

import re
import string
from importlib import import_module
from pathlib import Path

import pytest

from agent.guard import Held
from agent.texts import FALLBACK, LANGUAGES, MISSING, has, language_of, say, table
from collectors import COLLECTORS
from collectors.base import Observation
from enforcement import ACTIONS
from enforcement.base import Reason, Result

WHAT_IS_SENT = Path(__file__).parent.parent / "docs" / "what-is-sent.md"
AGENTS_OWN = ("journal-gap",)
"""Events that are no observation: the journal makes them itself."""
OTHERS = [language for language in LANGUAGES if language != FALLBACK]


def kinds() -> list[str]:
    """Every kind of event that the collectors and the agent can observe."""
    for module in COLLECTORS:
        import_module(module)
    for own in (
        "agent.own",
        "agent.own_files",
        "agent.own_leak",
        "agent.own_letters",
        "agent.own_lost",
        "agent.own_objection",
        "agent.own_policy",
        "agent.stick_refused",
    ):
        import_module(own)
    ours = ("agent.", "collectors.")
    found = {one.kind for one in Observation.__subclasses__() if one.__module__.startswith(ours)}
    return sorted(found | set(AGENTS_OWN))


def room_for(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys(language: str) -> None:
    assert table(language).keys() == table(FALLBACK).keys()


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_leaves_room_for_the_same_values(language: str) -> None:
    for key, sentence in table(language).items():
        assert room_for(sentence) == room_for(table(FALLBACK)[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    same = {key for key, text in table(language).items() if text == table(FALLBACK)[key]}
    assert same == {"tray-title"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_or_holds_markup(language: str) -> None:
    for key, sentence in table(language).items():
        assert sentence.strip(), key
        assert not set("<>&\t\x1b") & set(sentence), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_note_left_in_a_folder_fits_a_page(language: str) -> None:
    note = say(language, "sealed-note", contact=say(language, "sealed-note-contact"))
    assert MISSING not in note
    assert max(map(len, note.splitlines())) <= 100


@pytest.mark.parametrize("kind", kinds())
def test_every_event_a_person_may_see_has_a_sentence(kind: str) -> None:
    assert has(kind)


def test_every_action_has_a_sentence_for_success_and_for_failure() -> None:
    for module in ACTIONS:
        name = module.rpartition(".")[2].replace("_", "-")
        assert has(name) and has(f"{name}-failed"), name


def test_every_result_reason_and_hold_has_a_sentence() -> None:
    words = [f"result-{word}" for word in Result]
    words += [f"reason-{word}" for word in Reason]
    words += [f"held-{word}" for word in Held]
    assert [word for word in words if not has(word)] == []


def test_every_state_and_mode_of_the_tray_has_a_sentence() -> None:
    for word in ("fine", "look", "blocked", "offline", "mode-report", "mode-enforce"):
        assert has(f"tray-{word}")


def test_every_fact_and_detail_has_a_name() -> None:
    """As docs/what-is-sent.md lists them, which is held to the code."""
    text = WHAT_IS_SENT.read_text("utf-8")
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        readable, _, sealed = section.partition("Sealed:")
        for prefix, part in (("fact", readable), ("detail", sealed)):
            names = re.findall(r"^- `([^`]+)`", part, flags=re.MULTILINE)
            assert [one for one in names if not has(f"{prefix}-{one}")] == [], section[:40]


def test_values_find_their_place() -> None:
    assert "12" in say("nl", "tray-lock-soon", seconds=12)
    assert say("da", "tray-pending", count=3).endswith("3")


def test_a_value_that_was_not_given_leaves_a_mark_and_breaks_nothing() -> None:
    assert MISSING in say("nl", "tray-lock-soon")


def test_an_unknown_language_gets_english() -> None:
    assert say("xx", "tray-fine") == say("en", "tray-fine")
    assert say("../../etc", "tray-fine") == say("en", "tray-fine")


def test_a_key_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("nl", "no-such-key")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "nl_NL.UTF-8"}, "nl"),
        ({"LANG": "da_DK"}, "da"),
        ({"LANG": "nl_NL.UTF-8", "LC_ALL": "da_DK.UTF-8"}, "da"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "fy:nl:en"}, "nl"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "nld"}, None),
        ({}, None),
    ],
)
def test_the_language_is_the_one_a_person_works_in(
    environment: dict[str, str], language: str | None
) -> None:
    assert language_of(environment) == language


def test_no_sentence_names_a_party() -> None:
    names = re.compile(r"datatilsynet|autoriteit persoonsgegevens", re.I)
    for language in LANGUAGES:
        assert not [text for text in table(language).values() if names.search(text)]

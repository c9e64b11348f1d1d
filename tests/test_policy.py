"""Policy: first match wins, the default reports, and every mistake in a file is named."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pyrage
import pytest

from agent import policy_file
from agent.errors import ConfigError
from agent.policy import Decision, Mode, Policy, Rule
from collectors import COLLECTORS
from collectors.base import Facts, Observation


class Place(StrEnum):
    DOWNLOADS = "downloads"
    DESKTOP = "desktop"


class Evidence(StrEnum):
    BSN = "bsn"
    ROSTER = "roster"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen(Observation):
    kind: ClassVar[str] = "pupil-file-found"
    place: Place = Place.DOWNLOADS
    persons: int = 3

    def facts(self) -> Facts:
        return {
            "place": self.place,
            "persons": self.persons,
            "evidence": (Evidence.BSN, Evidence.ROSTER),
            "new": True,
            "sensitive": False,
        }


def seen(**changes: object) -> Seen:
    return Seen(observed_at=datetime.now(UTC), subject="/home/x/list.csv", **changes)  # type: ignore[arg-type]


def rule(name: str, action: str, kind: str = "pupil-file-found", **when: str | int | bool) -> Rule:
    return Rule(name=name, kind=kind, action=action, when=when)


def decided(
    rules: tuple[Rule, ...], observation: Observation, mode: Mode = Mode.ENFORCE
) -> Decision:
    return Policy(version=1, mode=mode, rules=rules).decide(observation)


def test_the_first_rule_that_matches_decides() -> None:
    rules = (
        rule("other-kind", "lock-session", kind="session-unattended"),
        rule("desktop", "report", place="desktop"),
        rule("downloads", "seal-file", place="downloads"),
        rule("rest", "report"),
    )
    assert decided(rules, seen()) == Decision(action="seal-file", rule="downloads", enforced=True)
    assert decided(rules, seen(place=Place.DESKTOP)).rule == "desktop"


def test_without_a_match_it_is_reported() -> None:
    decision = decided((rule("desktop", "seal-file", place="desktop"),), seen())
    assert decision == Decision(action="report", rule="default", enforced=False)


def test_in_report_mode_nothing_is_enforced_but_the_decision_stands() -> None:
    decision = decided((rule("all", "seal-file"),), seen(), Mode.REPORT)
    assert decision == Decision(action="seal-file", rule="all", enforced=False)


def test_a_rule_compares_numbers_truths_and_members_of_a_set() -> None:
    for when in ({"persons": 3}, {"new": True}, {"evidence": "bsn"}, {"sensitive": False}):
        assert decided((rule("r", "seal-file", **when),), seen()).enforced, when  # type: ignore[arg-type]
    for when in ({"persons": 4}, {"new": False}, {"new": 1}, {"evidence": "cpr"}, {"none": "x"}):
        assert not decided((rule("r", "seal-file", **when),), seen()).enforced, when  # type: ignore[arg-type]


KEY = str(pyrage.x25519.Identity.generate().to_public())

GOOD = f"""\
name = "rosenhoej"
version = 3
mode = "enforce"
language = "da"

[notice]
lead_days = 42

[contact]
name = "Ledelsen"
phone = "+45 00 00 00 00"

[[recipients]]
name = "officer"
key = "{KEY}"
proven = true

[collectors.pupil_files]
roots = ["/home"]

[[rules]]
name = "seal-downloads"
kind = "pupil-file-found"
when = {{ place = "downloads" }}
action = "seal-file"
source = "S2 l.27"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    policy = policy_file.read(write(tmp_path, GOOD))
    assert (policy.name, policy.version, policy.mode, policy.language) == (
        "rosenhoej",
        3,
        Mode.ENFORCE,
        "da",
    )
    assert policy.notice_lead_days == 42
    assert policy.recipients[0].proven
    assert policy.roots() == (Path("/home"),)
    assert policy.rules[0].source == "S2 l.27"
    assert set(policy.collectors) == {name.rpartition(".")[2] for name in COLLECTORS}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('language = "da"', 'langauge = "da"', "unknown key 'langauge', did you mean 'language'?"),
        ('mode = "enforce"', 'mode = "enforced"', "did you mean 'enforce'?"),
        ('mode = "enforce"', 'mode = "x"', "one of report, enforce"),
        ("lead_days = 42", "lead_day = 42", "did you mean 'lead_days'?"),
        ("lead_days = 42", "lead_days = -1", "from 0 to 365"),
        ('action = "seal-file"', 'action = "seal-fle"', "did you mean 'seal-file'?"),
        ('roots = ["/home"]', 'rots = ["/home"]', "did you mean 'roots'?"),
        ('roots = ["/home"]', 'roots = "/home"', "a list in [brackets]"),
        ("version = 3", 'version = "3"', "a whole number"),
        ("version = 3", "version = 0", "from 1"),
        ("version = 3", "version = true", "a whole number"),
        ("proven = true", 'proven = "yes"', "true or false"),
        ("[collectors.pupil_files]", "[collectors.pupil_file]", "did you mean 'pupil_files'?"),
        pytest.param(KEY, "ssh-ed25519 AAAA", "no age recipient", id="no-recipient"),
        ('name = "seal-downloads"', 'name = "Seal Downloads"', "small letters"),
        ('kind = "pupil-file-found"', "kind = 5", "text in quotes"),
        ("{ place", "{ x = 1.5, place", "words and numbers only"),
        ('phone = "+45 00 00 00 00"', "phone = 4500000000", "text in quotes"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_suggestion(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = GOOD.replace(old, new)
    line = next(n for n, content in enumerate(text.splitlines(), 1) if new in content)
    with pytest.raises(ConfigError) as caught:
        policy_file.read(write(tmp_path, text))
    assert any(f"line {line}: " in m and says in m for m in str(caught.value).splitlines()), (
        line,
        str(caught.value),
    )


def test_the_second_of_two_rules_has_its_own_line(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("[[rules]]") :].replace("seal-downloads", "other")
    text = GOOD + second.replace('action = "seal-file"', 'acton = "seal-file"')
    with pytest.raises(ConfigError) as caught:
        policy_file.read(write(tmp_path, text))
    assert f"line {text[: text.index('acton')].count(chr(10)) + 1}: unknown key" in str(
        caught.value
    )


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("language", "langauge").replace("phone", "fone").replace("source", "sorce")
    with pytest.raises(ConfigError) as caught:
        policy_file.read(write(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 3


def test_two_rules_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    again = GOOD + GOOD[GOOD.index("[[rules]]") :]
    with pytest.raises(ConfigError, match="two rules are named"):
        policy_file.read(write(tmp_path, again))


def test_no_toml_a_missing_file_and_an_endless_one_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        policy_file.read(write(tmp_path, "version = = 3"))
    with pytest.raises(ConfigError, match="cannot read"):
        policy_file.read(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="larger than"):
        policy_file.read(Path("/dev/zero"))
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError):
        policy_file.read(path)


def test_a_laptop_without_a_policy_reports_only() -> None:
    policy = policy_file.default()
    assert (policy.mode, policy.rules, policy.version) == (Mode.REPORT, (), 0)
    assert policy.collectors["session"]

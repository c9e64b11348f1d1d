"""The presets: whatever they ask for has its sentence, and whoever is told of it can read which."""

import re
from pathlib import Path
from typing import Any

import pytest

from agent import policy_file
from agent.cli import main
from agent.messages import LONGEST_SOURCE, Messages
from agent.policy import Policy
from agent.policy_duties import UNSET
from agent.policy_usb import UsbMode
from agent.texts import LANGUAGES, say
from agent.tray.view import SILENT, notices
from agent.wire.event import DecisionPart, OutcomePart
from tests.collector_on_loopback import pupil_file

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "installer" / "presets"
NAMES = ("jbov", "roosvo", "rosenhoej", "kinderopvang-academie", "mbo")


def preset(name: str) -> Policy:
    return policy_file.read(FOLDER / f"{name}.toml")


def test_there_are_five() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_can_be_used_and_only_reports(name: str, capsys: Any) -> None:
    assert main(["policy", "check", str(FOLDER / f"{name}.toml")]) == 0
    assert f"{name} version 1 can be used" in capsys.readouterr().out
    assert not preset(name).enforces()
    assert preset(name).recipients == ()


@pytest.mark.parametrize("name", NAMES)
def test_whatever_it_asks_for_cites_its_sentence(name: str) -> None:
    policy = preset(name)
    assert all(len(rule.source) > 20 and ":" in rule.source for rule in policy.rules)
    if policy.usb.mode is not UsbMode.REPORT:
        assert policy.usb.source
    for section in (policy.duties.report, policy.duties.clocks, policy.duties.files):
        said = [getattr(section, key) for key in section.__slots__ if key != "source"]
        assert bool(section.source) is any(said), section


@pytest.mark.parametrize("name", NAMES)
def test_no_preset_names_a_person_or_a_real_address(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    for address in re.findall(r"[\w.-]+@[\w.-]+", text):
        assert address.rstrip(".").endswith(".example"), address
    assert not re.search(r"\b\d{8}\b|\(0\d{2}\)", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_toast_leads_to_a_sentence_or_to_the_products_default(
    name: str, language: str
) -> None:
    """Each action of each rule, done and failed, as it appears on the person's screen."""
    policy = preset(name)
    rules = [(rule.kind, rule.action, rule.name, rule.source) for rule in policy.rules]
    usb = ("usb-storage-attached", "block-usb", f"usb-{policy.usb.mode}", policy.usb.source)
    shown = [usb] if policy.usb.blocks else []
    shown += [one for one in rules if one[1] != "report"]
    shown.append(("pupil-file-found", "seal-file", "of-nobody", ""))
    for kind, action, rule, source in shown:
        for result in ("done", "failed"):
            event = pupil_file(
                kind=kind,
                decision=DecisionPart(action=action, rule=rule, enforced=True),
                outcome=OutcomePart(result=result, reason="none"),
            )
            (notice,) = notices([Messages(policy=policy, overrides=None).of(event)], language)
            wanted = say(language, "source", source=source[:LONGEST_SOURCE])
            assert notice.text.endswith(wanted if source else say(language, "source-default"))
            assert action not in SILENT


def test_the_table_of_contradictions_is_what_the_presets_say() -> None:
    page = (ROOT / "docs" / "presets.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) >= 15
    policies = [preset(name) for name in NAMES]
    for key, cells in rows:
        assert cells.split(" | ") == [value(policy, key) for policy in policies], key
    told = {line.partition(":")[0] for line in policies[0].duties.lines()}
    assert {one for one in told if "." in one} <= {key for key, _ in rows}


def value(policy: Policy, key: str) -> str:
    """What a preset says of a key, as ``policy show`` puts it."""
    if key == "usb.mode":
        return str(policy.usb.mode) if policy.usb.blocks else UNSET
    if key == "notice.lead_days":
        return str(policy.notice_lead_days or UNSET)
    lines = dict(line.split(": ", 1) for line in policy.duties.lines())
    return lines[key]


def test_a_mistake_in_a_duty_is_told_with_its_line(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        'name = "x"\nversion = 1\n[clocks]\nsubjects = "any-risks"\nboard_hours = -1\n'
        '[files]\napproved = [3]\n[report]\nwhom = "x"\n'
    )
    assert main(["policy", "check", str(file)]) == 2
    said = capsys.readouterr().err
    for line in (
        "line 4: 'subjects' cannot be 'any-risks', did you mean 'any-risk'?",
        "line 5: give 'board_hours' as a whole number from 0 to 2160",
        "line 7: 'approved' is a list of places in quotes",
        "line 9: unknown key 'whom' in [report]",
    ):
        assert line in said

"""The example settings that are installed: each can be used as it stands, and none lacks a key."""

import re
from pathlib import Path

import pytest

from agent import config, policy_file
from agent.policy import EXPIRY, REPORT, Mode
from agent.policy_usb import ALLOW, BLOCK, READ_ONLY

ETC = Path(__file__).resolve().parent.parent / "installer" / "etc"


def with_every_key(name: str, folder: Path) -> Path:
    """The example with the mark in front of each key taken away."""
    text = re.sub(r"^#(?=[a-z_]+ = )", "", (ETC / name).read_text("utf-8"), flags=re.MULTILINE)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_agents_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    path = with_every_key("agent.toml", tmp_path)
    assert config._agent_file(path) == {
        key: default for key, (_, default, _) in config.AGENT_KEYS.items()
    }


def test_the_agents_example_changes_nothing_as_it_stands() -> None:
    assert config._agent_file(ETC / "agent.toml") == {}


def test_the_example_policy_can_be_used_and_only_reports() -> None:
    policy = policy_file.read(ETC / "policy.toml")
    assert policy.mode is Mode.REPORT
    assert policy.rules


def test_the_example_policy_uses_every_action_itself_or_by_its_usb_mode() -> None:
    policy = policy_file.read(ETC / "policy.toml")
    assert policy.usb.blocks
    by_mode = {ALLOW, READ_ONLY, BLOCK}
    by_terms = set(EXPIRY.values()) if any(rule.terms.keep_days for rule in policy.rules) else set()
    named = {rule.action for rule in policy.rules} | by_mode | by_terms | {REPORT}
    assert named == set(policy_file.action_names())


def test_the_example_notice_is_none_until_it_is_filled_in(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError):
        config.read_notice(ETC / "notice.toml")
    notice = config.read_notice(with_every_key("notice.toml", tmp_path))
    assert notice is not None
    assert notice.policy_version == policy_file.read(ETC / "policy.toml").version

"""The page about policies: what is handed on to whom, by whose signature, and in whose words."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.wire.policies import Scope
from server_stub.console import policy_shelf, policy_text
from server_stub.storage.store_documents import Published
from tests.console_visit import Console, console
from tests.databases import Databases
from tests.signing import Office, text
from tests.test_server_contact import news, publish

LATER = datetime.now(UTC) + timedelta(days=30)
PRESETS = sorted((Path(__file__).resolve().parent.parent / "installer" / "presets").glob("*.toml"))
RULES = """
[usb]
mode = "none"
source = "Sticks stay at home"
[[usb.devices]]
name = "A. Jansen"
[report]
to = "<b>the desk</b>"
hours = 24
[[rules]]
name = "seal"
kind = "pupil-file-found"
action = "seal-file"
when = { class = "closed-dossier", sensitive = true }
grace_hours = 24
source = "<script>alert(1)</script> & so on"
"""


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("policies") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


def shelved(version: int, scope: str = "organisation", *names: str) -> Published:
    return Published(
        id=version,
        kind="policy",
        version=version,
        scope=scope,
        names=names,
        expires_at=None,
        published_at=LATER,
        published_by="terminal",
        withdrawn_at=None,
    )


def test_of_each_scope_the_newest_is_shown_and_that_for_everybody_first() -> None:
    known = [
        shelved(1),
        shelved(2, "group", "a", "b"),
        shelved(3, "group", "a"),
        shelved(4, "group", "a"),
        shelved(5, "device", "d"),
        shelved(6),
    ]
    assert [one.version for one in policy_shelf.in_force(known)] == [6, 4, 2, 5]
    assert policy_shelf.in_force([]) == []


def test_what_a_policy_replaced_was_for_the_same_laptops() -> None:
    known = [shelved(1), shelved(2, "group", "a"), shelved(3, "group", "b"), shelved(4)]
    assert policy_shelf.replaced(known[3], known) == known[0]
    assert policy_shelf.replaced(known[2], known) is None
    assert policy_shelf.replaced(shelved(9, "group", "a", "c"), known) == known[1]


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_each_rule_of_a_preset_comes_with_its_sentence(file: Path) -> None:
    said = policy_text.read(file.read_text("utf-8"))
    assert said is not None and said.rules
    assert all(rule.name and rule.kind and rule.action and rule.source for rule in said.rules)


@pytest.mark.parametrize(
    "toml",
    ["rules = 3", 'usb = "none"\nname = 4', "rules = [1]", '[[rules]]\nwhen = "x"\nname = []'],
)
def test_a_text_of_another_shape_is_shown_as_far_as_it_goes(toml: str) -> None:
    assert policy_text.read(toml) is not None


def test_a_text_that_is_none_is_not_read() -> None:
    assert policy_text.read("= no") is None


def test_permissions_for_persons_are_counted_and_not_named() -> None:
    said = policy_text.read(RULES)
    assert said is not None
    assert dict(said.sections["usb"][0])["devices"] == "1"


def test_a_difference_shows_what_came_and_what_went() -> None:
    lines = policy_text.difference("a = 1\nb = 2", "a = 1\nb = 3")
    assert [line for line in lines if line[0] in "+-"] == ["-b = 2", "+b = 3"]
    assert policy_text.difference("a", "a") == []


def test_before_anything_was_published_the_page_says_what_to_do(at: Console) -> None:
    page = at.get(at.session("ingrid"), "/policy").text
    assert "dossierwacht-collector policy publish" in page


def test_the_page_shows_versions_signers_laptops_sources_and_changes(at: Console) -> None:
    office = Office()
    publish(at.running, office.keyring())
    publish(at.running, office.policy(1, until=LATER))
    publish(at.running, office.policy(2, text(2, RULES, "enforce"), "head", "it", until=LATER))
    group = Scope(kind="group", names=["upstairs"])
    publish(at.running, office.policy(3, "not = = toml", scope=group, until=LATER))
    news(at.laptop, policy=2, signed=True)
    for who in ("ingrid", "olaf"):
        page = at.get(at.session(who), "/policy").text
        rows = re.findall(r"<tr>\s*<th scope=\"row\"><a href=\"#version-(\d)\".*?</tr>", page, re.S)
        assert rows == ["2", "3"]
        plain = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))
        assert "Version 2 everybody enforce head, it" in plain
        assert "group upstairs" in plain
        assert '<td class="number">1</td>' in page
        assert "<script>" not in page and "<b>" not in page
        assert "<script>alert(1)</script> & so on" in html.unescape(page)
        assert "after (hours): 24" in plain
        assert "What changed since version 1" in plain
        assert '<span class="added">+[usb]</span>' in page
        assert "cannot be read here" in plain
    assert at.get(at.session("maaike"), "/policy").status_code == 403

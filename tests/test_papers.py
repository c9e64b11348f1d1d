"""The papers say what the policy says, in each language, and hide nothing of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from agent import policy_file
from agent.cli import main
from agent.notice import Notice
from agent.papers import PAPERS, from_policy, paper
from agent.texts import LANGUAGES
from tests.test_texts import kinds

POLICY = """
name = "school"
version = 4
mode = "enforce"
language = "nl"

[contact]
name = "de privacy officer"
mail = "privacy@school.example"

[collectors.pupil_files]
roots = ["/home"]

[[rules]]
name = "no-files"
kind = "pupil-file-found"
action = "seal-file"
keep_days = 90
source = "reglement | regel 9"

[[rules]]
name = "lock"
kind = "session-unattended"
action = "lock-session"
"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAPERS)
def test_every_paper_names_every_rule_and_its_source(name: str, language: str) -> None:
    policy = policy_file.read_text(POLICY, "policy")
    text = paper(name, language, policy, None)
    assert "$" not in text
    for needed in ("no-files", "lock", "reglement \\| regel 9", "privacy@school.example"):
        assert needed in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_staff_were_not_told_stands_apart(language: str) -> None:
    policy = policy_file.read_text(POLICY, "policy")
    told = Notice(
        policy_version=4,
        given_on=date(2026, 10, 1),
        language="nl",
        version=2,
        kinds=frozenset({"session-unattended"}),
        actions=frozenset({"lock-session"}),
    )
    beyond = from_policy.filled(language, policy, told)["beyond"]
    assert "seal-file" in beyond
    assert "lock-session" not in beyond
    assert "2026-10-01" in paper("dpia", language, policy, told)


def test_every_language_has_the_same_words() -> None:
    words = {language: set(from_policy.short_words(language)) for language in LANGUAGES}
    assert words["nl"] == words["da"] == words["en"]


def test_the_papers_list_what_a_person_can_be_told_of() -> None:
    assert set(from_policy.OF_COLLECTORS) <= set(kinds())


def test_the_command_writes_pdfs_that_can_be_read(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    out = tmp_path / "papers"
    assert main(["policy", "papers", "--policy", str(file), "--out", str(out)]) == 0
    written = sorted(path.name for path in out.iterdir())
    assert written == sorted(f"{n}-nl.{kind}" for n in PAPERS for kind in ("md", "pdf"))
    with pypdfium2.PdfDocument(out / "dpia-nl.pdf") as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "reglement | regel 9" in text
    assert "?" not in text.replace("? ", "")

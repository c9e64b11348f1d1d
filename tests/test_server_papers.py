"""The papers of an entry: each authority's form, the client's notice, the letter, the record."""

import json
from collections.abc import Iterator

import pypdfium2
import pytest

from server_stub import wording
from server_stub.breaches import forms, paper
from server_stub.breaches.dossier_questions import QUESTIONS
from tests.console_visit import Console, console
from tests.databases import Databases

LANGUAGES = wording.load()
ENGLISH = LANGUAGES["en"]
FORMS = sorted(forms.forms())
SAID = {"summary": "A list lay in the downloads folder.", "categories": "name health"}


def filled(name: str, language: str = "en", **facts: str) -> paper.Paper:
    said = paper.texts_of(
        SAID, {f"@{key}": text for key, text in facts.items()}, lambda _, answer: answer
    )
    return paper.fill_in(name, forms.forms()[name], LANGUAGES[language], said)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_asks_what_there_is_in_every_language(name: str) -> None:
    form = forms.forms()[name]
    for part in form.parts:
        assert set(part.heading) == set(LANGUAGES)
        assert set(part.needs) <= set(part.items), "what is needed is asked"
        for item in part.items:
            assert item in QUESTIONS or item in forms.FACTS, item
            assert all(paper.label(one, item) for one in LANGUAGES.values())
    assert set(form.title) == set(LANGUAGES)
    items = [item for part in form.parts for item in part.items]
    assert len(set(items)) == len(items), "nothing is asked twice"


def test_the_record_holds_every_question_there_is() -> None:
    """GDPR article 33(5): what the register knows can be shown to the authority."""
    items = {item for part in forms.forms()["record"].parts for item in part.items}
    of_the_method = {"data-class", "data-context", "ease", "malicious"} | {
        f"{what}-lost" for what in ("confidentiality", "integrity", "availability")
    }
    assert set(QUESTIONS) - items - of_the_method == {"subjects-advice"}


def test_what_a_form_needs_and_nobody_wrote_is_named() -> None:
    made = filled("letter", contact="The privacy officer, +31 00 000 00 00")
    assert made.missing == ("consequences-text", "measures-taken", "subjects-advice")
    assert "@aware" in filled("ap-nl").missing
    assert "@aware" not in filled("ap-nl", aware="2026-11-23 13:00 CET").missing


def test_a_letter_has_no_questions_and_no_empty_lines_but_a_form_shows_what_is_missing() -> None:
    letter = paper.as_text(filled("letter"), ENGLISH)
    assert "A list lay in the downloads folder." in letter
    assert ENGLISH.text("paper.nothing") not in letter
    assert ENGLISH.text("question.summary") not in letter
    form = paper.as_text(filled("datatilsynet-dk", "da"), LANGUAGES["da"])
    assert LANGUAGES["da"].text("paper.nothing") in form
    assert "Bruddets karakter" in form


def test_the_policys_authority_decides_which_forms_are_of_use() -> None:
    assert forms.for_authority("ap-nl") == ["ap-nl", "clients", "edpb-draft", "letter", "record"]
    assert set(forms.for_authority("")) == set(FORMS)
    assert "ap-nl" not in forms.for_authority("datatilsynet-dk")


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("papers") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made


@pytest.fixture(scope="module")
def entry(at: Console) -> str:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(olaf, f"/devices/{at.laptop.name}/2/breach", csrf=csrf).headers["Location"]
    form = {"csrf": csrf, "types.confidentiality": "on", "summary": "Een lijst & <b>meer</b>\nja"}
    assert at.post(olaf, f"{made}/dossier/nature", **form).status_code == 303
    return made


@pytest.mark.parametrize("name", FORMS)
def test_each_paper_can_be_looked_at_and_taken(at: Console, entry: str, name: str) -> None:
    olaf = at.session("olaf", "nl")
    page = at.get(olaf, f"{entry}/papers/{name}?in=da")
    assert page.status_code == 200
    assert forms.forms()[name].title["da"] in page.text
    assert "<b>meer" not in page.text
    data = at.get(olaf, f"{entry}/papers/{name}?format=json").json()
    asked = {line["item"]: line["answer"] for part in data["parts"] for line in part["answers"]}
    assert asked["summary"] == "Een lijst & <b>meer</b>\nja"
    text = at.get(olaf, f"{entry}/papers/{name}?format=txt")
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Een lijst & <b>meer</b>" in text.text


def test_a_paper_as_pdf_can_be_read_by_a_screen_reader(at: Console, entry: str) -> None:
    olaf = at.session("olaf", "nl")
    reply = at.get(olaf, f"{entry}/papers/ap-nl?format=pdf&in=nl")
    assert reply.headers["Content-Type"] == "application/pdf"
    assert f"{entry.rpartition('/')[2]}-ap-nl-nl.pdf" in reply.headers["Content-Disposition"]
    document = pypdfium2.PdfDocument(reply.content)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "2. Tijdlijn" in text
    assert "<b>meer</b>" in text, "text of a person stays text"
    assert document.is_tagged()
    assert document.get_metadata_dict()["Title"] == forms.forms()["ap-nl"].title["nl"]


def test_that_a_paper_left_and_which_stands_in_the_history(at: Console, entry: str) -> None:
    olaf = at.session("olaf")
    content = at.get(olaf, f"{entry}/papers/clients?format=txt&in=da").content
    (detail,) = at.running.rows(
        "SELECT detail FROM breach_history WHERE act = 'paper-made' ORDER BY id DESC LIMIT 1"
    )[0]
    assert json.loads(detail) == {
        "digest": paper.digest(content),
        "form": "clients",
        "format": "txt",
        "language": "da",
    }
    assert ENGLISH.word("paper-made") in at.get(olaf, f"{entry}/history").text


def test_a_paper_there_is_none_of_is_not_found(at: Console, entry: str) -> None:
    olaf = at.session("olaf")
    assert at.get(olaf, f"{entry}/papers/nonsense").status_code == 404
    assert at.get(olaf, f"{entry}/papers/record?format=exe&in=xx").status_code == 200

"""The breach of docs/tutorial.md, worked in the officer's browser.

The story is that of ``tests.test_breach_story``. There its forms are posted; here a person fills
them in, on the page on which each stands, and can do no more than that page lets them.
"""

from dataclasses import dataclass
from html import unescape
from http import HTTPStatus

from playwright.sync_api import Locator, Page

from tests.test_breach_story import DANISH, Story

_PLACES = {"/aware": "", "/told": "", "/plan/step": "/plan", "/plan/close": "/plan"}
"""On which part of an entry a form stands, if not on a part of its own."""


@dataclass(kw_only=True)
class InBrowser(Story):
    """One entry in front of the officer."""

    tab: Page
    entry: str
    top: str
    """The address of the collector."""

    def page(self, part: str = "") -> str:
        self.tab.goto(f"{self.top}{self.entry}{part}")
        return unescape(self.tab.content())

    def do(self, part: str, **form: str) -> None:
        status = self._send(part, form)
        assert status == HTTPStatus.SEE_OTHER, (part, status, self._wrong())

    def refused(self, part: str, says: str, **form: str) -> None:
        self.page(_PLACES.get(part, part))
        if self._form(part).locator("button[type=submit]").count() == 0:
            # What the server would refuse is not even offered, and it is said why.
            assert DANISH.text("plan.not-yet") in self._form(part).inner_text()
            return
        assert self._send(part, form) == HTTPStatus.UNPROCESSABLE_ENTITY
        assert DANISH.text(says) in self.tab.locator("main").inner_text()

    def fill(self, section: str, *chosen: str, **answers: str) -> None:
        form = {name.replace("_", "-"): answer for name, answer in answers.items()}
        status = self._send(f"/dossier/{section}", form, chosen)
        assert status == HTTPStatus.SEE_OTHER, (section, status, self._wrong())

    def _send(self, part: str, form: dict[str, str], chosen: tuple[str, ...] = ()) -> int:
        """Fill a form in and send it; what the collector answered."""
        self.page(_PLACES.get(part, part))
        shown = self._form(part)
        for box in shown.locator("input[type=checkbox]").all():
            box.set_checked(box.get_attribute("name") in chosen)
        for name, answer in form.items():
            _answer(shown.locator(f'[name="{name}"]'), answer)
        with self.tab.expect_response(lambda one: one.request.method == "POST") as reply:
            shown.locator("button[type=submit]").click()
        self.tab.wait_for_load_state()
        return int(reply.value.status)

    def _form(self, part: str) -> Locator:
        return self.tab.locator(f'form[action="{self.entry}{part}"]')

    def _wrong(self) -> list[str]:
        return self.tab.locator(".note.bad").all_inner_texts()


def _answer(field: Locator, answer: str) -> None:
    """Answer one question, whatever it looks like."""
    kind = field.first.evaluate("one => one.type")
    if kind == "hidden":
        assert field.input_value() == answer
    elif kind == "radio":
        field.and_(field.page.locator(f'[value="{answer}"]')).check()
    elif kind == "select-one":
        field.select_option(answer)
    else:
        field.fill(answer)

"""The pages of letters with something on them, in a real Chromium, in three languages.

Screenshots go to ``build/console``, for a person to look at.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.wire import event as wire
from agent.wire.letters import reference
from tests.accessible import violations
from tests.collector_on_loopback import pupil_file
from tests.console_visit import PASSWORDS, Console, console
from tests.test_server_browser import PICTURES, STRUCTURE, browser, open_page, pytestmark
from tests.test_server_letters import QUIET, answer, ask, brought, leak, open_sealed, wish

__all__ = ["browser", "pytestmark"]  # a fixture and marks, which pytest finds by their names


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("letters") / "state") as made:
        furnish(made)
        yield made


def furnish(at: Console) -> None:
    """A leak with questions in every state, requests, and openings that were told or wait."""
    laptop, stick = at.laptop, wire.digest_text(b"an invented stick")
    seq = leak(laptop)
    assert seq == 16
    ask(at, laptop, seq, "Was the stick encrypted?")
    ask(at, laptop, seq, "Where did you see it last, and was anybody with you?")
    first, second = brought(laptop)
    brought(laptop, heard=[first.number], unplaced=[second.number])
    answered = {"letter": reference(first.number)}
    laptop.receipt(pupil_file(kind="leak-answered", facts=answered, **QUIET))
    ask(at, laptop, seq, "Is it still going on?")
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    open_sealed(at, laptop, seq)
    open_sealed(at, laptop, seq, reason="breach", later="yes", tell_on=day)
    officer = at.session("olaf")
    at.post(officer, f"/devices/{laptop.name}/{seq}/breach", csrf=at.csrf(officer))
    wish(laptop)
    facts = {"what": "stick", "device": stick, "vendor": 0x0951, "product": 0x1666}
    wish(laptop, **facts, verdict="unencrypted")
    for what, says in (("granted", "Only in class 7"), ("refused", "Use the folder of the school")):
        granted = wish(laptop, **facts, verdict="unencrypted")
        answer(at, laptop, granted, what=what, text=says, until=day)


@pytest.mark.parametrize(
    ("language", "width"), [("nl-NL", 1280), ("da-DK", 1280), ("en-GB", 1280), ("nl-NL", 360)]
)
@pytest.mark.parametrize("who", ["ingrid", "olaf"])
def test_letters_are_for_everybody(
    at: Console, browser: object, who: str, language: str, width: int
) -> None:
    page, said = open_page(browser, language, width)
    page.goto(at.running.url + "/login")
    page.fill("#name", who)
    page.fill("#password", PASSWORDS[who])
    page.click("main button[type=submit]")
    page.wait_for_selector("nav.menu")
    places = {"requests": "/requests", "leak": f"/devices/{at.laptop.name}/16"}
    if who == "olaf":
        places["entry"] = f"/register/{datetime.now(UTC).year}-0002"
    wrong: dict[str, list[str]] = {}
    for name, path in places.items():
        reply = page.goto(at.running.url + path)
        assert reply is not None and reply.status == 200, path
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        wrong[path] = page.evaluate(STRUCTURE) + violations(page)
        PICTURES.mkdir(parents=True, exist_ok=True)
        picture = PICTURES / f"letters-{name}-{who}-{language[:2]}-{width}.png"
        page.screenshot(path=str(picture), full_page=True)
    page.context.close()
    assert {path: lines for path, lines in wrong.items() if lines} == {}
    assert said == []

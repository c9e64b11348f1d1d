"""What the organisation wrote to this person: questions to answer, answers, and who opened what.

A letter is plain text, shown as such. Whoever holds the collector could write one, so the page says
what a letter never asks for.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from agent import control
from agent.control import ControlError
from agent.pages.page import Visit, local_time, render
from agent.said import LONGEST_ANSWER
from agent.texts import has


def show(visit: Visit) -> Response:
    """Every letter, the newest first; from then on none is new."""
    return _page(visit)


def answer(visit: Visit) -> Response:
    """Answer a question, and lead to the letters again."""
    number, text = str(visit.request.path_params["number"]), visit.form.get("text", "")
    if not 0 < len(text) <= LONGEST_ANSWER:
        return _page(visit, wrong="text", number=number, text=text)
    try:
        control.ask(visit.house.socket, "answer", number=number, text=text)
    except ControlError as error:
        known = error.code if has(f"letters-need-{error.code}") else "not-sent"
        return _page(visit, wrong=known, number=number, text=text)
    return visit.lead_to("letters")


def _page(visit: Visit, wrong: str = "", number: str = "", text: str = "") -> Response:
    try:
        given = control.ask(visit.house.socket, "letters")["letters"]
    except ControlError:
        given = []
    return render(
        visit,
        "letters.html",
        422 if wrong else 200,
        letters=[_shown(visit, one) for one in reversed(given)],
        wrong=wrong,
        number=number,
        text=text,
        longest=LONGEST_ANSWER,
    )


def _shown(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    event, purpose = one["event"], f"purpose-{one['purpose']}"
    kind = visit.say(event["kind"]) if has(event["kind"]) else event["kind"]
    about = visit.say("letter-about", at=local_time(event["at"]), what=kind)
    told = visit.say(purpose) if has(purpose) else one["purpose"]
    opened = visit.say("letter-purpose", purpose=told) if one["what"] == "opened" else ""
    until = visit.say("letter-until", until=one["until"]) if one["until"] else ""
    more = [about, *(said for said in (opened, until) if said)]
    return {**one, "at": local_time(one["at"]), "more": more}

"""Asking IT whether an app or a stick may be used, and until when. The answer comes as a letter."""

from collections.abc import Mapping
from datetime import date, timedelta

from starlette.responses import Response

from agent import control
from agent.control import ControlError
from agent.pages.page import Visit, render
from agent.said import LONGEST_ANSWER, Wish
from agent.texts import has

LONGEST = timedelta(days=365)


def show(visit: Visit) -> Response:
    """The form, empty."""
    return _form(visit, {})


def take(visit: Visit) -> Response:
    """Ask, and lead on to the number; or the form again, with what is wrong."""
    given = visit.form
    if given.get("what") not in tuple(Wish):
        return _form(visit, given, "what")
    if not 0 < len(given.get("text", "")) <= LONGEST_ANSWER:
        return _form(visit, given, "text")
    try:
        told = control.ask(
            visit.house.socket,
            "ask-permission",
            what=given["what"],
            text=given["text"],
            until=given.get("until") or None,
            device=given.get("device") or None if given["what"] == Wish.STICK else None,
        )
    except ControlError as error:
        return _form(visit, given, error.code if has(f"ask-need-{error.code}") else "not-sent")
    return visit.lead_to(f"ask/{told['receipt']}")


def asked(visit: Visit) -> Response:
    """The number of a request that was sent."""
    return render(visit, "ask_sent.html", receipt=str(visit.request.path_params["receipt"])[:16])


def _form(visit: Visit, given: Mapping[str, str], wrong: str = "") -> Response:
    today = date.today()  # noqa: DTZ011  (the day on the person's own clock)
    return render(
        visit,
        "ask.html",
        422 if wrong else 200,
        given=given,
        wrong=wrong,
        wishes=tuple(Wish),
        sticks=_sticks(visit),
        first=today.isoformat(),
        last=(today + LONGEST).isoformat(),
        longest=LONGEST_ANSWER,
    )


def _sticks(visit: Visit) -> list[str]:
    """The sticks that are withheld now, as the agent names them."""
    told = (visit.known.status or {}).get("override")
    devices = told.get("devices") if isinstance(told, dict) else None
    return [str(one) for one in devices] if isinstance(devices, list) else []

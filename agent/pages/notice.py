"""The notice to the staff about the policy in force, and "I have read this".

All of it is asked of the agent, so the page says what this laptop does and not what a paper said
once. Reading it allows nothing: the organisation's own record of having told its staff does that.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from agent import control
from agent.control import ControlError
from agent.pages.page import Visit, render
from agent.texts import has

MOST_LISTED = 100
REPORT = "report"


def show(visit: Visit) -> Response:
    """The notice."""
    return _page(visit, None)


def take(visit: Visit) -> Response:
    """Remember that the person has read it, and show it again."""
    version = {name: _whole(visit.form.get(name, "")) for name in ("policy", "notice")}
    try:
        control.ask(visit.house.socket, "notice-read", language=visit.language, **version)
    except ControlError as error:
        return _page(visit, "changed" if error.code == "changed" else "not-kept")
    return visit.lead_to("notice")


def _page(visit: Visit, wrong: str | None) -> Response:
    told = _told(visit)
    status = 422 if wrong else 200
    if not told or not told.get("policy"):
        return render(visit, "notice.html", status, told=None, wrong=wrong)
    usb = told.get("usb") or {}
    return render(
        visit,
        "notice.html",
        status,
        told=told,
        wrong=wrong,
        when=_when(visit, told),
        folders=", ".join(_listed(told, "folders")),
        kinds=[visit.say(kind) for kind in _listed(told, "seen") if has(kind)],
        rules=[_rule(visit, rule) for rule in told.get("rules", [])[:MOST_LISTED]],
        usb=" ".join((visit.say(f"notice-usb-{usb.get('mode')}"), _source(visit, usb))),
        readers=", ".join(_listed(told, "readers")),
    )


def _told(visit: Visit) -> Mapping[str, Any] | None:
    try:
        return control.ask(visit.house.socket, "notice")
    except ControlError:
        return None


def _when(visit: Visit, told: Mapping[str, Any]) -> str:
    """Since when staff were told, and from when on anything is done."""
    if told.get("mode") == REPORT:
        return visit.say("notice-when-report")
    if not told.get("given_on"):
        return visit.say("notice-when-not-told")
    days = {"given": _day(told["given_on"]), "acts": _day(told.get("acts_from"))}
    return visit.say("notice-when", **days, days=int(told.get("first_days") or 0))


def _rule(visit: Visit, rule: Mapping[str, Any]) -> Mapping[str, str | int]:
    kind, action = str(rule.get("kind")), str(rule.get("action"))
    when = rule.get("when") or {}
    return {
        "kind": _said(visit, "notice-if-", kind),
        "action": _said(visit, "notice-then-", action),
        "hours": int(rule.get("grace_hours") or 0),
        "when": ", ".join(_fact(visit, str(name), str(value)) for name, value in when.items()),
        "source": _source(visit, rule),
    }


def _fact(visit: Visit, name: str, value: str) -> str:
    """A condition of a rule in the reader's words, else in those of the policy."""
    key = f"notice-if-fact-{name}-{value}"
    return visit.say(key) if has(key) else f"{name}: {value}"


def _said(visit: Visit, begin: str, word: str) -> str:
    """The sentence of a word on this page, else the one of everywhere, else the word."""
    known = [key for key in (begin + word, word) if has(key)]
    return visit.say(known[0]) if known else word


def _source(visit: Visit, told: Mapping[str, Any]) -> str:
    source = str(told.get("source") or "")
    return visit.say("source", source=source) if source else ""


def _day(given: object) -> str:
    try:
        return f"{date.fromisoformat(str(given)):%d-%m-%Y}"
    except ValueError:
        return "-"


def _listed(told: Mapping[str, Any], name: str) -> list[str]:
    given = told.get(name)
    return [str(one) for one in given[:MOST_LISTED]] if isinstance(given, list) else []


def _whole(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else -1

"""What the tray shows, worked out from the agent's answer: no screen, no clock, no bus in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.texts import has, say

LEAK_COMMAND = "dossierwacht leak report"
DISPUTE_COMMAND = "dossierwacht dispute report"
OVERRIDE_COMMAND = "dossierwacht usb override"
WANT_BACK_COMMAND = "dossierwacht sealed ask"
LINE = "-"
"""Parts the groups of the menu."""
ENTRIES = (
    "tray-report-leak",
    "tray-letters",
    "tray-notice",
    "tray-mine",
    "tray-protect",
    "tray-ask",
    "tray-dispute",
    "tray-want-back",
    "tray-override",
    "tray-walk-away",
)
"""All that the menu can offer; the first of it begins by a click on the icon too."""
SOMETIMES = frozenset({"tray-want-back", "tray-override", "tray-letters", "tray-notice"})
_BEGIN_GROUPS = frozenset({"tray-mine", "tray-dispute", "tray-walk-away"})
LONGEST_INSTEAD = 300
"""Characters of the organisation's own sentence that are shown."""
MOST_TOGETHER = 3
"""Messages that waited of which the words are told, the newest."""
SILENT = frozenset({"allow-usb"})
"""What the person sees for themselves."""


class State(StrEnum):
    """How things are, each with a colour and a sign of its own."""

    FINE = "fine"
    LOOK = "look"
    BLOCKED = "blocked"
    NO_CONTACT = "no-contact"
    """The agent works; the organisation cannot be reached."""
    OFFLINE = "offline"
    """The agent does not answer."""


@dataclass(frozen=True, slots=True)
class View:
    """What the icon shows: its state, the lines in its menu, and what the menu offers below."""

    state: State
    lines: tuple[str, ...]
    offers: tuple[str, ...] = field(default_factory=lambda: offered(frozenset()))


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification; two with the same ``topic`` replace each other."""

    topic: str
    text: str
    lasts: float = 10.0
    """For how many seconds it is shown."""


Status = Mapping[str, Any]


def view_of(status: Status | None, language: str) -> View:
    """What to show for an answer; None means that the agent did not answer."""
    if status is None:
        return View(State.OFFLINE, (say(language, "tray-offline"),))
    state = _state(status)
    lines = [say(language, f"tray-{state}")]
    mode = f"tray-mode-{status.get('mode', '')}"
    if has(mode):
        lines.append(say(language, mode))
    if status.get("lost") is True:
        lines.append(say(language, "tray-lost"))
    if pending := _whole(status.get("pending")):
        lines.append(say(language, "tray-pending", count=pending))
    if contact := _contact(status.get("contact")):
        lines.append(say(language, "tray-contact", contact=contact))
    return View(state, tuple(lines), _offers(status))


def contact_of(status: Status) -> str:
    """The name of whom to ask, as the organisation gave it; empty if it gave none."""
    given = status.get("contact")
    return str(given.get("name") or "") if isinstance(given, dict) else ""


def notices(messages: Sequence[Mapping[str, Any]], language: str) -> list[Notice]:
    """What to tell of new messages: what was done or is asked for, and many alike become one.

    Those that waited, for quiet hours or a presentation, are told together.
    """
    fresh = [one for one in messages if one.get("again") is not True]
    waited = [one for one in fresh if has(f"tray-held-{one.get('held')}") and _parts(one)]
    if len(waited) < 2:
        return _each(fresh, language)
    at_once = [one for one in fresh if one not in waited]
    return [*_each(at_once, language), _together(waited, language)]


def _each(messages: Sequence[Mapping[str, Any]], language: str) -> list[Notice]:
    found: dict[str, Notice] = {}
    for message in messages:
        parts = _parts(message)
        if not parts:
            continue
        topic = "+".join(parts)
        values = _values(message.get("values"))
        said = [say(language, part, **values) for part in parts]
        besides = (
            *_instead(message, language),
            *_override(message, language),
            *_source(message, language),
        )
        found[topic] = Notice(topic, " ".join([*said, *besides]))
    return list(found.values())


def _together(waited: Sequence[Mapping[str, Any]], language: str) -> Notice:
    """How many there were, and what they say; the rest of a long list is found in the menu."""
    head = say(language, f"tray-held-{waited[-1]['held']}", count=len(waited))
    lines = [notice.text for notice in _each(waited, language)]
    return Notice("held", "\n".join([head, *lines[-MOST_TOGETHER:]]), lasts=20.0)


def lock_notice(status: Status | None, language: str) -> Notice | None:
    """The warning that the screen is about to lock, while it is."""
    seconds = (status or {}).get("lock_in_seconds")
    if not isinstance(seconds, int) or seconds < 0:
        return None
    # It goes with the open screen: nothing of ours is to lie above the lock.
    words = ("tray-lock-soon", "tray-clear-desk")
    said = " ".join(say(language, key, seconds=seconds) for key in words)
    return Notice("lock", said, lasts=max(1, seconds))


def messages_in(status: Status | None) -> dict[str, Mapping[str, Any]]:
    """The messages to be told by now, by their id, oldest first; what is none is left out."""
    return {key: one for key, one in _all(status).items() if one.get("later") is not True}


def _all(status: Status | None) -> dict[str, Mapping[str, Any]]:
    given = (status or {}).get("messages")
    listed = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {str(one["id"]): one for one in listed if "id" in one}


def offered(sometimes: frozenset[str]) -> tuple[str, ...]:
    """The menu with lines between its groups: what is always there, and ``sometimes``."""
    offers: list[str] = []
    for key in ENTRIES:
        if key in _BEGIN_GROUPS:
            offers.append(LINE)
        if key not in SOMETIMES or key in sometimes:
            offers.append(key)
    return tuple(offers)


def _offers(status: Status) -> tuple[str, ...]:
    """A stick is offered for a reason only while there is one that could be had, and a file to be
    asked for only while one is known that was put away."""
    told = status.get("override")
    stick = isinstance(told, dict) and told.get("devices")
    ends = [(one.get("action"), one.get("result")) for one in _all(status).values()]
    sealed = ("seal-file", "done") in ends
    letters = any(one.get("action") == "letter" for one in _all(status).values())
    wanted = {
        "tray-override": stick,
        "tray-want-back": sealed,
        "tray-letters": letters,
        "tray-notice": status.get("notice_unread") is True,
    }
    return offered(frozenset(key for key, there in wanted.items() if there))


def _state(status: Status) -> State:
    word = str(status.get("state", ""))
    if word == "offline":
        return State.NO_CONTACT
    return State(word) if word in (State.FINE, State.BLOCKED) else State.LOOK


def _parts(message: Mapping[str, Any]) -> list[str]:
    """The sentences to tell; of what was only noted down, those that ask for something."""
    given = message.get("reminders")
    asked = [str(key) for key in given if has(str(key))] if isinstance(given, list) else []
    if message.get("action") in SILENT and not _needs_telling(message):
        return []
    if message.get("action") == "report":
        return [key for key in (str(message.get("kind", "")), *asked) if has(key)] if asked else []
    return [key for key in (*_keys(message), *asked) if has(key)] or ["tray-message"]


def _needs_telling(message: Mapping[str, Any]) -> bool:
    """A stick that could not be let in; one that was changed meanwhile is judged once more."""
    return message.get("result") == "failed" and message.get("reason") != "changed"


def _instead(message: Mapping[str, Any], language: str) -> list[str]:
    """What to use in the place of a blocked stick, in the organisation's own words or in ours."""
    if message.get("action") != "block-usb" or message.get("result") == "failed":
        return []
    text = message.get("instead")
    own = text[:LONGEST_INSTEAD] if isinstance(text, str) else ""
    return [own or say(language, "instead-of-usb")]


def _override(message: Mapping[str, Any], language: str) -> list[str]:
    """How a blocked stick can be had all the same, where the policy lets people say why."""
    minutes = _whole(message.get("override"))
    if not minutes or message.get("result") == "failed":
        return []
    return [say(language, "override-usb", minutes=minutes, command=OVERRIDE_COMMAND)]


def _source(message: Mapping[str, Any], language: str) -> list[str]:
    """Where the rule comes from: the organisation's own document, or the product."""
    source = message.get("source")
    if not isinstance(source, str) or not source or message.get("action") in SILENT:
        return []
    if source == "default":
        return [say(language, "source-default")]
    return [say(language, "source", source=source[:LONGEST_INSTEAD])]


def _keys(message: Mapping[str, Any]) -> list[str]:
    """The sentences of a message: what happened, then what was done about it."""
    if text_key := message.get("text-key"):
        return [str(text_key)]
    action, result = str(message.get("action", "")), message.get("result")
    return [str(message.get("kind", "")), f"{action}-failed" if result == "failed" else action]


def _values(given: object) -> dict[str, str | int]:
    if not isinstance(given, dict):
        return {}
    return {str(name): value for name, value in given.items() if isinstance(value, str | int)}


def _contact(given: object) -> str:
    if not isinstance(given, dict):
        return ""
    return " ".join(str(given[part]) for part in ("name", "phone") if given.get(part))


def _whole(given: object) -> int:
    return given if isinstance(given, int) and given > 0 else 0

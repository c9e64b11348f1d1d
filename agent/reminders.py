"""What a person is asked to do about a file that was left where it is, such as to delete it.

A reminder is a sentence of ``agent.texts`` under ``remind-`` and a word of the event; a word that
has none asks for nothing. What the organisation ordered or changed on this laptop has one as
well. Where the file was put away nothing is left to do, and nobody is asked; but whoever had it
from a mail is told of the better way.
"""

from agent.guard import Held
from agent.own_files import FileReturned
from agent.own_policy import PolicyTaken
from agent.texts import has
from agent.wire.event import Event

PUPIL_FILE = "pupil-file-found"
BETTER_WAY = "remind-share-link"
_SENT = ("mail", "temp")
"""Places of files that came with a mail, or are to go with one."""
_TELLING = ("evidence", "class", "refused")
"""Facts whose words may have a reminder."""


def reminders(event: Event) -> list[str]:
    """The keys of the sentences that an event has for the person at the laptop."""
    if event.decision is not None and event.decision.enforced:
        return _better_way(event)
    words = [word for name in _TELLING for word in _words(event, name)]
    words += [f"order-{word}" for word in _words(event, "order")]
    if event.kind == FileReturned.kind:
        words += [f"returned-{word}" for word in _words(event, "how")]
    if event.kind == PolicyTaken.kind:
        words.append(event.kind)
    if event.decision is not None and event.decision.held == Held.GRACE:
        words.append(Held.GRACE)
    return [key for word in words if has(key := f"remind-{word}")] + _better_way(event)


def _better_way(event: Event) -> list[str]:
    """To share a link, where a file about pupils lies as a mail brought it or was to take it."""
    sent = event.kind == PUPIL_FILE and event.facts.get("place") in _SENT
    return [BETTER_WAY] if sent else []


def _words(event: Event, name: str) -> list[str]:
    fact = event.facts.get(name)
    if isinstance(fact, list):
        return fact
    return [fact] if isinstance(fact, str) else []

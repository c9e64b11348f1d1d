"""Letters and the person at the laptop: reading them, answering one, and asking for something.

Who asks is told by the kernel. Everybody sees the letters about their own events and nobody else's,
root's user included, and can answer no other. What is written goes to the officers, sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agent import journal_record
from agent.asked_by import AskedBy
from agent.control_server import Answer, Caller, Refused
from agent.daemon import Daemon
from agent.hourly import Hourly
from agent.identity import keyed_digest
from agent.letter_box import Kept, LetterBox
from agent.own_letters import LeakAnswered, PermissionAsked
from agent.said import LONGEST_ANSWER, Wish
from agent.wire.receipts import receipt_number
from collectors.base import Observation

PER_HOUR = 10
"""Answers and requests of one person."""
LONGEST_DAYS = 366
LIST_COMMAND = "dossierwacht letter list"


@dataclass(kw_only=True)
class LetterDesk:
    """Takes one question after another."""

    box: LetterBox
    asked: AskedBy
    daemon: Daemon
    recent: Hourly = field(default_factory=lambda: Hourly(PER_HOUR))

    @classmethod
    def of(cls, state: Path, daemon: Daemon) -> "LetterDesk":
        """The desk of a laptop, with what it kept."""
        asked = AskedBy(state=state, now=daemon.now)

        def whose(event: str) -> int | None:
            recorded = daemon.journal.reading(partial(journal_record.whose, number=event))
            return asked.whose(event) if recorded is None else recorded

        box = LetterBox(state=state, whose=whose, now=daemon.now)
        return cls(box=box, asked=asked, daemon=daemon)

    def listing(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The caller's letters, the oldest first; they count as read from now on, unless it is said
        that nobody is shown them (``shown`` is false)."""
        found = self.box.of(caller.uid)
        if given.get("shown") is not False:
            self.box.mark_read(caller.uid)
        return {"letters": [_shown(one) for one in found]}

    def answer(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a question; the same words once more are the same answer. Raises Refused."""
        kept, text = self._question(caller, given), _text(given)
        said = keyed_digest(self.daemon.recorder.key, f"letter\0{kept.letter.number}\0{text}")
        if kept.answer != said:
            self._may_write(caller)
            answer = LeakAnswered(
                observed_at=self.daemon.now(),
                subject=kept.letter.number,
                text=text,
                asked_by=caller.uid,
            )
            event = self._recorded(caller, answer)
            self.box.mark_answered(kept.letter.number, said, event)
            return _receipt(event)
        return _receipt(kept.event)

    def ask(self, caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask whether something may be used. Raises Refused."""
        what, text, days = _wish(given), _text(given), self._days(given)
        stick = self._stick(given) if what is Wish.STICK else None
        self._may_write(caller)
        wish = PermissionAsked(
            observed_at=self.daemon.now(),
            subject="person",
            what=what,
            days=days,
            text=text,
            stick=stick,
            asked_by=caller.uid,
        )
        return _receipt(self._recorded(caller, wish))

    def messages(self, uid: int) -> list[dict[str, Any]]:
        """What the tray tells of letters that were not read yet: that there are some, no more."""
        return [
            {
                "id": one.letter.number,
                "kind": f"letter-{one.letter.what}",
                "text-key": f"letter-{one.letter.what}",
                "action": "letter",
                "result": "done",
                "at": one.taken_at.isoformat(),
                "values": {"command": LIST_COMMAND},
            }
            for one in self.box.of(uid)
            if one.read_at is None
        ]

    def _question(self, caller: Caller, given: Mapping[str, Any]) -> Kept:
        """A letter of somebody else is refused as one that is not there."""
        number = given.get("number")
        found = [one for one in self.box.of(caller.uid) if one.letter.number == number]
        if not found:
            raise Refused("unknown", "you have no letter with this number")
        if found[0].letter.what != "question":
            raise Refused("no-question", "this letter asks nothing")
        return found[0]

    def _may_write(self, caller: Caller) -> None:
        if self.daemon.recorder.seal is None:
            raise Refused("nobody", "the policy names nobody who can read it; nothing was sent")
        if not self.recent.spend(caller.uid, self.daemon.now()):
            raise Refused("too-many", f"{PER_HOUR} within an hour; please phone")

    def _recorded(self, caller: Caller, said: Observation) -> str:
        event = self.daemon.record(said)
        if event is None:
            raise Refused("full", "the disk is full: nothing was kept or sent; please phone")
        self.asked.note(event, caller.uid)
        return event

    def _stick(self, given: Mapping[str, Any]) -> Observation | None:
        """The withheld stick that is named, or the only one; none is needed to ask."""
        withheld, name = self.daemon.overrides.withheld, given.get("device")
        if name is None:
            return next(iter(withheld.values())) if len(withheld) == 1 else None
        if not isinstance(name, str) or name not in withheld:
            raise Refused("not-blocked", "no such stick is blocked now; ask without naming one")
        return withheld[name]

    def _days(self, given: Mapping[str, Any]) -> int:
        """For how many days, today included; 0 where no end is named."""
        until = given.get("until")
        if until is None:
            return 0
        try:
            days = (date.fromisoformat(str(until)) - self.daemon.now().astimezone().date()).days + 1
        except ValueError:
            raise Refused("until", "give the last day as 2026-12-24") from None
        if 1 <= days <= LONGEST_DAYS:
            return days
        raise Refused("until", "the last day lies within a year from today")


class _HasDesk(Protocol):
    letters: LetterDesk | None


Told = Callable[[Caller, Mapping[str, Any]], Mapping[str, Any]]
"""An answer that is there at once."""


def letter_answers(answers: _HasDesk) -> dict[str, Answer]:
    """Each question about letters and who answers it."""
    asked: dict[str, Callable[[LetterDesk], Told]] = {
        "letters": lambda desk: desk.listing,
        "answer": lambda desk: desk.answer,
        "ask-permission": lambda desk: desk.ask,
    }

    def answer(
        which: Callable[[LetterDesk], Told], caller: Caller, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if answers.letters is None:
            raise Refused("no-letters", "this agent takes no letters")
        return which(answers.letters)(caller, given)

    return {verb: partial(answer, which) for verb, which in asked.items()}


def asked_by(answers: _HasDesk, answer: Told) -> Answer:
    """The same answer; whoever asked is kept in mind with the event that it made."""

    def kept(caller: Caller, given: Mapping[str, Any]) -> Mapping[str, Any]:
        told = answer(caller, given)
        if answers.letters is not None and "event" in told:
            answers.letters.asked.note(str(told["event"]), caller.uid)
        return told

    return kept


def _receipt(event: str) -> Mapping[str, Any]:
    return {"event": event, "receipt": receipt_number(event)}


def _shown(one: Kept) -> dict[str, Any]:
    letter = one.letter
    return {
        "number": letter.number,
        "what": letter.what,
        "by": letter.by,
        "at": letter.at.isoformat(),
        "text": letter.text,
        "until": letter.until.isoformat() if letter.until else None,
        "purpose": letter.purpose,
        "event": {"kind": letter.kind, "at": letter.happened_at.isoformat()},
        "new": one.read_at is None,
        "answered": bool(one.answer),
    }


def _text(given: Mapping[str, Any]) -> str:
    text = given.get("text")
    said = text.strip() if isinstance(text, str) else ""
    if not 0 < len(said) <= LONGEST_ANSWER:
        raise Refused("text", f"write 1 to {LONGEST_ANSWER} characters")
    return said


def _wish(given: Mapping[str, Any]) -> Wish:
    if given.get("what") not in tuple(Wish):
        raise Refused("what", f"say what it is: {', '.join(Wish)}")
    return Wish(given["what"])

"""Reminders as mail: a few plain lines in the language of whoever reads them; pure.

A mail goes over servers of others and lies in mailboxes for years. So it holds the number of an
entry, a clock, a moment, what to do next and a link, and nothing of the breach itself: no kind of
data, no laptop, no text that somebody wrote. Who reads in brief gets the number and the clock only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from server_stub.post.mail import Letter
from server_stub.post.reminders import Reader, Reminder, Step
from server_stub.wording import Wording, moment_in

MOST = 40
"""Reminders that are written out in one mail."""
_NEWS = (Step.CALLED, Step.OPENING, Step.REPORTED, Step.OPENED, Step.INTENDED, Step.NOT_NEEDED)
_NEXT = {
    Step.CALLED: "come",
    Step.OPENING: "answer",
    Step.REPORTED: "look",
    Step.OVER: "late",
    Step.STILL_OVER: "late",
    Step.UNDECIDED: "aware",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Where mail is written: its language, the time zone of its moments (None for the machine's
    own), and the address of the console that its links lead to."""

    wording: Wording
    zone: tzinfo | None
    url: str

    def moment(self, at: datetime) -> str:
        """A moment for people."""
        return moment_in(self.zone, at)


def letter(desk: Desk, reader: Reader, reminders: Sequence[Reminder]) -> Letter:
    """One mail that tells a reader all of this."""
    w = desk.wording
    heads = [_head(desk, one) for one in reminders]
    subject = heads[0] if len(heads) == 1 else w.text("mail.subject.more", count=len(heads))
    parts = [_part(desk, reader, one, head) for one, head in zip(reminders, heads, strict=True)]
    if len(parts) > MOST:
        parts[MOST:] = [w.text("mail.more", count=len(parts) - MOST)]
    foot = w.text("mail.foot.brief" if reader.brief else "mail.foot")
    return Letter(
        to=reader.address,
        subject=f"{w.text('site')}: {subject}",
        text="\n\n".join([*parts, foot]) + "\n",
        language=w.language,
    )


def trial(desk: Desk, address: str) -> Letter:
    """The mail of ``mail test``."""
    w = desk.wording
    return Letter(
        to=address,
        subject=f"{w.text('site')}: {w.text('mail.test.subject')}",
        text=f"{w.text('mail.test', url=desk.url)}\n",
        language=w.language,
    )


def _head(desk: Desk, one: Reminder) -> str:
    """What it is about, in a few words."""
    w = desk.wording
    duty = w.text(f"duty.{one.due.duty}") if one.due else ""
    number = one.breach.number if one.breach else one.call.number if one.call else ""
    receipt = one.report.receipt if one.report else ""
    return w.text(f"mail.{one.step}", number=number, duty=duty, receipt=receipt)


def _part(desk: Desk, reader: Reader, one: Reminder, head: str) -> str:
    lines = [head, *_clock(desk, one)]
    if one.call is not None or not reader.brief:
        lines += _moment(desk, one)
        if reader.acts:
            lines += [desk.wording.text(f"mail.next.{word}") for word in _next(one)]
        lines.append(desk.url + _path(one))
    return "\n".join(lines)


def _clock(desk: Desk, one: Reminder) -> list[str]:
    """By when; of a clock that is over, since when."""
    w, due = desk.wording, one.due
    if due is None or due.by is None or one.step in (Step.DONE, Step.NOT_NEEDED):
        return []
    by = desk.moment(due.by)
    if due.late:
        line = w.text("mail.since", by=by)
    elif one.step is Step.OPENED:
        duty = w.text(f"duty.{due.duty}")
        line = w.text("mail.first", duty=duty, by=by, hours=due.left_hours)
    else:
        line = w.text("mail.by", by=by, hours=due.left_hours)
    return [f"{line} {w.text('mail.provisional')}" if due.provisional else line]


def _moment(desk: Desk, one: Reminder) -> list[str]:
    """When it happened, for what is news."""
    if one.step is Step.DONE and one.due and one.due.mark and one.due.mark.at:
        return [desk.wording.text("mail.at", at=desk.moment(one.due.mark.at))]
    if one.step in _NEWS:
        return [desk.wording.text("mail.at", at=desk.moment(one.moment))]
    return []


def _next(one: Reminder) -> list[str]:
    """What to do next, as the last words of keys."""
    if one.step in (Step.INTENDED, Step.DONE, Step.NOT_NEEDED):
        return []
    if one.step is Step.OPENED:
        undecided = one.breach is not None and one.breach.aware_at is None
        return ["aware" if undecided else "do"] if one.due else []
    return [_NEXT.get(one.step, "do")]


def _path(one: Reminder) -> str:
    if one.call is not None:
        return f"/calls/{one.call.id}"
    if one.asked is not None:
        return f"/openings/{one.asked.id}"
    if one.breach is not None:
        return f"/register/{one.breach.number}"
    return f"/events/{one.report.event}" if one.report else "/register"

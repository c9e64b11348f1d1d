"""What a paper tells that is no answer to a question: who was told and when, how late, by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from server_stub.breaches import duties, severity
from server_stub.breaches.dossier import Shape, moment_of
from server_stub.breaches.dossier_questions import QUESTIONS
from server_stub.breaches.duties import Mark
from server_stub.breaches.entry import Entry, in_words
from server_stub.wording import Wording, moment_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """Puts answers and facts into words of one language and time zone."""

    wording: Wording
    zone: tzinfo | None

    def moment(self, value: datetime) -> str:
        """A moment with the name of its zone, as text."""
        return moment_in(self.zone, value)

    def answer(self, name: str, answer: str) -> str:
        """An answer for people."""
        question = QUESTIONS[name]
        moment = moment_of(answer) if question.shape is Shape.MOMENT else None
        return self.moment(moment) if moment else in_words(self.wording, question, answer)

    def facts(self, entry: Entry, marks: Iterable[Mark], now: datetime) -> dict[str, str]:
        """Every fact there is of an entry."""
        found, profile = entry.breach, entry.profile
        dues = duties.dues(found, profile.times, marks, now)
        late = next((due for due in dues if due.duty is duties.Duty.AUTHORITY and due.late), None)
        facts = {
            "@number": found.number,
            "@organisation": profile.organisation,
            "@contact": profile.contact,
            "@aware": self.moment(found.aware_at) if found.aware_at else "",
            "@enisa": self._enisa(entry),
            "@by-laptop": ": ".join(self.wording.word(one) for one in found.draft.measures),
            "@late-authority": late.mark.reason if late and late.mark else "",
        }
        return facts | {f"@told-{due.duty}": self.mark(due.mark) for due in dues}

    def mark(self, mark: Mark | None) -> str:
        """When something was done, or why it need not be; empty where nothing was noted."""
        if mark is None:
            return ""
        if mark.at is None:
            return f"{self.wording.text('duty.not-needed')}: {mark.reason}"
        return self.moment(mark.at)

    def _enisa(self, entry: Entry) -> str:
        found = severity.severity_of(entry.answers)
        if found is None:
            return ""
        level = self.wording.text(f"severity.{found.level}")
        return f"{found.figure:.2f} ({level})"

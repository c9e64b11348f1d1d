"""An entry of the register with what is written about it, and answers put into words."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from server_stub.breaches import prefill, profiles
from server_stub.breaches.dossier import Question, Shape
from server_stub.breaches.profiles import Profile
from server_stub.breaches.register import Breach
from server_stub.storage import store_dossier
from server_stub.wording import Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An entry with what is written about it. ``answers`` has what the laptop told as well."""

    breach: Breach
    answers: Mapping[str, str]
    written: Mapping[str, str]
    """Only what a person wrote."""
    profile: Profile

    def told_by_laptop(self, question: str) -> bool:
        """Whether an answer is the laptop's, which nobody has looked at yet."""
        return question in self.answers and question not in self.written


def entry_of(connection: Connection, breach: Breach) -> Entry:
    """An entry with what is written about it."""
    written = store_dossier.answers(connection, breach)
    return with_answers(breach, written, profiles.profile_now(connection))


def with_answers(breach: Breach, written: Mapping[str, str], profile: Profile) -> Entry:
    """An entry with what a person wrote, over what the laptop told."""
    answers = prefill.with_known(breach, written)
    return Entry(breach=breach, answers=answers, written=written, profile=profile)


def in_words(wording: Wording, question: Question, answer: str) -> str:
    """An answer in a language; words of a person stay theirs."""
    if question.shape in (Shape.ONE, Shape.SOME):
        return ", ".join(wording.word(one, question.name) for one in answer.split())
    return answer

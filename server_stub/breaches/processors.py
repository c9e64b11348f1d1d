"""The organisation's processors: who handles data for it, and whether there is an agreement; pure.

The law wants a written agreement with each processor (GDPR article 28), and after a breach at one
of them the first question is whether there was one on that day. So an entry of the register that
names a processor is held against this list. What does not fit is told and stops nobody: the list
may be behind, and a breach does not wait for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from server_stub.breaches.dossier import LONGEST_LINE, Answers, moment_of, wrong_words

AGREEMENT = ("yes", "no", "unknown")
FIELDS = ("name", "purpose", "agreement", "agreed_on", "ends_on", "contact", "sub_processors")
"""What somebody writes about a processor."""
LONGEST = {"name": 120, "purpose": 1000, "contact": LONGEST_LINE, "sub_processors": 2000}
"""Characters."""
PROCESSOR, SUB_PROCESSOR = "processor-name", "sub-processor"
"""The questions of the register that name one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """One of them. The days are written as 2026-05-31, or are empty; ``sub_processors`` has a name
    on each line; ``contact`` is whom one calls about a breach."""

    id: int
    name: str
    purpose: str
    agreement: str
    agreed_on: str
    ends_on: str
    contact: str
    sub_processors: str
    changed_at: datetime
    changed_by: str

    @property
    def subs(self) -> tuple[str, ...]:
        """The names of those it passes data on to."""
        return tuple(line.strip() for line in self.sub_processors.splitlines() if line.strip())

    @property
    def fields(self) -> dict[str, str]:
        """What somebody wrote."""
        return {name: getattr(self, name) for name in FIELDS}

    def standing(self, day: str) -> str:
        """How the agreement stood on a day, as a closed word."""
        if self.agreement != "yes":
            return "no-agreement" if self.agreement == "no" else "agreement-unknown"
        if self.ends_on and self.ends_on < day:
            return "agreement-ended"
        return "agreement-later" if self.agreed_on > day else "agreement-there"


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """What does not fit about somebody that an entry names: ``why`` in a closed word, and the
    processor of the list, or None for a name that is not in it."""

    question: str
    name: str
    why: str
    processor: Processor | None = None


def wrongs(given: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """What cannot be kept, as a closed word by field. ``taken`` are the names of the others."""
    found = {name: why for name in FIELDS if (why := _wrong(name, given[name]))}
    if same(given["name"]) in {same(name) for name in taken}:
        found.setdefault("name", "taken")
    if given["agreed_on"] and given["ends_on"] and given["ends_on"] < given["agreed_on"]:
        found.setdefault("ends_on", "before-the-other")
    return found


def doubts(known: Iterable[Processor], answers: Answers, day: str) -> list[Doubt]:
    """What an entry's processors give reason to ask, by how the list stood on the breach's day."""
    listed = list(known)
    found = []
    if name := answers.get(PROCESSOR, "").strip():
        found.append(_doubt(PROCESSOR, name, _named(listed, name), day))
    if name := answers.get(SUB_PROCESSOR, "").strip():
        above = _named(listed, name) or next((one for one in listed if _passes_on(one, name)), None)
        found.append(_doubt(SUB_PROCESSOR, name, above, day))
    return [one for one in found if one is not None]


def offered(known: Iterable[Processor]) -> dict[str, list[str]]:
    """The names to choose from, by question."""
    listed = list(known)
    subs = {sub for one in listed for sub in one.subs}
    return {PROCESSOR: [one.name for one in listed], SUB_PROCESSOR: sorted(subs)}


def day_of(answers: Answers, detected_at: datetime) -> str:
    """The day on which the agreement should have been there: that of the breach."""
    return f"{moment_of(answers.get('occurred-from', '')) or detected_at:%Y-%m-%d}"


def same(name: str) -> str:
    """A name without what does not tell two apart."""
    return " ".join(name.split()).casefold()


def _doubt(question: str, name: str, found: Processor | None, day: str) -> Doubt | None:
    why = found.standing(day) if found else "not-listed"
    if why == "agreement-there":
        return None
    return Doubt(question=question, name=name, why=why, processor=found)


def _named(known: Iterable[Processor], name: str) -> Processor | None:
    return next((one for one in known if same(one.name) == same(name)), None)


def _passes_on(one: Processor, name: str) -> bool:
    return same(name) in {same(sub) for sub in one.subs}


def _wrong(field: str, text: str) -> str | None:
    if field in ("agreed_on", "ends_on"):
        return None if not text or _is_day(text) else "not-a-day"
    if field == "agreement":
        return None if text in AGREEMENT else "which"
    if field == "name" and not text:
        return "no-name"
    if field == "contact":  # a telephone number may look like a person's number
        return "too-long" if len(text) > LONGEST[field] else None
    return wrong_words(text, LONGEST[field])


def _is_day(text: str) -> bool:
    """Whether it is a day written in full: days are compared as they are written."""
    try:
        return len(text) == 10 and date.fromisoformat(text).year >= 1900
    except ValueError:
        return False

"""The plan of action of an organisation: phases, their steps, and what is left in them; pure.

Plans are data (``plans/*.toml``); the policy names one. A step that needs answers or notices is
done as soon as they are there; one that needs none is noted by hand. Any step can be found not
needed, with a reason. A phase is closed when nothing is open in it, and the entry with the last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from server_stub.breaches import toml_folder
from server_stub.breaches.dossier import Answers
from server_stub.breaches.duties import Duty, Mark, wrong_reason

FOLDER = Path(__file__).parent / "plans"
DEFAULT = "three-phases"
_DUTY = "duty:"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step; ``needs`` are questions, or, with ``duty:``, whom must have been told."""

    name: str
    needs: tuple[str, ...] = ()


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps that are closed together."""

    name: str
    steps: tuple[Step, ...]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phases, in their order."""

    phases: tuple[Phase, ...]


class State(StrEnum):
    """How a step stands; the first is also a mark by which another one is taken back."""

    OPEN = "open"
    DONE = "done"
    NOT_NEEDED = "not-needed"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepMark:
    """What a person noted of a step."""

    step: str
    state: State
    reason: str
    who: str
    noted_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a step stands. ``missing`` is what it still needs; ``mark`` what a person noted last."""

    step: Step
    state: State
    missing: tuple[str, ...]
    mark: StepMark | None

    @property
    def by_hand(self) -> bool:
        """Whether only a person can say that it is done."""
        return not self.step.needs


@cache
def plans() -> Mapping[str, Plan]:
    """Every plan there is, by its name."""
    return toml_folder.read(FOLDER, Plan)


def plan_named(name: str) -> Plan:
    """The plan of this name; the one in three phases for a name there is none of."""
    return plans().get(name) or plans()[DEFAULT]


def standings(
    phase: Phase,
    answers: Answers,
    told: Mapping[Duty, Mark | None],
    marks: Iterable[StepMark],
) -> list[Standing]:
    """How each step of a phase stands. ``told`` has each duty there is; steps of others are left
    out."""
    last = {mark.step: mark for mark in marks}
    return [
        _standing(step, answers, told, last.get(step.name))
        for step in phase.steps
        if _applies(step, told)
    ]


def is_settled(found: Iterable[Standing]) -> bool:
    """Whether nothing is open."""
    return all(one.state is not State.OPEN for one in found)


def why_not(
    phase: Phase, step: str, state: str, reason: str, told: Mapping[Duty, Mark | None]
) -> str | None:
    """Why a mark cannot be noted, as a closed word; None: it can. Whom to tell is noted with the
    clocks, where it is also said that somebody need not be told."""
    found = next((one for one in phase.steps if one.name == step), None)
    if found is None or state not in tuple(State):
        return "which"
    if state == State.DONE and found.needs:
        return "by-itself"
    if state == State.NOT_NEEDED and _duties(found) & set(told):
        return "by-clock"
    if state == State.NOT_NEEDED and not reason:
        return "why-not-needed"
    return wrong_reason(reason)


def _applies(step: Step, told: Mapping[Duty, Mark | None]) -> bool:
    """Not where all it needs is a duty that this organisation does not have."""
    duties = _duties(step)
    return not duties or len(duties) < len(step.needs) or bool(duties & set(told))


def _duties(step: Step) -> set[Duty]:
    return {Duty(one.removeprefix(_DUTY)) for one in step.needs if one.startswith(_DUTY)}


def _standing(
    step: Step, answers: Answers, told: Mapping[Duty, Mark | None], mark: StepMark | None
) -> Standing:
    missing = tuple(need for need in step.needs if not _is_there(need, answers, told))
    if mark is not None and mark.state is State.NOT_NEEDED:
        state = State.NOT_NEEDED
    elif step.needs:
        state = State.OPEN if missing else State.DONE
    else:
        state = mark.state if mark is not None else State.OPEN
    return Standing(step=step, state=state, missing=missing, mark=mark)


def _is_there(need: str, answers: Answers, told: Mapping[Duty, Mark | None]) -> bool:
    if not need.startswith(_DUTY):
        return bool(answers.get(need))
    duty = Duty(need.removeprefix(_DUTY))
    return duty not in told or told[duty] is not None

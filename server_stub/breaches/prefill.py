"""What the register knows before anybody answers a question: what the laptop told; pure."""

from server_stub.breaches.dossier import Answers, written_moment
from server_stub.breaches.register import LEAK, Breach, Draft

_UNINTELLIGIBLE = {"encrypted": "yes", "unencrypted": "no", "plain": "no"}
"""Whether nobody can read the data, by what is known of how they are encrypted."""
_ABOUT_PUPILS = "pupil-file"
"""How the kinds of those events begin that are about files of pupils."""


def known(breach: Breach) -> dict[str, str]:
    """The answers that an entry begins with."""
    draft = breach.draft
    found = {
        "noticed-at": written_moment(draft.detected_at),
        "reported-at": written_moment(draft.reported_at) if draft.reported_at else "",
        "reported-by": _reported_by(draft),
        "report-about": draft.about,
        "reporter-role": draft.reporter,
        "ongoing": _yes_or_no(draft.ongoing),
        "incident": draft.incident,
        "assets": draft.device,
        "categories": " ".join(draft.categories),
        "groups": "pupils" if draft.kind.startswith(_ABOUT_PUPILS) else "",
        "persons-min": _number(draft.persons_min),
        "persons-max": _number(draft.persons_max),
        "unintelligible": _UNINTELLIGIBLE.get(draft.encryption, ""),
    }
    return {name: answer for name, answer in found.items() if answer}


def with_known(breach: Breach, answers: Answers) -> dict[str, str]:
    """What is written, over what the laptop told; an answer taken away stays away."""
    return {name: answer for name, answer in (known(breach) | dict(answers)).items() if answer}


def _reported_by(draft: Draft) -> str:
    if draft.by_hand:
        return ""
    return "staff" if draft.kind == LEAK else "laptop"


def _number(count: int | None) -> str:
    return "" if count is None else str(count)


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"

"""What the policy says about looking for pupil files: its settings, and a plan made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.base import CollectorError, Setting, Settings
from collectors.folders.mounts import Foreign
from collectors.folders.strain import Patience
from collectors.recognise.rules.fitting import own_rules
from collectors.recognise.rules.own import NONE, OwnRules
from collectors.recognise.rules.schema import RuleError

SETTINGS: Mapping[str, Setting] = {
    "roots": Setting([], "folders that are looked through and watched, as absolute paths"),
    "exclude": Setting(
        [".git", "node_modules", "__pycache__", ".venv"],
        "folders and files that are passed over: names, or paths from a root; * is anything",
    ),
    "mounts": Setting(
        [],
        "which of these are looked through too where they are mounted in a root: network (shares), "
        "virtual (made up by a program, such as a view of a cloud), bind (a second view)",
    ),
    "max_bytes": Setting(100 << 20, "larger documents are reported as unreadable, not read"),
    "workers": Setting(1, "how many files are judged at the same time"),
    "rescan_hours": Setting(4, "how often everything is looked at again"),
    "pause_on_battery": Setting(True, "put a long sweep off while the laptop runs on its battery"),
    "pause_load_percent": Setting(
        150, "put a long sweep off from this load on, in percent of the processors; 0 is never"
    ),
    "pause_most_hours": Setting(24, "how long one sweep may be put off in all"),
    "ocr_pages_an_hour": Setting(
        120, "how many pages of scans are read in an hour, if OCR is installed; 0 is none"
    ),
    "pupil_number": Setting([], "shapes of the organisation's own pupil or client numbers"),
    "pupil_number_words": Setting([], "labels and column heads that name such a number"),
    "terms": Setting({}, "own terms with their weights, by topic"),
    "not_terms": Setting([], "own terms that speak against, such as titles of templates"),
}


PATIENCE = Patience(battery=True, load=150)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the policy says. ``rescan`` and ``longest_pause`` are in seconds."""

    roots: Sequence[str]
    exclude: Sequence[str] = ()
    mounts: Sequence[Foreign] = ()
    max_bytes: int = 100 << 20
    workers: int = 1
    rescan: float = 4 * 3600.0
    longest_pause: float = 24 * 3600.0
    patience: Patience = PATIENCE
    ocr_pages_an_hour: int = 120
    own: OwnRules = NONE


def plan_of(settings: Settings) -> Plan:
    """The plan of a section of the policy. Raises CollectorError where it makes no sense."""
    chosen = {key: settings.get(key, setting.default) for key, setting in SETTINGS.items()}
    relative = [root for root in chosen["roots"] if not str(root).startswith("/")]
    if relative:
        raise CollectorError(f"roots are absolute paths; {relative[0]!r} is none")
    unknown = [word for word in chosen["mounts"] if word not in tuple(Foreign)]
    if unknown:
        raise CollectorError(f"mounts are of {', '.join(Foreign)}; {unknown[0]!r} is none of them")
    return Plan(
        roots=[str(root) for root in chosen["roots"]],
        exclude=[str(pattern) for pattern in chosen["exclude"]],
        mounts=[Foreign(word) for word in chosen["mounts"]],
        max_bytes=chosen["max_bytes"],
        workers=chosen["workers"],
        rescan=chosen["rescan_hours"] * 3600.0,
        longest_pause=chosen["pause_most_hours"] * 3600.0,
        patience=Patience(battery=chosen["pause_on_battery"], load=chosen["pause_load_percent"]),
        ocr_pages_an_hour=chosen["ocr_pages_an_hour"],
        own=_own(chosen),
    )


def _own(chosen: Settings) -> OwnRules:
    try:
        return own_rules(chosen)
    except RuleError as error:
        raise CollectorError(f"the organisation's own rules: {error}") from error

"""What the papers take from the policy: tables and sentences, as Markdown."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from agent.guard import Caps
from agent.notice import Notice, beyond
from agent.policy import Policy, Rule
from agent.texts import has, say

OF_COLLECTORS = (
    "pupil-file-found",
    "password-list-found",
    "unreadable-file-found",
    "usb-storage-attached",
    "usb-storage-removed",
    "pupil-file-on-stick",
    "stick-write-refused",
    "port-device-attached",
    "session-unattended",
    "session-resumed",
    "screens-day",
    "laptop-left",
    "posture-checked",
    "laptop-described",
    "home-open",
    "own-part-changed",
    "laptop-standing",
    "coverage-lost",
    "agent-started",
)
"""The kinds of events that say something of a laptop and whoever works on it."""


def filled(language: str, policy: Policy, notice: Notice | None) -> dict[str, str]:
    """Every word that a template may hold."""
    words, caps = short_words(language), Caps()
    contact = policy.contact
    return {
        "name": policy.name,
        "version": str(policy.version),
        "mode": words[f"mode-{policy.mode}"],
        "contact": ", ".join(p for p in (contact.name, contact.phone, contact.mail) if p)
        or words["open"],
        "seen": _table(_seen(language), words["kind"], words["meaning"]),
        "rules": _rules(language, words, policy),
        "usb": _usb(words, policy),
        "roots": _list(str(root) for root in policy.roots()) or words["no-roots"],
        "readers": _list(one.name for one in policy.recipients) or words["open"],
        "retention": _retention(words, policy),
        "notice": _notice(words, policy, notice),
        "beyond": _beyond(language, words, policy, notice),
        "lead": str(policy.notice_lead_days),
        "files_hour": str(caps.files_per_hour),
        "files_day": str(caps.files_per_day),
        "first_days": str(caps.first_days.days),
        "lost": words["lost-never"]
        if not policy.lost.silent_days
        else words["lost-after"].format(days=policy.lost.silent_days),
        "order_keys": str(len(policy.lost.keys)),
    }


@cache
def short_words(language: str) -> Mapping[str, str]:
    """The short words of the papers; they lie beside this module."""
    text = resources.files("agent.papers").joinpath(f"{language}.toml").read_text("utf-8")
    return {key: str(word) for key, word in tomllib.loads(text).items()}


def _seen(language: str) -> list[tuple[str, str]]:
    return [(f"`{kind}`", say(language, kind)) for kind in OF_COLLECTORS]


def _rules(language: str, words: Mapping[str, str], policy: Policy) -> str:
    rows = [
        (rule.name, _when(language, rule), _action(language, rule.action), _source(words, rule))
        for rule in policy.rules
    ]
    heads = (words["rule"], words["when"], words["then"], words["source"])
    return _table(rows, *heads) if rows else words["no-rules"]


def _when(language: str, rule: Rule) -> str:
    kind = say(language, rule.kind) if has(rule.kind) else f"`{rule.kind}`"
    facts = ", ".join(f"`{name}` = `{value}`" for name, value in rule.when.items())
    return f"{kind} ({facts})" if facts else kind


def _action(language: str, action: str) -> str:
    return say(language, action) if has(action) else f"`{action}`"


def _source(words: Mapping[str, str], rule: Rule) -> str:
    return rule.source or words["default"]


def _usb(words: Mapping[str, str], policy: Policy) -> str:
    told = words[f"usb-{policy.usb.mode}"]
    return f"{told} ({policy.usb.source or words['default']})"


def _retention(words: Mapping[str, str], policy: Policy) -> str:
    sealing = [rule for rule in policy.rules if rule.action == "seal-file"]
    rows = [
        (
            rule.name,
            str(rule.terms.grace_hours),
            str(rule.terms.keep_days or words["until-decided"]),
        )
        for rule in sealing
    ]
    heads = (words["rule"], words["grace"], words["kept"])
    return _table(rows, *heads) if rows else words["nothing-sealed"]


def _notice(words: Mapping[str, str], policy: Policy, notice: Notice | None) -> str:
    if notice is None:
        return words["no-notice"]
    return words["notice"].format(
        version=notice.version or "-",
        date=notice.given_on.isoformat(),
        language=notice.language,
        lead=policy.notice_lead_days,
    )


def _beyond(language: str, words: Mapping[str, str], policy: Policy, notice: Notice | None) -> str:
    found = beyond(notice, policy.decided())
    lines = [f"{say(language, kind) if has(kind) else kind} → `{action}`" for kind, action in found]
    return _list(lines) or words["nothing-beyond"]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_cell(line)}" for line in lines if line)


def _table(rows: Sequence[tuple[str, ...]], *heads: str) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Text of a policy may hold what Markdown would take for a cell or a line of its own."""
    return " ".join(text.split()).replace("|", "\\|")

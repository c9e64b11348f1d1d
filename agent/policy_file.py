"""Reading a policy from TOML: every mistake is named with its line, its key and a suggestion.

The keys are one table (``TOP``, ``RULE`` and so on) of name and type, so what may stand in a policy
can be read here in one place; a collector's own keys come from its module's ``SETTINGS``.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, time
from importlib import import_module
from pathlib import Path
from typing import Any

import pyrage

from agent.errors import ConfigError
from agent.policy import REPORT, Contact, Mode, Policy, Rule, Sealing
from agent.policy_duties_file import read_duties
from agent.policy_lost_file import read_lost
from agent.policy_messages_file import read_messages
from agent.policy_notice_file import read_notice
from agent.policy_terms_file import SEALING, TERMS, read_terms
from agent.policy_usb_file import WORD, Kinds, read_usb
from agent.toml_lines import Lines
from collectors import COLLECTORS
from collectors.base import Setting
from enforcement import ACTIONS
from enforcement.base import Recipient

LARGEST_FILE = 256 * 1024
"""Bytes; a policy is a page or two."""
LANGUAGES = ("nl", "da", "en")
LONGEST_WORD = 48
"""Characters of a word that may leave the laptop."""

TOP: Kinds = {
    "name": str,
    "version": int,
    "mode": str,
    "language": str,
    "notice": dict,
    "contact": dict,
    "messages": dict,
    "recipients": list,
    "directors": list,
    "usb": dict,
    "sealing": dict,
    "lost": dict,
    "collectors": dict,
    "report": dict,
    "clocks": dict,
    "files": dict,
    "rules": list,
}
CONTACT: Kinds = {"name": str, "phone": str, "mail": str}
RECIPIENT: Kinds = {"name": str, "key": str, "proven": bool}
DIRECTOR: Kinds = {"name": str, "key": str}
RULE: Kinds = {"name": str, "kind": str, "action": str, "when": dict, "source": str, **TERMS}


def read(path: Path) -> Policy:
    """The policy in a file. Raises ConfigError naming every mistake, one a line."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"{path} is larger than {LARGEST_FILE // 1024} KiB; that is no policy")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    return read_text(text, str(path))


def read_text(text: str, name: str) -> Policy:
    """The policy in a text that is called ``name``. Raises ConfigError as ``read`` does."""
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{name}: {error}") from error
    return _Reading(name, text).policy(given)


def action_names() -> tuple[str, ...]:
    """The words a rule may name as its action."""
    return (REPORT, *(module.rpartition(".")[2].replace("_", "-") for module in ACTIONS))


def collector_settings() -> dict[str, Mapping[str, Setting]]:
    """Each collector's name and the settings it knows."""
    return {module.rpartition(".")[2]: import_module(module).SETTINGS for module in COLLECTORS}


def collector_faults(name: str, chosen: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What a collector has against its settings, by key, where it looks at more than their type."""
    module = next(one for one in COLLECTORS if one.rpartition(".")[2] == name)
    look = getattr(import_module(module), "faults", None)
    return () if look is None else look(chosen)


def default() -> Policy:
    """The policy of a laptop that was given none: everything reported, nothing done."""
    chosen = {
        name: {key: setting.default for key, setting in settings.items()}
        for name, settings in collector_settings().items()
    }
    return Policy(collectors=chosen)


def suggest(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` if a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean '{near[0]}'?" if near else ""


class _Reading:
    """One pass over one file, gathering every mistake before giving up."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = Lines(text)
        self.mistakes: list[str] = []

    def policy(self, given: dict[str, Any]) -> Policy:
        top = self.section(given, TOP, "")
        version = self._version(top)
        lead_days, notice = read_notice(self, top.get("notice", {}), version, LANGUAGES)
        quiet, waits = read_messages(self, top.get("messages", {}))
        policy = Policy(
            name=self._word(top, "name", "", 0),
            version=version,
            mode=Mode(self.one_of(top, "mode", tuple(Mode), Mode.REPORT, "", 0)),
            language=self.one_of(top, "language", LANGUAGES, "en", "", 0),
            notice_lead_days=lead_days,
            notice=notice,
            contact=Contact(**self.section(top.get("contact", {}), CONTACT, "contact")),
            quiet=quiet,
            waits_while_presenting=waits,
            recipients=tuple(self._recipients(top, "recipients", RECIPIENT)),
            directors=tuple(self._recipients(top, "directors", DIRECTOR)),
            usb=read_usb(self, top.get("usb", {})),
            sealing=Sealing(**self.section(top.get("sealing", {}), SEALING, "sealing")),
            duties=read_duties(self, top),
            lost=read_lost(self, top.get("lost", {})),
            collectors=self._collectors(top.get("collectors", {})),
            rules=tuple(self._rules(top.get("rules", []))),
        )
        self._keep_apart(policy)
        if self.mistakes:
            raise ConfigError("\n".join(f"{self.name}: {mistake}" for mistake in self.mistakes))
        return policy

    def _version(self, top: Mapping[str, Any]) -> int:
        version = int(top.get("version", 0))
        if version < 1:
            says = "give 'version' as a whole number from 1 that rises each time"
            self.wrong("", 0, "version", says)
        return version

    def _keep_apart(self, policy: Policy) -> None:
        """What people report of their own slips is the director's, so no officer's key opens it."""
        officers = {one.key for one in policy.recipients}
        for number, one in enumerate(policy.directors):
            if one.key in officers:
                says = "this key is one of [[recipients]] too; a director has a key of their own"
                self.wrong("directors", number, "key", says)

    def _recipients(
        self, top: Mapping[str, Any], section: str, kinds: Kinds
    ) -> Iterable[Recipient]:
        for number, entry in enumerate(top.get(section, [])):
            named = self.section(entry, kinds, section, number)
            key = str(named.get("key", ""))
            try:
                pyrage.x25519.Recipient.from_str(key)
            except pyrage.RecipientError:
                says = f"'{key[:16]}' is no age recipient; one begins with age1"
                self.wrong(section, number, "key", says)
                continue
            # A director's key seals no file that would be gone with it, so it needs no proof.
            proven = named.get("proven", kinds is DIRECTOR)
            yield Recipient(name=named.get("name", ""), key=key, proven=proven)

    def _collectors(self, given: Any) -> dict[str, dict[str, Any]]:
        known = collector_settings()
        chosen = self.section(given, dict.fromkeys(known, dict), "collectors")
        return {
            name: self._collector(name, chosen.get(name, {}), settings)
            for name, settings in known.items()
        }

    def _collector(self, name: str, given: Any, settings: Mapping[str, Setting]) -> dict[str, Any]:
        kinds = {key: _kinds(setting.default) for key, setting in settings.items()}
        defaults = {key: setting.default for key, setting in settings.items()}
        chosen = {**defaults, **self.section(given, kinds, f"collectors.{name}")}
        for key, says in collector_faults(name, chosen):
            self.wrong(f"collectors.{name}", 0, key, says)
        return chosen

    def _rules(self, given: list[Any]) -> Iterable[Rule]:
        names: set[str] = set()
        for number, entry in enumerate(given):
            rule = self.section(entry, RULE, "rules", number)
            name = self._word(rule, "name", "rules", number)
            if name in names:
                says = f"two rules are named '{name}'; a report must tell them apart"
                self.wrong("rules", number, "name", says)
            names.add(name)
            when = rule.get("when", {})
            if not all(isinstance(value, str | int) for value in when.values()):
                self.wrong("rules", number, "when", "'when' compares words and numbers only")
            yield Rule(
                name=name,
                kind=self._word(rule, "kind", "rules", number),
                action=self.one_of(rule, "action", action_names(), REPORT, "rules", number),
                when=when,
                terms=read_terms(self, rule, number),
                source=rule.get("source", ""),
            )

    def section(self, given: Any, kinds: Kinds, section: str, number: int = 0) -> dict[str, Any]:
        """The keys of a section that are known and of their kind; the others are mistakes."""
        if not isinstance(given, dict):
            self.wrong(section, number, "", f"[{section}] should be a table of keys")
            return {}
        where = f" in [{section}]" if section else ""
        for key, value in given.items():
            if key not in kinds:
                says = f"unknown key '{key}'{where}{suggest(key, kinds)}"
                self.wrong(section, number, key, says)
            elif not _is(value, kinds[key]):
                self.wrong(section, number, key, f"'{key}'{where} should be {_name_of(kinds[key])}")
        return {k: v for k, v in given.items() if k in kinds and _is(v, kinds[k])}

    def _word(self, given: Mapping[str, Any], key: str, section: str, number: int) -> str:
        value = given.get(key, "")
        if not WORD.match(value) or len(value) > LONGEST_WORD:
            self.wrong(section, number, key, f"'{key}' is needed, in small letters and hyphens")
            return "unnamed"
        return str(value)

    def one_of(
        self,
        given: Mapping[str, Any],
        key: str,
        words: tuple[str, ...],
        default: str,
        section: str,
        number: int,
    ) -> str:
        value = given.get(key, default)
        if value in words:
            return str(value)
        hint = suggest(value, words) or f"; one of {', '.join(words)}"
        self.wrong(section, number, key, f"'{key}' cannot be '{value}'{hint}")
        return default

    def wrong(self, section: str, number: int, key: str, says: str) -> None:
        self.mistakes.append(f"line {self.lines.at(section, number, key)}: {says}")


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Whether a value is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _kinds(default: Any) -> type | tuple[type, ...]:
    if isinstance(default, float):
        return (int, float)
    return list if isinstance(default, tuple | list) else type(default)


def _name_of(kind: type | tuple[type, ...]) -> str:
    names = {str: "text in quotes", int: "a whole number", bool: "true or false"}
    names |= {list: "a list in [brackets]", dict: "a table", float: "a number"}
    names |= {date: "a date without quotes", time: "a time without quotes, such as 17:30:00"}
    return " or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,)))

"""Reading a policy from TOML: every mistake is named with its line, its key and a suggestion.

The keys are one table (``TOP``, ``RULE`` and so on) of name and type, so what may stand in a policy
can be read here in one place; a collector's own keys come from its module's ``SETTINGS``.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pyrage

from agent.errors import ConfigError
from agent.policy import REPORT, Contact, Mode, Policy, Rule
from collectors import COLLECTORS
from collectors.base import Setting
from enforcement import ACTIONS
from enforcement.base import Recipient

LARGEST_FILE = 256 * 1024
"""Bytes; a policy is a page or two."""
LANGUAGES = ("nl", "da", "en")
WORD = re.compile(r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")

Kinds = Mapping[str, type | tuple[type, ...]]
TOP: Kinds = {
    "name": str,
    "version": int,
    "mode": str,
    "language": str,
    "notice": dict,
    "contact": dict,
    "recipients": list,
    "collectors": dict,
    "rules": list,
}
NOTICE: Kinds = {"lead_days": int}
CONTACT: Kinds = {"name": str, "phone": str, "mail": str}
RECIPIENT: Kinds = {"name": str, "key": str, "proven": bool}
RULE: Kinds = {"name": str, "kind": str, "action": str, "when": dict, "source": str}


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
        given = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _Reading(path, text).policy(given)


def action_names() -> tuple[str, ...]:
    """The words a rule may name as its action."""
    return (REPORT, *(module.rpartition(".")[2].replace("_", "-") for module in ACTIONS))


def collector_settings() -> dict[str, Mapping[str, Setting]]:
    """Each collector's name and the settings it knows."""
    return {module.rpartition(".")[2]: import_module(module).SETTINGS for module in COLLECTORS}


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

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.mistakes: list[str] = []

    def policy(self, given: dict[str, Any]) -> Policy:
        self._known(given, TOP, "")
        policy = Policy(
            name=self._word(given, "name", "policy"),
            version=self._version(given),
            mode=Mode(self._one_of(given, "mode", tuple(Mode), Mode.REPORT)),
            language=self._one_of(given, "language", LANGUAGES, "en"),
            notice_lead_days=self._notice(given.get("notice", {})),
            contact=self._contact(given.get("contact", {})),
            recipients=tuple(self._recipients(given.get("recipients", []))),
            collectors=self._collectors(given.get("collectors", {})),
            rules=tuple(self._rules(given.get("rules", []))),
        )
        if self.mistakes:
            raise ConfigError("\n".join(f"{self.path}: {mistake}" for mistake in self.mistakes))
        return policy

    def _version(self, given: Mapping[str, Any]) -> int:
        version = given.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            self._wrong("version", "give 'version' as a whole number from 1 that rises each time")
            return 0
        return version

    def _notice(self, given: Any) -> int:
        self._known(given, NOTICE, "notice")
        days = given.get("lead_days", 0) if isinstance(given, dict) else 0
        if not isinstance(days, int) or not 0 <= days <= 365:
            self._wrong("lead_days", "give 'lead_days' as a whole number from 0 to 365")
            return 0
        return days

    def _contact(self, given: Any) -> Contact:
        self._known(given, CONTACT, "contact")
        return Contact(**{k: str(v) for k, v in _table(given).items() if k in CONTACT})

    def _recipients(self, given: Any) -> Iterable[Recipient]:
        for entry in given if isinstance(given, list) else ():
            self._known(entry, RECIPIENT, "recipients")
            key = str(_table(entry).get("key", ""))
            try:
                pyrage.x25519.Recipient.from_str(key)
            except pyrage.RecipientError:
                self._wrong("key", f"'{key[:16]}' is no age recipient; one begins with age1")
                continue
            proven = _table(entry).get("proven") is True
            yield Recipient(name=str(entry.get("name", "")), key=key, proven=proven)

    def _collectors(self, given: Any) -> dict[str, dict[str, Any]]:
        known = collector_settings()
        self._known(given, dict.fromkeys(known, dict), "collectors")
        chosen: dict[str, dict[str, Any]] = {}
        for name, settings in known.items():
            section = _table(_table(given).get(name, {}))
            kinds = {key: _kinds(setting.default) for key, setting in settings.items()}
            self._known(section, kinds, f"collectors.{name}")
            defaults = {key: setting.default for key, setting in settings.items()}
            chosen[name] = {**defaults, **{k: v for k, v in section.items() if k in kinds}}
        return chosen

    def _rules(self, given: Any) -> Iterable[Rule]:
        names: set[str] = set()
        for entry in given if isinstance(given, list) else ():
            self._known(entry, RULE, "rules")
            rule = _table(entry)
            name, kind = self._word(rule, "name", "rule"), self._word(rule, "kind", "kind")
            if name in names:
                self._wrong(name, f"two rules are named '{name}'; a report must tell them apart")
            names.add(name)
            action = self._one_of(rule, "action", action_names(), REPORT)
            when = _table(rule.get("when", {}))
            if not all(isinstance(value, str | int) for value in when.values()):
                self._wrong("when", f"rule '{name}': 'when' compares with words and numbers only")
            source = str(rule.get("source", ""))
            yield Rule(name=name, kind=kind, action=action, when=when, source=source)

    def _word(self, given: Mapping[str, Any], key: str, what: str) -> str:
        value = given.get(key)
        if not isinstance(value, str) or not WORD.match(value) or len(value) > 48:
            self._wrong(key, f"the {what} needs '{key}' in small letters and hyphens")
            return "unnamed"
        return value

    def _one_of(
        self, given: Mapping[str, Any], key: str, words: tuple[str, ...], default: str
    ) -> str:
        value = given.get(key, default)
        if value not in words:
            hint = suggest(str(value), words)
            self._wrong(str(value), f"'{key}' cannot be '{value}'{hint}; one of {', '.join(words)}")
            return default
        return str(value)

    def _known(self, given: Any, kinds: Kinds, section: str) -> None:
        where = f" in [{section}]" if section else ""
        if not isinstance(given, dict):
            self._wrong(section, f"[{section}] should be a table of keys")
            return
        for key, value in given.items():
            if key not in kinds:
                self._wrong(key, f"unknown key '{key}'{where}{suggest(key, kinds)}")
            elif not isinstance(value, kinds[key]) or (
                isinstance(value, bool) and kinds[key] is not bool
            ):
                self._wrong(key, f"'{key}'{where} should be {_name_of(kinds[key])}")

    def _wrong(self, token: str, message: str) -> None:
        self.mistakes.append(f"line {self._line_of(token)}: {message}")

    def _line_of(self, token: str) -> int:
        """The first line on which a key or value stands; a mistake seen before moves it on."""
        places = [n for n, line in enumerate(self.lines, 1) if _stands(token, line)]
        seen = sum(f"'{token}'" in mistake for mistake in self.mistakes)
        return places[min(seen, len(places) - 1)] if places else 1


def _stands(token: str, line: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(token)}(?![\w-])", line.split("#")[0]) is not None


def _table(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _kinds(default: Any) -> type | tuple[type, ...]:
    if isinstance(default, float):
        return (int, float)
    return list if isinstance(default, tuple | list) else type(default)


def _name_of(kind: type | tuple[type, ...]) -> str:
    names = {str: "text in quotes", int: "a whole number", bool: "true or false"}
    names |= {list: "a list in [brackets]", dict: "a table", float: "a number"}
    return " or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,)))

"""What people read: the console's texts in three languages, and plain sentences for events.

Sentences are data (``texts/*.toml``). A kind without a sentence of its own, from a collector that
came after this collector was made, gets a general one that lists its facts, so nothing need be
changed here for it. Closed words without a translation are shown as they are.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from agent.wire.event import Event, Fact

FOLDER = Path(__file__).parent / "texts"
DEFAULT = "en"
_IN_HEX = frozenset({"vendor", "product"})


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one language."""

    language: str
    name: str
    texts: Mapping[str, str]
    words: Mapping[str, str]
    names: Mapping[str, str]
    kinds: Mapping[str, Mapping[str, str]]

    def text(self, key: str, **values: object) -> str:
        """A text of the console. Raises KeyError for a key that no language has."""
        return self.texts[key].format_map(values)

    def word(self, word: str, name: str = "") -> str:
        """A closed word for people; some mean different things in different facts."""
        told = self.words.get(f"{name}.{word}") or self.words.get(word)
        return told or word.replace("-", " ")

    def fact_name(self, name: str) -> str:
        """A fact's name for people."""
        return self.names.get(name, name.replace("-", " "))

    def fact(self, value: Fact, name: str = "") -> str:
        """A fact's value for people. Makers and products of USB devices are known in hex."""
        if isinstance(value, bool):
            return self.text("yes" if value else "no")
        if isinstance(value, int):
            number = f"{value:04x}" if name in _IN_HEX else str(value)
            return number if value >= 0 else self.text("unknown")
        if isinstance(value, list):
            return ", ".join(self.word(word, name) for word in value) or self.text("none")
        digest = value.startswith("b32:")
        return value.removeprefix("b32:")[:8] + "…" if digest else self.word(value, name)

    def in_order(self, facts: Mapping[str, Fact]) -> list[tuple[str, Fact]]:
        """Facts in the order of the texts; those without a name there come last."""
        order = {name: number for number, name in enumerate(self.names)}
        return sorted(facts.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0]))

    def title(self, kind: str) -> str:
        """An event kind in a few words."""
        return self.kinds[kind]["title"] if kind in self.kinds else self.word(kind).capitalize()

    def sentence(self, event: Event) -> str:
        """What happened, in one plain sentence."""
        values = {name: self.fact(value, name) for name, value in event.facts.items()}
        values["persons"] = self._persons(event.facts)
        values["holds"] = self._holds(event.facts)
        values["judged"] = self._judged(values)
        posing = event.facts.get("also-keyboard") is True
        values["keyboard"] = f" {self.text('sentence.keyboard')}" if posing else ""
        if "place" in values:
            values["where"] = self._where(event.facts["place"], values["place"])
        template = self.kinds.get(event.kind, {}).get("sentence")
        if template is not None:
            try:
                return _begin_large(template.format_map(values))
            except KeyError:
                pass  # an agent of another version, with other facts
        listed = "; ".join(
            f"{self.fact_name(name)}: {self.fact(value, name)}"
            for name, value in event.facts.items()
        )
        key = "sentence.general" if listed else "sentence.bare"
        return self.text(key, kind=self.title(event.kind), facts=listed)

    def done(self, event: Event) -> str:
        """What was done about it, in one plain sentence; empty if nothing was decided."""
        if event.decision is None:
            return ""
        action = self.word(event.decision.action)
        if event.outcome is not None and event.decision.enforced:
            reason = event.outcome.reason
            key = f"done.{event.outcome.result}" + ("" if reason == "none" else "-reason")
            template = self.texts.get(key, self.texts["done.other"])
            own = f"{key}.{event.decision.action}"
            template = self.texts.get(own, template)
            values = {"action": action, "result": self.word(event.outcome.result)}
            return _begin_large(template.format_map(values | {"reason": self.word(reason)}))
        if event.decision.held:
            held = self.word(event.decision.held)
            due = _until(event.decision.due)
            key = "done.held-until" if due else "done.held"
            return _begin_large(self.text(key, action=action, held=held, due=due))
        return self.text("done.report")

    def persons(self, least: int | None, most: int | None) -> str:
        """A number of persons, or a range."""
        if least is None and most is None:
            return self.text("persons.unknown")
        if most is None or least == most:
            count = least if least is not None else most
            return self.text("persons.one" if count == 1 else "persons.some", count=count)
        if least is None:
            return self.text("persons.most", most=most)
        return self.text("persons.range", least=least, most=most)

    def _holds(self, facts: Mapping[str, Fact]) -> str:
        """Which kinds of data are in it, as a sentence of its own; empty where that is not told."""
        listed = facts.get("categories")
        if not isinstance(listed, list) or not listed:
            return ""
        key = "sentence.holds.sensitive" if facts.get("sensitive") is True else "sentence.holds"
        return " " + self.text(key, categories=self.fact(listed, "categories"))

    def _judged(self, told: Mapping[str, str]) -> str:
        """Whether a finder could read it, as a sentence of its own; empty where nothing is told."""
        if "verdict" not in told or "why" not in told:
            return ""
        return " " + self.text("sentence.judged", verdict=told["verdict"], why=told["why"])

    def _where(self, place: Fact, told: str) -> str:
        """In a folder, but on a desktop: some places have a phrase of their own."""
        return self.words.get(f"where.{place}") or self.text("sentence.where", place=told)

    def _persons(self, facts: Mapping[str, Fact]) -> str:
        least, most = facts.get("persons-min"), facts.get("persons-max")
        return self.persons(
            least if isinstance(least, int) and least >= 0 else None,
            most if isinstance(most, int) and most >= 0 else None,
        )


def moment_in(zone: tzinfo | None, value: datetime) -> str:
    """A moment for people, as text, with the name of its zone: an hour can come twice in a night.
    ``zone`` is None for the machine's own."""
    local = value.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def load() -> dict[str, Wording]:
    """Every language there is a file for."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def choose(languages: Mapping[str, Wording], chosen: str | None, accepted: str | None) -> Wording:
    """The language somebody chose, or else the first their browser asks for, or English."""
    wanted = [chosen or "", *_accepted(accepted or "")]
    return next((languages[one] for one in wanted if one in languages), languages[DEFAULT])


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    weighed = []
    for part in header[:200].split(","):
        language, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), language.split("-")[0].lower()))
        except ValueError:
            continue
    return [language for _, language in sorted(weighed, key=lambda pair: -pair[0])]


def _read(path: Path) -> Wording:
    """One language: its own file, and beside it that of the register."""
    content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    register: dict[str, Any] = tomllib.loads((FOLDER / "register" / path.name).read_text("utf-8"))
    return Wording(
        language=path.stem,
        name=content["language"],
        texts=content["texts"] | register["texts"],
        words=content["words"] | register["words"],
        names=content["facts"],
        kinds=content["kinds"],
    )


def _until(due: datetime | msgspec.UnsetType) -> str:
    """Until when an action is held back; nothing where that is not known."""
    return "" if isinstance(due, msgspec.UnsetType) else f"{due.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _begin_large(text: str) -> str:
    return text[:1].upper() + text[1:]

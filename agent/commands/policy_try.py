"""``dossierwacht policy try``: what another policy would have decided about events of the past.

The events are those that ``dossierwacht-collector report --format json`` prints. Their readable
part is all there is: where a policy knows a stick by its serial number, which is sealed, that is
said.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from agent import policy_file
from agent.errors import ConfigError
from agent.policy import Policy
from agent.policy_usb import KIND as USB
from collectors.base import Details, Fact, Observation

LARGEST = 512 * 1024 * 1024
"""Bytes of recorded events."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the place of the observation that it was made of."""

    kind: str
    told: Mapping[str, Fact]
    observed_at: datetime

    def facts(self) -> Mapping[str, Fact]:
        return self.told

    def details(self) -> Details:
        return {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy try``."""
    parser.add_argument("file", type=Path, help="the policy to try")
    parser.add_argument(
        "--events", type=Path, required=True, metavar="FILE", help="recorded events; - reads them"
    )
    parser.add_argument("--json", action="store_true", help="a JSON list")


def main(arguments: argparse.Namespace) -> int:
    """``dossierwacht policy try``."""
    policy = policy_file.read(arguments.file)
    counted: Counter[tuple[str, str, str, str]] = Counter()
    unsure = 0
    for event in _events(arguments.events):
        decision = policy.decide(cast(Observation, _recorded(event)))
        counted[(event["kind"], _before(event), decision.action, decision.rule)] += 1
        unsure += _is_unsure(policy, event)
    _show(counted, unsure, as_json=arguments.json)
    return 0


def _show(counted: Counter[tuple[str, str, str, str]], unsure: int, *, as_json: bool) -> None:
    names = ("kind", "before", "then", "rule")
    rows = [
        dict(zip(names, key, strict=True)) | {"events": n} for key, n in sorted(counted.items())
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        changed = "  " if row["before"] == row["then"] else "* "
        print(
            f"{changed}{row['events']:>7}  {row['kind']}: {row['before']} -> {row['then']}"
            f"  ({row['rule']})"
        )
    print(f"{sum(counted.values())} events; * is another action than before")
    if unsure:
        print(f"{unsure} are about sticks that the policy knows by a number which is sealed")


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = sys.stdin.read(LARGEST) if str(path) == "-" else path.read_text("utf-8")
        rows = json.loads(text)["events"]
        if not all(isinstance(row["kind"], str) and isinstance(row["facts"], dict) for row in rows):
            raise ValueError("a row without kind and facts")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        made_by = "dossierwacht-collector report --format json"
        raise ConfigError(f"{path} holds no events: give what `{made_by}` prints") from error
    yield from rows


def _recorded(event: Mapping[str, Any]) -> Recorded:
    told = {
        name: tuple(fact) if isinstance(fact, list) else fact
        for name, fact in event["facts"].items()
    }
    return Recorded(event["kind"], told, _moment(event.get("observed_at")))


def _moment(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _before(event: Mapping[str, Any]) -> str:
    """The action of the policy that was gone by then, whether or not it was held back."""
    return str(event.get("action") or "report")


def _is_unsure(policy: Policy, event: Mapping[str, Any]) -> bool:
    """Whether it is a stick that the policy may know by its serial number."""
    numbers = {(one.vendor, one.product) for one in policy.usb.devices if one.serial}
    facts = event["facts"]
    return event["kind"] == USB and (facts.get("vendor"), facts.get("product")) in numbers

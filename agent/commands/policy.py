"""``dossierwacht policy check|show|explain``: what a policy says, before and while it runs."""

import argparse
import json
from pathlib import Path

from agent import policy_file
from agent import policy_usb as usb
from agent.commands.policy_in_force import in_force
from agent.policy import DEFAULT_RULE, REPORT, Policy
from agent.policy_usb import UsbMode, UsbPolicy
from collectors.recognise.rules.own import read_own

_MODES = {
    UsbMode.ENCRYPTED_ONLY: "encrypted -> allow-usb, everything else -> block-usb",
    UsbMode.READ_ONLY: "every storage device -> allow-usb-read-only",
    UsbMode.ASK: "what is not permitted by name -> block-usb",
    UsbMode.NONE: "every storage device -> block-usb",
}


def add_check(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy check``."""
    parser.add_argument("file", type=Path, help="the policy to check")


def add_show(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy show``."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def add_explain(parser: argparse.ArgumentParser) -> None:
    """The options of ``policy explain``."""
    parser.add_argument("kind", help="a kind of event, such as pupil-file-found")
    parser.add_argument("--json", action="store_true", help="a JSON list")


def check(arguments: argparse.Namespace) -> int:
    """Say whether a policy can be used; each mistake with its line (ConfigError, exit 2)."""
    policy = policy_file.read(arguments.file)
    print(f"{arguments.file}: {policy.name} version {policy.version} can be used")
    for line in _own_rules(policy):
        print(line)
    for line in _usb(policy):
        print(line)
    for line in _remarks(policy):
        print(f"note: {line}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show the policy that this laptop goes by."""
    policy = in_force(arguments)
    if arguments.json:
        print(json.dumps(_summary(policy), ensure_ascii=False))
        return 0
    print(f"{policy.name} version {policy.version}, mode {policy.mode}")
    for rule in policy.rules:
        when = " ".join(f"{name}={value}" for name, value in rule.when.items())
        print(f"  {rule.name}: {rule.kind} {when} -> {rule.action}  {rule.source}".rstrip())
    for line in _usb(policy):
        print(f"  {line}")
    print(f"  {DEFAULT_RULE}: everything else -> {REPORT}")
    for line in policy.duties.lines():
        print(f"  {line}")
    return 0


def explain(arguments: argparse.Namespace) -> int:
    """Say which rules decide about a kind of event, in order, and where each comes from."""
    policy = in_force(arguments)
    rules = policy.rules_for(arguments.kind)
    if arguments.json:
        print(json.dumps([_rule(rule) for rule in rules], ensure_ascii=False))
        return 0
    for rule in rules:
        when = ", ".join(f"{name} is {value}" for name, value in rule.when.items()) or "always"
        print(f"{rule.name}: {when} -> {rule.action} (source: {rule.source or 'none given'})")
    if arguments.kind == usb.KIND:
        for line in _usb(policy):
            print(line)
    print(f"{DEFAULT_RULE}: otherwise -> {REPORT}")
    return 0


def _own_rules(policy: Policy) -> list[str]:
    """The organisation's own rules of recognition, written out for whoever has to agree."""
    own = read_own(policy.collectors.get("pupil_files", {}))
    lines = [f"own pupil number: {shape}" for shape in own.shapes]
    if own.number_words:
        lines.append(f"own words for it: {', '.join(own.number_words)}")
    for topic, terms in own.terms.items():
        told = ", ".join(f"{term} ({weight:g})" for term, weight in terms.items())
        lines.append(f"own terms of {topic}: {told}")
    if own.not_terms:
        lines.append(f"own terms that speak against: {', '.join(own.not_terms)}")
    return lines


def _usb(policy: Policy) -> list[str]:
    """The table [usb] in a few lines; none where it only reports."""
    table = policy.usb
    if not table.blocks:
        return []
    source = table.source or "none given"
    lines = [f"usb-{table.mode}: {_MODES[table.mode]} (source: {source})"]
    if table.own_only:
        lines.append("usb-own-only: devices that are not the organisation's own -> block-usb")
    if table.overridable:
        access = usb.ALLOW if table.override_writes else usb.READ_ONLY
        lines.append(f"usb-override: who says why -> {access} for {_minutes(table)} minutes")
    for one in table.devices:
        what = f"usb device {one.vendor:04x}:{one.product:04x} {one.serial or 'any serial'}"
        until = f" until {one.until} for {one.name}: {one.purpose}" if one.until else ""
        lines.append(f"{what}: {one.treat}{until}")
    return lines


def _minutes(table: UsbPolicy) -> int:
    return int(table.override_for.total_seconds() // 60)


def _remarks(policy: Policy) -> list[str]:
    proven = len({recipient.key for recipient in policy.recipients if recipient.proven})
    seals = any(rule.action == "seal-file" for rule in policy.rules)
    remarks = []
    if seals and proven < 2:
        remarks.append(f"sealing needs two proven recipients and this names {proven}")
    if seals and not policy.roots():
        remarks.append("no roots in [collectors.pupil_files]: no file will be looked at")
    if policy.usb.overridable and not proven:
        remarks.append("an override needs a proven recipient, who can read the reason")
    return remarks


def _rule(rule: object) -> dict[str, object]:
    names = ("name", "kind", "when", "action", "source")
    return {name: getattr(rule, name) for name in names}


def _summary(policy: Policy) -> dict[str, object]:
    return {
        "name": policy.name,
        "version": policy.version,
        "mode": policy.mode,
        "usb": policy.usb.mode,
        "rules": [_rule(rule) for rule in policy.rules],
    }

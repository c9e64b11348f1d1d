"""``dossierwacht status``, ``report`` and ``doctor``: how the agent is, for IT.

A running agent is asked over its socket. When none runs, ``report`` and ``doctor`` say what can be
known from the files; that takes the rights of the agent's owner.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import __version__, config, control, identity
from agent.errors import AgentError
from collectors.recognise.ocr import missing

LITTLE_ROOM = 100 * 1024 * 1024
"""Bytes of free disk below which the doctor warns."""


OCR = {
    "ready": "read by OCR when nothing else is to be done",
    "off": "not read: the policy says so",
    "not-installed": "not read: OCR is not installed",
    "failed": "not read: OCR is installed and cannot be started",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing the doctor looked at."""

    name: str
    fine: bool
    says: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that status, report and doctor share."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def status(arguments: argparse.Namespace) -> int:
    """``dossierwacht status``: 0 if the agent is fine, 1 if something needs a look."""
    answer = control.ask(arguments.socket, "status")
    _show(answer, arguments.json, _sentences)
    return 0 if answer["state"] == "fine" else 1


def report(arguments: argparse.Namespace) -> int:
    """``dossierwacht report``: everything IT may know, also when no agent runs."""
    try:
        answer: Mapping[str, Any] = control.ask(arguments.socket, "report")
    except control.ControlError as error:
        if error.code != "offline":
            raise
        answer = _from_files(arguments.config, arguments.state, str(error))
    _show(answer, arguments.json, _pairs)
    return 0 if answer.get("state") == "fine" else 1


def doctor(arguments: argparse.Namespace) -> int:
    """``dossierwacht doctor``: checks IT can read out over the phone; 1 if one is not fine."""
    checks = [make(arguments) for make in CHECKS]
    if arguments.json:
        print(json.dumps([{"name": c.name, "fine": c.fine, "says": c.says} for c in checks]))
    else:
        for check in checks:
            print(f"{'ok  ' if check.fine else 'LOOK'} {check.name}: {check.says}")
    return 0 if all(check.fine for check in checks) else 1


def _agent(arguments: argparse.Namespace) -> Check:
    try:
        answer = control.ask(arguments.socket, "status")
    except control.ControlError as error:
        return Check(name="agent", fine=False, says=str(error))
    return Check(name="agent", fine=True, says=f"runs, version {answer['version']}")


def _collector(arguments: argparse.Namespace) -> Check:
    try:
        answer = control.ask(arguments.socket, "status")
    except control.ControlError:
        return Check(name="collector", fine=False, says="not known: no agent answers")
    waiting = f"{answer['advice']} ({answer['pending']} waiting)"
    return Check(name="collector", fine=answer["trouble"] == "none", says=waiting)


def _coverage(arguments: argparse.Namespace) -> Check:
    try:
        answer = control.ask(arguments.socket, "status")
    except control.ControlError:
        return Check(name="coverage", fine=False, says="not known: no agent answers")
    lost = ", ".join(f"{what} ({gap})" for what, gap in answer["coverage"].items())
    return Check(name="coverage", fine=not lost, says=f"not watched: {lost}" if lost else "all")


def _policy(arguments: argparse.Namespace) -> Check:
    try:
        policy = config.load(arguments.config, arguments.state).policy
    except AgentError as error:
        return Check(name="policy", fine=False, says=str(error))
    says = f"{policy.name} version {policy.version}, mode {policy.mode}"
    return Check(name="policy", fine=policy.version > 0, says=says)


def _notice(arguments: argparse.Namespace) -> Check:
    try:
        loaded = config.load(arguments.config, arguments.state)
    except AgentError as error:
        return Check(name="staff notice", fine=False, says=str(error))
    if loaded.notice is None:
        return Check(name="staff notice", fine=False, says="none on record: nothing is enforced")
    fits = loaded.notice.policy_version == loaded.policy.version
    says = f"given on {loaded.notice.given_on} for version {loaded.notice.policy_version}"
    return Check(name="staff notice", fine=fits, says=says)


def _recipients(arguments: argparse.Namespace) -> Check:
    try:
        named = config.load(arguments.config, arguments.state).policy.recipients
    except AgentError as error:
        return Check(name="recipients", fine=False, says=str(error))
    proven = len({recipient.key for recipient in named if recipient.proven})
    return Check(name="recipients", fine=proven >= 2, says=f"{proven} proven; sealing needs two")


def _disk(arguments: argparse.Namespace) -> Check:
    place = arguments.state if arguments.state.exists() else Path("/")
    free = shutil.disk_usage(place).free
    return Check(name="disk", fine=free > LITTLE_ROOM, says=f"{free // 2**20} MiB free")


def _ocr(arguments: argparse.Namespace) -> Check:
    lacks = ", ".join(missing())
    says = f"not installed, scans stay unread; missing: {lacks}" if lacks else "installed"
    return Check(name="OCR", fine=True, says=says)


CHECKS: tuple[Callable[[argparse.Namespace], Check], ...] = (
    _agent,
    _collector,
    _coverage,
    _policy,
    _notice,
    _recipients,
    _disk,
    _ocr,
)


def _from_files(folder: Path, state: Path, why: str) -> Mapping[str, Any]:
    """What the files tell when no agent answers; raises AgentError if they may not be read."""
    loaded = config.load(folder, state)
    try:
        who = identity.enrolled(state)
    except PermissionError as error:
        raise AgentError(f"{why}, and {state} may be read by the agent's owner only") from error
    return {
        "version": __version__,
        "state": "stopped",
        "why": why,
        "policy": {"name": loaded.policy.name, "version": loaded.policy.version},
        "mode": loaded.policy.mode,
        "device": who.device if who else None,
        "notice": str(loaded.notice.given_on) if loaded.notice else None,
    }


def _show(
    answer: Mapping[str, Any], as_json: bool, lines: Callable[[Mapping[str, Any]], Iterator[str]]
) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, sort_keys=True))
        return
    for line in lines(answer):
        print(line, file=sys.stdout)


def _sentences(answer: Mapping[str, Any]) -> Iterator[str]:
    policy = answer["policy"]
    yield f"state      {answer['state']}"
    yield f"policy     {policy['name']} version {policy['version']}, mode {answer['mode']}"
    if answer["held"]:
        yield f"enforcing  no: {answer['held']}"
    yield f"device     {answer['device'] or 'not enrolled'}"
    yield f"collector  {answer['advice']}"
    yield f"waiting    {answer['pending']} events"
    for what, gap in answer["coverage"].items():
        yield f"not seen   {what}: {gap}"
    if answer.get("ocr") in OCR:
        yield f"scans      {OCR[answer['ocr']]}"
    for name, runs in answer["collectors"].items():
        if not runs:
            yield f"stopped    the collector {name}; it will be started again"


def _pairs(answer: Mapping[str, Any]) -> Iterator[str]:
    width = max(len(name) for name in answer)
    for name, value in answer.items():
        said = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        yield f"{name:<{width}}  {'-' if said is None else said}"

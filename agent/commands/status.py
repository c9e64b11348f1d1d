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

import msgspec

from agent import config, control, full_report
from agent.errors import AgentError, ConfigError
from agent.policy_told import told
from collectors.base import utc_now
from collectors.recognise.ocr import missing

LITTLE_ROOM = 100 * 1024 * 1024
"""Bytes of free disk below which the doctor warns."""


TRAY = {
    "panel": "runs in your session",
    "none": "no place on this desktop; messages are shown all the same",
}
"""What your own tray said of its icon; nothing where none of yours runs."""
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


def add_report(parser: argparse.ArgumentParser) -> None:
    """The options of ``report``."""
    add_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it signed, as evidence")


def report(arguments: argparse.Namespace) -> int:
    """``dossierwacht report``: everything IT may know, also when no agent runs."""
    if arguments.out is not None:
        return _evidence(arguments)
    try:
        answer: Mapping[str, Any] = control.ask(arguments.socket, "report")
    except control.ControlError as error:
        answer = _stopped(arguments, error)
    _show(answer, arguments.json, _pairs)
    return 0 if answer.get("state") == "fine" else 1


def _evidence(arguments: argparse.Namespace) -> int:
    """Write the report with the laptop's signature; the collector can check it."""
    try:
        data = json.dumps(control.ask(arguments.socket, "signed-report")).encode("ascii")
    except control.ControlError as error:
        loaded = config.load(arguments.config, arguments.state)
        given = full_report.signed(loaded, _stopped(arguments, error), utc_now())
        data = msgspec.json.encode(given)
    try:
        arguments.out.write_bytes(data + b"\n")
    except OSError as error:
        raise ConfigError(f"cannot write {arguments.out}: {error.strerror}") from error
    print(f"{arguments.out}: check it with `dossierwacht-collector verify`")
    return 0


def _stopped(arguments: argparse.Namespace, error: control.ControlError) -> Mapping[str, Any]:
    """What can be known of an agent that does not run; raises what another reason was."""
    if error.code != "offline":
        raise error
    loaded = config.load(arguments.config, arguments.state)
    return full_report.of_stopped(loaded, str(error), utc_now())


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
        loaded = config.load(arguments.config, arguments.state)
        policy = loaded.policy
    except AgentError as error:
        return Check(name="policy", fine=False, says=str(error))
    came = told(loaded, utc_now())
    says = f"{policy.name} version {policy.version}, mode {policy.mode}, {_came(came)}"
    fine = policy.version > 0 and not came.get("expired") and not came["damaged"]
    return Check(name="policy", fine=fine, says=says)


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
    says = f"{policy['name']} version {policy['version']}, mode {answer['mode']}"
    yield f"policy     {says}, {_came(policy)}"
    if answer["held"]:
        yield f"enforcing  no: {answer['held']}"
    yield f"device     {answer['device'] or 'not enrolled'}"
    yield f"collector  {answer['advice']}"
    yield f"waiting    {answer['pending']} events"
    if off := answer.get("clock_off_seconds"):
        way = "behind" if off > 0 else "ahead"
        yield f"clock      {abs(off) // 60} minutes {way}: set it right"
    for what, gap in answer["coverage"].items():
        yield f"not seen   {what}: {gap}"
    if answer.get("tray") in TRAY:
        yield f"tray       {TRAY[answer['tray']]}"
    if answer.get("ocr") in OCR:
        yield f"scans      {OCR[answer['ocr']]}"
    if answer.get("notice_unread"):
        yield "notice     you have not read it yet: dossierwacht open notice"
    for name, runs in answer["collectors"].items():
        if not runs:
            yield f"stopped    the collector {name}; it will be started again"


def _came(policy: Mapping[str, Any]) -> str:
    """How the policy came here, in a few words."""
    damaged = "; THE NEWEST ONE IS DAMAGED" if policy.get("damaged") else ""
    if not policy.get("signed"):
        return f"from a file on this laptop{damaged}"
    over = "; its time is over, a new one is due" if policy["expired"] else ""
    return f"signed by {', '.join(policy['people'])}{over}{damaged}"


def _pairs(answer: Mapping[str, Any]) -> Iterator[str]:
    width = max(len(name) for name in answer)
    for name, value in answer.items():
        said = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        yield f"{name:<{width}}  {'-' if said is None else said}"

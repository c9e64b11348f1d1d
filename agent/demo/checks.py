"""What the demonstration must show, each as a check that can fail.

The collector is looked at from outside: its database file is read with SQLite, not with its own
code, so a check does not trust what it checks.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import control, processes
from agent.demo.sample_home import Inventory
from agent.demo.signed_policy import SIGNERS, VERSION
from agent.demo.stage import Folders, wait_until
from agent.errors import AgentError


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one check found; ``fault`` is empty if all is well."""

    what: str
    fault: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the checks look at: the folders, what was written, and its digests before the agent."""

    folders: Folders
    socket: Path
    inventory: Inventory
    before: Mapping[str, str]


ARRIVES = 30.0
"""Seconds until an event is at the collector, also on a slow machine."""
Check = Callable[[Evidence], str]


def digests(home: Path, inventory: Inventory) -> dict[str, str]:
    """SHA-256 of each file of the inventory that is there, by its path."""
    found = {}
    for file in inventory.files:
        path = home / file.path
        if path.is_file():
            found[file.path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def settled(evidence: Evidence) -> bool:
    """Every pupil file is gone from the home and every event has its receipt."""
    if any((evidence.folders.home / file.path).exists() for file in evidence.inventory.pupil_files):
        return False
    try:
        answer = control.ask(evidence.socket, "report")
    except control.ControlError:
        return False
    return (answer["pending"], answer["open_attempts"]) == (0, 0)


def all_checks(evidence: Evidence) -> Iterator[Shown]:
    """Look at everything, in the order a person would."""
    for what, check in CHECKS.items():
        yield Shown(what=what, fault=check(evidence))


def _signed(evidence: Evidence) -> str:
    """The laptop goes by the policy that both people signed, and said so."""
    taken = [event["facts"] for event in _told(evidence, "policy-taken")]
    expected = {"policy-version": VERSION, "people": len(SIGNERS), "scope": "organisation"}
    return "" if taken == [expected] else f"policies it said it took up: {taken or 'none'}"


def _sealed(evidence: Evidence) -> str:
    home, pupil = evidence.folders.home, evidence.inventory.pupil_files
    left = [file.path for file in pupil if (home / file.path).exists()]
    sealed = len(_vault_ids(evidence))
    if left:
        return f"still in the home: {', '.join(left)}"
    return "" if sealed == len(pupil) else f"{sealed} sealed files for {len(pupil)} pupil files"


def _decoys(evidence: Evidence) -> str:
    now = digests(evidence.folders.home, evidence.inventory)
    changed = [
        f.path for f in evidence.inventory.decoys if now.get(f.path) != evidence.before[f.path]
    ]
    return f"touched: {', '.join(changed)}" if changed else ""


def _once(evidence: Evidence) -> str:
    """Each event exactly once: numbers without a gap, no id twice, one seal for each pupil file."""
    with _database(evidence) as database:
        rows = database.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
    events = [json.loads(body) for _, body in rows]
    if [seq for seq, _ in rows] != list(range(1, len(rows) + 1)):
        return "the numbers of the events have a gap or a repeat"
    if len({event["id"] for event in events}) != len(events):
        return "an event is there twice"
    done = [e for e in events if e["outcome"] and e["outcome"]["result"] == "done"]
    expected = len(evidence.inventory.pupil_files)
    return "" if len(done) == expected else f"{len(done)} sealings told of {expected}"


def _no_names(evidence: Evidence) -> str:
    """Neither the collector's database nor any file of it holds a planted name or number."""
    with _database(evidence) as database:
        dump = "\n".join(database.iterdump())
    found = [text for text in evidence.inventory.planted if text in dump]
    found += _planted_in(evidence.folders.collector, evidence.inventory.planted)
    return f"{len(found)} planted texts, such as '{found[0]}'" if found else ""


def _no_names_on_laptop(evidence: Evidence) -> str:
    """The agent's own folder holds none either: a thief of the laptop finds nothing there."""
    found = _planted_in(evidence.folders.agent, evidence.inventory.planted)
    return f"{len(found)} planted texts, such as '{found[0]}'" if found else ""


def _stage_empty(evidence: Evidence) -> str:
    top = evidence.folders.top
    left = [p for stage in top.rglob(".dossierwacht-stage") for p in stage.iterdir()]
    return f"{len(left)} files left in the stage" if left else ""


def _restored(evidence: Evidence) -> str:
    """With the officer's key every file comes back byte for byte."""
    (identity,) = evidence.folders.keys.glob("officer*")
    target = evidence.folders.top / "restored"
    target.mkdir(exist_ok=True)
    wanted = sorted(evidence.before[file.path] for file in evidence.inventory.pupil_files)
    got = []
    for number, sealed_id in enumerate(_vault_ids(evidence)):
        path = target / str(number)
        words = ["sealed", "restore", sealed_id, "--identity", str(identity), "--to", str(path)]
        try:
            processes.ask("agent", [*words, "--state", str(evidence.folders.agent)])
        except AgentError as error:
            return str(error)
        got.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return "" if sorted(got) == wanted else "the restored files are not the ones that were sealed"


def _given_back(evidence: Evidence) -> str:
    """Somebody asks for a file, the officer orders it back, and it lies where it lay."""
    sealed_id = _vault_ids(evidence)[0]
    keys, socket = evidence.folders.keys, ["--socket", str(evidence.socket)]
    try:
        processes.ask("agent", ["sealed", "ask", sealed_id, "--reason", "a demonstration", *socket])
        details, order = (evidence.folders.top / name for name in ("wanted.age", "order.json"))
        details.write_bytes(_wanted_back(evidence))
        words = ["order", "release", str(details), "--device", _device(evidence)]
        words += ["--identity", str(keys / "officer.agekey"), "--key", str(keys / "orders.pem")]
        order.write_text(processes.ask("agent", words), "utf-8")
        processes.ask("agent", ["order", "apply", str(order), *socket])
    except AgentError as error:
        return str(error)
    now = digests(evidence.folders.home, evidence.inventory)
    back = [f.path for f in evidence.inventory.pupil_files if f.path in now]
    whole = [path for path in back if now[path] == evidence.before[path]]
    return "" if len(whole) == len(back) == 1 else f"{len(back)} are back, {len(whole)} whole"


def _wanted_back(evidence: Evidence) -> bytes:
    """The sealed details of the request, as soon as they are at the collector."""

    def found() -> list[bytes]:
        return [base64.b64decode(one["sealed"]) for one in _told(evidence, "file-wanted-back")]

    wait_until(lambda: bool(found()), ARRIVES)
    if not found():
        raise AgentError("the request for a file did not arrive at the collector")
    return found()[0]


def _told(evidence: Evidence, kind: str) -> list[dict[str, Any]]:
    """The events of a kind that are at the collector."""
    with _database(evidence) as database:
        rows = database.execute("SELECT body FROM events WHERE kind = ?", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def _device(evidence: Evidence) -> str:
    with _database(evidence) as database:
        return str(database.execute("SELECT device FROM events").fetchone()[0])


CHECKS: Mapping[str, Check] = {
    "the laptop goes by a policy that two people signed": _signed,
    "every pupil file is sealed": _sealed,
    "every other file is untouched": _decoys,
    "each event is at the collector exactly once": _once,
    "the collector holds no name, number or file name": _no_names,
    "the agent's own folder holds none either": _no_names_on_laptop,
    "nothing is left half done": _stage_empty,
    "the officer's key gives every file back": _restored,
    "the officer gives one back from afar": _given_back,
}


def _vault_ids(evidence: Evidence) -> list[str]:
    said = processes.ask(
        "agent", ["sealed", "list", "--json", "--state", str(evidence.folders.agent)]
    )
    return [str(entry["id"]) for entry in json.loads(said)]


class _database:
    """The collector's database, opened for reading only."""

    def __init__(self, evidence: Evidence) -> None:
        self._path = evidence.folders.collector / "collector.db"

    def __enter__(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _planted_in(folder: Path, planted: tuple[str, ...]) -> list[str]:
    """The planted texts that stand in any file below a folder, in the encodings files use."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found += [t for t in planted if t.encode() in raw or t.encode("utf-16-le") in raw]
    return found

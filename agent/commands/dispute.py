"""``dossierwacht dispute report|list|export``: "this is wrong", and the way of it to the officer.

Whoever reports opens the file here, with their own rights, and hands it over open: the agent takes
nothing that they could not have read. What is kept is sealed, and leaves the laptop only in the
hands of IT: nothing fetches a file from afar.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from agent import control, dispute_shelf, disputing
from agent.dispute_shelf import PARTS, ShelfError
from agent.disputes import SEALED_ID
from agent.errors import AgentError, ConfigError
from agent.own import Wanted
from agent.printable import printable
from enforcement import vault

SHOWN = 9
"""Files that were put away lately and can be named by a number."""


def add_report(parser: argparse.ArgumentParser) -> None:
    """The options of ``dispute report``."""
    parser.add_argument(
        "path", nargs="?", metavar="PATH", help="a file, or the number of a sealed one"
    )
    parser.add_argument(
        "--says", choices=tuple(Wanted), help="what it is: pupil (a pupil file) or clean (none)"
    )
    parser.add_argument("--text", default="", help="why; - reads it")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def add_list(parser: argparse.ArgumentParser) -> None:
    """The options of ``dispute list``."""
    parser.add_argument("--json", action="store_true", help="for programs")


def add_export(parser: argparse.ArgumentParser) -> None:
    """The options of ``dispute export``."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that is new or empty")


def report(arguments: argparse.Namespace) -> int:
    """``dossierwacht dispute report``; prints the receipt number."""
    path = arguments.path or _asked_file(arguments.socket)
    says = arguments.says or _asked("Is it a pupil file (pupil) or none (clean)? ")
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    answer = _put(arguments.socket, path, says, text)
    if arguments.json:
        print(json.dumps(answer))
    else:
        said = f"the agent says '{answer['said']}', you say '{answer['wanted']}'"
        print(f"Thank you. Your number is {answer['receipt']}: {said}.")
        print("A sealed copy is kept for the privacy officer; nobody else can open it.")
    return 0


def listing(arguments: argparse.Namespace) -> int:
    """``dossierwacht dispute list``: 1 if a copy is damaged."""
    rows = kept(arguments.state)
    if arguments.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("no disputed file is kept here")
    else:
        print(f"{'ID':36}  {'KEPT AT':25}  {'BYTES':>9}  SAID -> WANTED")
        for row in rows:
            told = f"{row['said']} -> {row['wanted']}" if row["said"] else row["state"]
            print(f"{row['id']:36}  {row['sealed_at']:25}  {row['size']:9}  {told}")
    return int(any(row["state"] == vault.State.DAMAGED for row in rows))


def export(arguments: argparse.Namespace) -> int:
    """``dossierwacht dispute export``: copies all of it, still sealed, for IT to hand over."""
    rows = kept(arguments.state)
    folder, target = arguments.state / dispute_shelf.FOLDER, arguments.folder
    try:
        target.mkdir(mode=0o700, exist_ok=True)
        if any(target.iterdir()):
            raise ConfigError(f"{target} is not empty; name another folder")
        for row in rows:
            for part in (*PARTS, "words"):
                _copy(folder / f"{row['id']}.{part}", target / f"{row['id']}.{part}")
    except OSError as error:
        raise AgentError(f"cannot write in {target}: {error.strerror}") from error
    print(f"{len(rows)} sealed copies are in {target}")
    return 0


def kept(state: Path) -> list[dict[str, str | int]]:
    """Every copy that is kept, oldest first. Raises AgentError."""
    folder = state / dispute_shelf.FOLDER
    try:
        if not state.is_dir():
            raise ConfigError(f"{state} is no agent's state folder; name it with --state")
        return [_row(folder, one) for one in vault.records(folder)]
    except PermissionError as error:
        raise AgentError(f"not allowed at {folder}; run this as root") from error
    except OSError as error:
        raise AgentError(f"{folder}: {error.strerror}") from error


def _row(folder: Path, one: vault.Record) -> dict[str, str | int]:
    row: dict[str, str | int] = {
        "id": one.id,
        "state": one.state,
        "sealed_at": one.sealed_at,
        "size": one.size,
        "said": "",
        "wanted": "",
        "class": "",
        "detector": 0,
    }
    try:
        words = dispute_shelf.read_words(folder, one.id)
    except ShelfError:
        return row | {"state": vault.State.DAMAGED}
    told = {"said": words.said, "wanted": words.wanted, "class": words.file_class}
    return row | told | {"detector": words.detector}


def _put(socket: Path, path: str, says: str, text: str) -> dict[str, str]:
    """Ask the agent, with the file open in hand unless it is a sealed one."""
    if SEALED_ID.fullmatch(path) and not os.path.lexists(path):
        return disputing.of_sealed(socket, path, says, text)
    real = os.path.abspath(path)
    try:
        return disputing.of_file(socket, real, says, text)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {printable(real)}") from error
    except OSError as error:
        raise AgentError(f"you cannot open {printable(real)}: {error.strerror}") from error


def _copy(source: Path, target: Path) -> None:
    """A damaged copy may lack a part; the officer gets what there is."""
    try:
        data = source.read_bytes()
    except FileNotFoundError:
        return
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _asked_file(socket: Path) -> str:
    """A path, or one of the files that were put away lately, which are only known by their time."""
    sealed = put_away(socket) if sys.stdin.isatty() else []
    for number, message in enumerate(sealed, 1):
        print(f"{number}  what was put away at {message['at'][:16]} (UTC)", file=sys.stderr)
    given = _asked("Which file? Its path, or a number from above: ")
    if given.isdecimal() and 1 <= int(given) <= len(sealed):
        return str(sealed[int(given) - 1]["id"])
    return given


def put_away(socket: Path) -> list[dict[str, str]]:
    """The messages of files that were put away lately, oldest first. Raises ControlError."""
    messages = control.ask(socket, "status")["messages"]
    done = ("seal-file", "done")
    return [one for one in messages if (one["action"], one["result"]) == done][-SHOWN:]


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise ConfigError("give PATH and --says; there is no terminal to ask on")
    return input(question).strip()

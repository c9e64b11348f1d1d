"""The manual page and the shell completion of a command: manual.py agent|collector VERSION FOLDER

Both are made of the command line's own parsers when a package is built, so they cannot be behind
them. FOLDER is the package's ``usr/share``. The page carries the date of SOURCE_DATE_EPOCH.
"""

import argparse
import gzip
import importlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

TITLE = "Dossierwacht"
COMMANDS = {
    "agent": (
        "dossierwacht",
        "agent.cli",
        "keeps pupil and client files from wandering about on laptops",
    ),
    "collector": (
        "dossierwacht-collector",
        "server_stub.terminal.cli",
        "receives what laptops report, and keeps the breach register",
    ),
}
PLACES = {"bash": "bash-completion/completions/{}", "zsh": "zsh/vendor-completions/_{}"}


def main(which: str, version: str, folder: Path) -> int:
    """Write the three files."""
    os.environ["COLUMNS"] = "80"  # argparse goes by the terminal of whoever builds
    name, module, what = COMMANDS[which]
    parser = importlib.import_module(module).build_parser()
    page = Manpage(parser)
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()), UTC)
    page.date = f"{made:%Y-%m-%d}"  # of itself it would go by the time zone of whoever builds
    page.description, page.manual, page.source = what, TITLE, f"{name} {version}"
    _write(folder / f"man/man1/{name}.1.gz", gzip.compress(str(page).encode(), 9, mtime=0))
    for one in _actions(parser):
        if one.type is Path:
            one.complete = shtab.FILE  # type: ignore[attr-defined]
    for shell, place in PLACES.items():
        _write(folder / place.format(name), shtab.complete(parser, shell).encode())
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of every command."""
    for one in parser._actions:
        yield one
        if isinstance(one, argparse._SubParsersAction):
            for nested in one.choices.values():
                yield from _actions(nested)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))

"""The manual page and the shell completion of ``dossierwacht``: manual.py VERSION FOLDER

Both are made of the command line's own parsers when a package is built, so they cannot be behind
them. FOLDER is the package's ``usr/share``. The page carries the date of SOURCE_DATE_EPOCH.
"""

import argparse
import gzip
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from agent.cli import build_parser

WHAT = "keeps pupil and client files from wandering about on laptops"
TITLE = "Dossierwacht"
NAME = "dossierwacht"
PLACES = {
    "bash": f"bash-completion/completions/{NAME}",
    "zsh": f"zsh/vendor-completions/_{NAME}",
}


def main(version: str, folder: Path) -> int:
    """Write the three files."""
    os.environ["COLUMNS"] = "80"  # argparse goes by the terminal of whoever builds
    parser = build_parser()
    page = Manpage(parser)
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()), UTC)
    page.date = f"{made:%Y-%m-%d}"  # of itself it would go by the time zone of whoever builds
    page.description, page.manual, page.source = WHAT, TITLE, f"{NAME} {version}"
    _write(folder / f"man/man1/{NAME}.1.gz", gzip.compress(str(page).encode(), 9, mtime=0))
    for one in _actions(parser):
        if one.type is Path:
            one.complete = shtab.FILE  # type: ignore[attr-defined]
    for shell, place in PLACES.items():
        _write(folder / place, shtab.complete(parser, shell).encode())
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
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))

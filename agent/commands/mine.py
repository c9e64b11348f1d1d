"""``dossierwacht mine``: what is recorded about whoever asks, on a terminal.

The same as the page ``dossierwacht open mine``: the agent gives what it has of the caller, and the
names are opened here with the caller's own key.
"""

import argparse
import os
from collections.abc import Iterator

from agent import person
from agent.own_record import Entry, exported, whole
from agent.own_sentences import Sentences
from agent.texts import language_of, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht mine``."""
    parser.add_argument("--json", action="store_true", help="everything, as one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Print everything that is recorded about the caller, newest first."""
    place = person.folder()
    found = whole(arguments.socket, place)
    if arguments.json:
        print(exported(found))
        return 0
    known = person.known(arguments.socket, place)
    language = language_of(os.environ) or known.language or "en"
    mine = [one for one in found.entries if one.mine]
    for entry in mine:
        print("\n".join(_lines(entry, language)), end="\n\n")
    if not mine:
        print(say(language, "own-none"))
    if found.key_fault:
        print(say(language, "own-key-fault"), found.key_fault)
    others = len(found.entries) - len(mine)
    print(say(language, "own-laptops", count=others))
    return 0


def _lines(entry: Entry, language: str) -> Iterator[str]:
    said = Sentences(entry, language)
    yield f"{said.when}  {said.what}"
    for name, value in said.names:
        yield f"  {name}: {value}"
    if said.missing:
        yield f"  {said.missing}"
    for line in (*said.done, said.rule, said.source, said.stands):
        if line:
            yield f"  {line}"
    for name, value in said.facts:
        yield f"    {name}: {value}"
